import { type AnswerRules, answerTap, asObject, type Fields, isWholeObject, type Tap, type Usage, usageText } from '@llm-proxy-auth/plugin';
import { errorPayload } from './error.ts';
import { readErrorObject } from './read-error.ts';
import { readUsage } from './usage.ts';

const parse = (text: string): Fields | undefined => {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
};
const usageIn = (text: string): Usage | undefined => {
  const json = usageText(text);
  return json === undefined ? undefined : readUsage(parse(json));
};
const modelIn = (text: string): string | undefined => /"model":\s?"([^"\\]*)"/.exec(text)?.[1];
const ERROR = /^\s*\{\s*"(?:type":\s*"error"|error":)/;
const RULES: AnswerRules = Object.freeze({
  whole(bytes: Buffer) {
    const text = bytes.toString('utf8');
    if (!isWholeObject(text)) return { complete: false };
    if (!ERROR.test(text)) return { complete: true, usage: usageIn(text), model: modelIn(text) };
    const body = parse(text);
    return body === undefined ? { complete: false } : { complete: false, error: readErrorObject(body) };
  },
  /** A body too large to keep: its end must close an object; usage and model are looked for there. */
  tail(bytes: Buffer) {
    const text = bytes.toString('utf8');
    return { complete: text.trimEnd().endsWith('}'), usage: usageIn(text), model: modelIn(text) };
  },
  fail: errorPayload,
});
/** Watches a JSON answer for usage and model. */
export const jsonTap = (): Tap => answerTap(RULES);
