import { type AnswerRules, answerTap, asObject, type Fields, isObject, parseJson, some, type Tap } from '@llm-proxy-auth/plugin';
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
  const at = text.lastIndexOf('"usage":');
  const open = at < 0 ? -1 : text.indexOf('{', at);
  for (let close = text.indexOf('}', open); open >= 0 && close >= 0; close = text.indexOf('}', close + 1)) {
    const found = parse(text.slice(open, close + 1));
    if (found !== undefined) return found;
  }
  return undefined;
};
const RULES: AnswerRules = Object.freeze({
  whole(text: string) {
    const body = parse(text);
    if (body === undefined) return { complete: false };
    return { complete: true, usage: readUsage(isObject(body.usage) ? body.usage : undefined), ...some('model', routedModel(body.trace)) };
  },
  tail: (text: string) => ({ complete: text.trimEnd().endsWith('}'), usage: readUsage(usageAt(text)) }),
  fail: exceptionFrame,
});
/** Watches a JSON answer for usage and model; fails on nothing. */
export const jsonTap = (): Tap => answerTap(RULES);
