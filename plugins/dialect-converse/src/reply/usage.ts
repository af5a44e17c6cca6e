import { asNumber, asObject, type Fields, isObject, type Json, type Ledger, parseJson, stringifyJson, type Usage } from '@llm-proxy-auth/plugin';
import { CONVERSE } from '../wire.ts';

const count = (v: Json): number => {
  const n = asNumber(v);
  return n !== undefined && Number.isSafeInteger(n) && n > 0 ? n : 0;
};
/**
 * `inputTokens` leaves out what was read from or written to the cache. The wire repeats both cache counts under names that end in
 * `TokenCount`, which are no further tokens.
 */
export const readUsage = (wire: Json): Usage | undefined => {
  if (!isObject(wire)) return undefined;
  const cacheRead = count(wire.cacheReadInputTokens ?? wire.cacheReadInputTokenCount);
  const cacheWrite = count(wire.cacheWriteInputTokens ?? wire.cacheWriteInputTokenCount);
  return {
    input: count(wire.inputTokens) + cacheRead + cacheWrite,
    output: count(wire.outputTokens),
    cacheRead,
    cacheWrite,
    reasoning: 0,
    estimated: false,
    raw: { json: stringifyJson(wire), dialect: CONVERSE },
  };
};
/** Usage of an answer that carried none. */
export const NO_USAGE: Usage = Object.freeze({ input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: true });
/** The provider's own object where it was one, else ours. Notes what it cannot say. */
export const writeUsage = (u: Usage, ledger: Ledger): Fields => {
  const raw = u.raw?.dialect === CONVERSE ? asObject(parseJson(u.raw.json)) : undefined;
  if (raw !== undefined) return raw;
  if (u.estimated) ledger.note('ignored', 'usage.estimated', 'usage is written as if it had been counted');
  if (u.reasoning > 0) ledger.note('ignored', 'usage.reasoning', 'tokens of reasoning are counted with the others here');
  if (u.audioIn !== undefined || u.audioOut !== undefined) ledger.note('ignored', 'usage.audio', 'tokens of sound are counted with the others here');
  if (u.imageIn !== undefined || u.imageOut !== undefined) ledger.note('ignored', 'usage.image', 'tokens of images are counted with the others here');
  return {
    inputTokens: u.input - u.cacheRead - u.cacheWrite,
    outputTokens: u.output,
    totalTokens: u.input + u.output,
    cacheReadInputTokens: u.cacheRead,
    cacheWriteInputTokens: u.cacheWrite,
  };
};
