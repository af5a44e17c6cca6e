import { asList, asObject, asText, type Call, type Fields, type Json, loseBeyond, lostTo } from '@llm-proxy-auth/plugin';
import type { Memo } from './memo.ts';

const WHY = 'only the provider’s own clients have a place for it';
const NONE: ReadonlySet<string> = new Set();
const USUAL: ReadonlySet<string> = new Set(['standard', 'global', 'not_available']);
const counts = (value: Json): boolean => Object.values(asObject(value) ?? {}).some((n) => typeof n === 'number' && n > 0);
const isTold = (value: Json): boolean => asText(value) !== undefined && !USUAL.has(asText(value) ?? '');

/** Notes for a client of another dialect what an answer, or an event of it, says round its content beyond the conversation. */
export const noteBeyond = (rest: Fields | undefined, { foreign }: Memo, { ledger }: Pick<Call, 'ledger'>): void => {
  if (foreign === true) loseBeyond(rest, NONE, lostTo(ledger));
};
/** The same of its usage: what was counted beside tokens, and how the tokens come apart. */
export const noteUsage = (wire: Json, { foreign }: Memo, { ledger }: Pick<Call, 'ledger'>): void => {
  const usage = asObject(wire);
  if (foreign !== true || usage === undefined) return;
  const note = (name: string): void => ledger.note('ignored', `usage.${name}`, WHY);
  for (const name of ['server_tool_use', 'cache_creation']) if (counts(usage[name])) note(name);
  for (const name of ['speed', 'inference_geo']) if (isTold(usage[name])) note(name);
  if (asList(usage.iterations).length > 1) note('iterations');
};
