import { epochText, memberOf, quoted } from '../json-text.ts';

/**
 * The line of one request. Every field is a number, comes from a closed set or the configuration, or names the caller whom
 * authentication accepted: nothing else that a client or provider wrote stands in it, so that it needs no scrubber.
 */
export interface AccessFields {
  /** Epoch ms. */
  readonly time: number;
  /** Request id. */
  readonly request: string;
  readonly method: string;
  /** Route pattern. */
  readonly route: string;
  readonly status: number;
  /** Our error code; empty = none. */
  readonly code?: string | undefined;
  readonly mode?: string | undefined;
  readonly dialect?: string | undefined;
  readonly operation?: string | undefined;
  readonly instance?: string | undefined;
  readonly principal?: string | undefined;
  readonly attempts?: number | undefined;
  /** How a stream ended; `none` = it was no stream. */
  readonly stream?: string | undefined;
  readonly durationMs?: number | undefined;
  readonly firstByteMs?: number | undefined;
  readonly overheadMs?: number | undefined;
  readonly bytesIn?: number | undefined;
  readonly bytesOut?: number | undefined;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly cachedTokens?: number | undefined;
  /** US dollars, to the nano-dollar. */
  readonly costUsd?: number | undefined;
  /** What could not be carried over, in the request and in the answer: kinds and fields of the closed set, `ignored=logit_bias`. */
  readonly fidelity?: string | undefined;
}

/** At most two decimals; made of small integers, since text of a double costs ten times as much. */
export const hundredths = (value: number): string => {
  const all = Math.round(value * 100);
  if (!(all >= 0 && all < 1_000_000_000)) return Number.isFinite(value) ? String(all / 100) : 'null';
  const part = all % 100;
  const whole = (all - part) / 100;
  return part === 0 ? `${whole}` : part % 10 === 0 ? `${whole}.${part / 10}` : part < 10 ? `${whole}.0${part}` : `${whole}.${part}`;
};
/** A decimal without an exponent. */
const dollars = (value: number): string => value.toFixed(9).replace(/\.?0+$/, '');
const number = (value: number): string => (Number.isInteger(value) ? `${value}` : hundredths(value));

const method = memberOf('method');
const route = memberOf('route');
const code = memberOf('code');
const mode = memberOf('mode');
const dialect = memberOf('dialect');
const operation = memberOf('operation');
const instance = memberOf('instance');
const principal = memberOf('principal');
const stream = memberOf('stream');
const fidelity = memberOf('fidelity');
/** Members that follow one another and are mostly those of the line before: as long as they are, their text is used again. */
const placeOf = (f: Partial<AccessFields>) => ({
  method: f.method,
  route: f.route,
  status: f.status,
  code: f.code,
  mode: f.mode,
  dialect: f.dialect,
  operation: f.operation,
  instance: f.instance,
  text: `${method(f.method)}${route(f.route)},"status":${number(f.status ?? 0)}${f.code === '' ? '' : code(f.code)}${mode(f.mode)}${dialect(f.dialect)}${operation(f.operation)}${instance(f.instance)}`,
});
let place = placeOf({});
const placeText = (f: AccessFields): string => {
  if (
    f.method !== place.method ||
    f.route !== place.route ||
    f.status !== place.status ||
    f.code !== place.code ||
    f.mode !== place.mode ||
    f.dialect !== place.dialect ||
    f.operation !== place.operation ||
    f.instance !== place.instance
  )
    place = placeOf(f);
  return place.text;
};
/** One JSON object and a line end. */
export const accessLine = (f: AccessFields): string => {
  let line = `{"level":"info","time":${Number.isInteger(f.time) ? epochText(f.time) : hundredths(f.time)},"msg":"request","request":${quoted(f.request)}${placeText(f)}${principal(f.principal)}`;
  if (f.attempts !== undefined) line += `,"attempts":${number(f.attempts)}`;
  if (f.stream !== 'none') line += stream(f.stream);
  if (f.durationMs !== undefined) line += `,"durationMs":${number(f.durationMs)}`;
  if (f.firstByteMs !== undefined) line += `,"firstByteMs":${number(f.firstByteMs)}`;
  if (f.overheadMs !== undefined) line += `,"overheadMs":${number(f.overheadMs)}`;
  if (f.bytesIn !== undefined) line += `,"bytesIn":${number(f.bytesIn)}`;
  if (f.bytesOut !== undefined) line += `,"bytesOut":${number(f.bytesOut)}`;
  if (f.inputTokens !== undefined) line += `,"inputTokens":${number(f.inputTokens)}`;
  if (f.outputTokens !== undefined) line += `,"outputTokens":${number(f.outputTokens)}`;
  if (f.cachedTokens !== undefined) line += `,"cachedTokens":${number(f.cachedTokens)}`;
  if (f.costUsd !== undefined) line += `,"costUsd":${dollars(f.costUsd)}`;
  return `${line}${fidelity(f.fidelity)}}\n`;
};
