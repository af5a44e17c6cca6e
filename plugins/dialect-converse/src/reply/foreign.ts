import { asList, asObject, asText, type Call, type Fields, isObject, type Json, unknownFields } from '@llm-proxy-auth/plugin';
import type { Memo } from '../request/foreign-tools.ts';
import { isEmpty } from '../wire.ts';

const WHY = 'only the provider’s own clients have a place for it';
/** Time that the vendor took says nothing of an answer; a prompt router's trace is read for the model. */
const QUIET: readonly string[] = ['output', 'stopReason', 'usage', 'serviceTier', 'additionalModelResponseFields', 'trace', 'metrics', 'role', 'p'];
const holds = (value: Json): boolean =>
  value !== undefined && value !== null && (isObject(value) ? !isEmpty(value) : !Array.isArray(value) || value.length > 0);

/** Notes for a client of another dialect what an answer, or an event of its end, says beyond the conversation. */
export const noteBeyond = (o: Fields, memo: Memo | undefined, { ledger }: Pick<Call, 'ledger'>): void => {
  if (memo?.foreign !== true) return;
  const trace = unknownFields(asObject(o.trace) ?? {}, ['promptRouter']);
  const additional = unknownFields(asObject(o.additionalModelResponseFields) ?? {}, ['stop_sequence', 'delta']);
  const beyond = { ...unknownFields(o, QUIET), trace, additionalModelResponseFields: additional };
  for (const [name, value] of Object.entries(beyond)) if (holds(value)) ledger.note('ignored', `rest.fields.${name}`, WHY);
  const usage = asObject(o.usage) ?? {};
  if (asList(usage.cacheDetails).length > 0) ledger.note('ignored', 'usage.cacheDetails', 'how long it is cached has no place in the counts');
  if (holds(usage.serverToolUsage)) ledger.note('ignored', 'usage.serverToolUsage', WHY);
};
/** The tier that was used, in words that other dialects have. */
export const tierOf = (serviceTier: Json, memo: Memo | undefined, { ledger }: Pick<Call, 'ledger'>): string | undefined => {
  const tier = asText(asObject(serviceTier)?.type);
  if (tier !== 'reserved' || memo?.foreign !== true) return tier;
  ledger.note('emulated', 'tier', 'another word stands for reserved');
  return 'priority';
};
