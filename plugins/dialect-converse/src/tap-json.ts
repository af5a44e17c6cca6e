import { type AnswerRules, answerTap, asObject, type Fields, isObject, parseJson, some, type Tap, usageText } from '@llm-proxy-auth/plugin';
import { routedModel } from './reply/read.ts';
import { readUsage } from './reply/usage.ts';
import { exceptionFrame } from './stream/frames.ts';

const parse = (text: string): Fields | undefined => {
  try {
    return asObject(parseJson(text));
  } catch {
    return undefined;
  }
};
/** The usage object at the end of an answer whose beginning was not kept. */
const usageAt = (text: string): Fields | undefined => {
  const json = usageText(text);
  return json === undefined ? undefined : parse(json);
};
const RULES: AnswerRules = Object.freeze({
  whole(bytes: Buffer) {
    const body = parse(bytes.toString('utf8'));
    if (body === undefined) return { complete: false };
    return { complete: true, usage: readUsage(isObject(body.usage) ? body.usage : undefined), ...some('model', routedModel(body.trace)) };
  },
  tail(bytes: Buffer) {
    const text = bytes.toString('utf8');
    return { complete: text.trimEnd().endsWith('}'), usage: readUsage(usageAt(text)) };
  },
  fail: exceptionFrame,
});
/** Watches a JSON answer for usage and model; fails on nothing. */
export const jsonTap = (): Tap => answerTap(RULES);
