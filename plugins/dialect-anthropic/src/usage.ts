import {
  asList,
  asNumber,
  asObject,
  asText,
  type Building,
  type Fields,
  isObject,
  type Json,
  parseJson,
  stringifyJson,
  type Usage,
} from '@llm-proxy-auth/plugin';
import { ANTHROPIC } from './wire.ts';

const count = (v: Json): number => {
  const n = asNumber(v);
  return n !== undefined && Number.isSafeInteger(n) && n > 0 ? n : 0;
};
/** What one model call of several took; with a fallback the top-level numbers count everything already. */
const BILLED: ReadonlySet<string> = new Set(['compaction', 'message']);
/** Where a call was several, the top-level numbers leave those of compactions out: their sum is in the iterations. */
const billed = (wire: Fields): readonly Fields[] => {
  const iterations = asList(wire.iterations).map((one) => asObject(one) ?? {});
  const isSummed = iterations.some(({ type }) => type === 'compaction') && !iterations.some(({ type }) => type === 'fallback_message');
  return isSummed ? iterations.filter(({ type }) => BILLED.has(asText(type) ?? '')) : [wire];
};
const sum = (list: readonly Fields[], name: string): number => list.reduce((total, one) => total + count(one[name]), 0);

/** Reads a usage object. On the wire `input_tokens` leaves cached tokens out, in the conversation it does not. */
export const readUsage = (wire: Json): Usage | undefined => {
  if (!isObject(wire)) return undefined;
  const calls = billed(wire);
  const cacheRead = sum(calls, 'cache_read_input_tokens');
  const cacheWrite = sum(calls, 'cache_creation_input_tokens');
  const output = sum(calls, 'output_tokens');
  return {
    input: sum(calls, 'input_tokens') + cacheRead + cacheWrite,
    output,
    cacheRead,
    cacheWrite,
    reasoning: Math.min(count(asObject(wire.output_tokens_details)?.thinking_tokens), output),
    estimated: false,
    raw: { json: stringifyJson(wire), dialect: ANTHROPIC },
  };
};
/** Usage of an answer that carried none. */
export const noUsage: Usage = Object.freeze({ input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: true });
/** Usage of a stream comes in pieces: each says how much it is by now, and null where it says nothing. */
export const mergeUsage = (so: Fields | undefined, more: Json): Fields | undefined => {
  if (!isObject(more)) return so;
  const told = Object.entries(more).filter(([key, value]) => value !== null || so === undefined || !Object.hasOwn(so, key));
  return { ...so, ...Object.fromEntries(told) };
};

/** The vendor's own object where it was one; else all members that its clients are typed to find. */
export const writeUsage = (usage: Usage, tier: string | undefined): Fields => {
  const raw = usage.raw?.dialect === ANTHROPIC ? asObject(parseJson(usage.raw.json)) : undefined;
  if (raw !== undefined) return raw;
  const wire: Building = {
    input_tokens: Math.max(0, usage.input - usage.cacheRead - usage.cacheWrite),
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
    cache_creation: null,
    output_tokens: usage.output,
    output_tokens_details: usage.reasoning > 0 ? { thinking_tokens: usage.reasoning } : null,
    server_tool_use: null,
    service_tier: tier ?? null,
    speed: null,
    inference_geo: null,
  };
  return wire;
};
