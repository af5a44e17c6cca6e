import { type AnswerRules, answerTap, asObject, asText, type Fields, isWholeObject, type Tap, type Usage, usageText } from '@llm-proxy-auth/plugin';
import { errorEvent } from './error.ts';
import { readErrorMember } from './read-error.ts';
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
  return json === undefined ? undefined : readUsage(parse(json), json);
};
const modelIn = (text: string): string | undefined => /"model":\s?"([^"\\]*)"/.exec(text)?.[1];
/** A pattern with alternatives in it is found several times faster than the same word by a search for it. */
const MAY_FAIL = /"error"\s*:\s*[^n\s]/;
const RULES: AnswerRules = Object.freeze({
  whole(text: string) {
    if (!isWholeObject(text)) return { complete: false };
    // Only what is looked at is parsed; an answer that may be an error is parsed whole.
    if (!MAY_FAIL.test(text)) return { complete: true, usage: usageIn(text), model: modelIn(text) };
    const body = parse(text);
    if (body === undefined) return { complete: false };
    const error = body.error === undefined || body.error === null ? undefined : readErrorMember(body.error);
    return { complete: error === undefined, usage: usageIn(text), error, model: asText(body.model), id: undefined };
  },
  /** A body too large to keep: its end must close an object; usage and model are looked for there. */
  tail: (text: string) => ({ complete: text.trimEnd().endsWith('}'), usage: usageIn(text), model: modelIn(text) }),
  fail: errorEvent,
});
/** Watches a JSON answer for usage and model; fails on nothing. */
export const jsonTap = (): Tap => answerTap(RULES);
