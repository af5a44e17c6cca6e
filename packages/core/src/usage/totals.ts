import { lastOf } from '../last-of.ts';

/** What one principal had of one model at one instance in one hour. */
export interface Totals {
  readonly requests: number;
  /** Requests that failed, refused ones included. */
  readonly errors: number;
  /** Calls whose gateway died before they ended; what they used is not known. */
  readonly interrupted: number;
  readonly input: number;
  readonly output: number;
  readonly cached: number;
  readonly cacheWrite: number;
  readonly reasoning: number;
  /** USD. */
  readonly cost: number;
  /** Requests whose tokens are an estimate. */
  readonly estimated: number;
}
export interface Bucket extends Totals {
  /** `2026-11-25T23`, UTC. */
  readonly hour: string;
  readonly principal: string;
  /** Empty where none was reached or the provider knew none of that name. */
  readonly model: string;
  readonly instance: string;
}
export const NOTHING: Totals = Object.freeze({
  requests: 0,
  errors: 0,
  interrupted: 0,
  input: 0,
  output: 0,
  cached: 0,
  cacheWrite: 0,
  reasoning: 0,
  cost: 0,
  estimated: 0,
});
/** Sums of dollars stay free of the dust of binary fractions; a billionth of a dollar is kept. */
const dollars = (sum: number): number => Math.round(sum * 1e9) / 1e9;
export type Sums = { -readonly [K in keyof Totals]: Totals[K] };
/** Adds to a sum that somebody keeps. */
export const increase = (sums: Sums, more: Totals): void => {
  sums.requests += more.requests;
  sums.errors += more.errors;
  sums.interrupted += more.interrupted;
  sums.input += more.input;
  sums.output += more.output;
  sums.cached += more.cached;
  sums.cacheWrite += more.cacheWrite;
  sums.reasoning += more.reasoning;
  sums.cost = dollars(sums.cost + more.cost);
  sums.estimated += more.estimated;
};

/** Nothing that a provider reports, or that stands in a row, makes a total smaller. */
export const amount = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const HOUR_MS = 3_600_000;
const hourText = lastOf((number: number): string => new Date(number * HOUR_MS).toISOString().slice(0, 13));
/** Of epoch ms. Most calls are of the same hour. */
export const hourOf = (at: number): string => hourText(Math.floor(at / HOUR_MS));
/** What a settled call adds; undefined for every other record. Names of models that nobody has would be rows without end. */
export const bucketOf = (record: Readonly<Record<string, unknown>>): Bucket | undefined => {
  if (record.kind !== 'settle' && record.kind !== 'call') return undefined;
  const status = amount(record.status);
  const failed = status >= 400 || record.stream === 'truncated' || record.stream === 'failed';
  const known = status < 400 || status === 429 || status >= 499;
  return {
    hour: hourOf(amount(record.at)),
    principal: text(record.principal),
    model: known && record.instance !== undefined ? text(record.upstreamModel) || text(record.model) : '',
    instance: text(record.instance),
    requests: 1,
    errors: failed ? 1 : 0,
    interrupted: 0,
    input: amount(record.input),
    output: amount(record.output),
    cached: amount(record.cached),
    cacheWrite: amount(record.cacheWrite),
    reasoning: amount(record.reasoning),
    cost: amount(record.cost),
    estimated: record.estimated === true ? 1 : 0,
  };
};
