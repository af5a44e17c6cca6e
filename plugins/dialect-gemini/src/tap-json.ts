import { type AnswerRules, answerTap, asObject, type Fields, isWholeObject, objectBehind, type Tap, type Usage } from '@llm-proxy-auth/plugin';
import { errorIn } from './candidates.ts';
import { errorBody } from './error.ts';
import { readErrorObject } from './read-error.ts';
import { readUsage } from './usage.ts';

const parse = (text: string): Fields | undefined => {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
};
const NAME = '"usageMetadata":';
const usageIn = (text: string): Usage | undefined => {
  const json = objectBehind(text, text.lastIndexOf(NAME));
  return json === undefined ? undefined : readUsage(parse(json));
};
const modelIn = (text: string): string | undefined => /"modelVersion":\s?"([^"\\]*)"/.exec(text)?.[1];
const ERROR = /^\s*\{\s*"error"\s*:/;
const RULES: AnswerRules = Object.freeze({
  whole(bytes: Buffer) {
    const text = bytes.toString('utf8');
    if (!isWholeObject(text)) return { complete: false };
    const body = ERROR.test(text) ? parse(text) : undefined;
    if (errorIn(body) !== undefined) return { complete: false, error: readErrorObject(body) };
    return { complete: true, usage: usageIn(text), model: modelIn(text) };
  },
  /** A body too large to keep: its end must close an object; usage and model are looked for there. */
  tail(bytes: Buffer) {
    const text = bytes.toString('utf8');
    return { complete: text.trimEnd().endsWith('}'), usage: usageIn(text), model: modelIn(text) };
  },
  fail: errorBody,
});
/** Watches a JSON answer for usage and model. */
export const jsonTap = (): Tap => answerTap(RULES);
