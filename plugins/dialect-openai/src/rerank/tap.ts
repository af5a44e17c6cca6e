import { type AnswerRules, answerTap, asObject, asText, type Fields, type Tap } from '@llm-proxy-auth/plugin';
import { errorEvent } from '../error.ts';
import { readErrorMember } from '../read-error.ts';
import { usageOf } from './usage.ts';

const parse = (text: string): Fields | undefined => {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
};
const RULES: AnswerRules = Object.freeze({
  whole(bytes: Buffer) {
    const body = parse(bytes.toString('utf8'));
    if (body === undefined) return { complete: false };
    const error = body.error === undefined || body.error === null ? undefined : readErrorMember(body.error);
    const usage = usageOf(body);
    return { complete: error === undefined, usage: usage.estimated ? undefined : usage, error, model: asText(body.model) };
  },
  /** Documents that are repeated may hold members called `usage` or `model`, which are the client's: nothing is looked for. */
  tail: (bytes: Buffer) => ({ complete: bytes.toString('utf8').trimEnd().endsWith('}') }),
  fail: errorEvent,
});
/** Watches an answer of documents in their order for what it cost. */
export const rerankTap = (): Tap => answerTap(RULES);
