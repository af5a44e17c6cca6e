import { GatewayError } from '../error.ts';

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);
/** A date or time of ISO 8601; a date is its first moment in UTC, a time names its zone. */
const ISO = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,3})?)?(?:Z|[+-][0-9]{2}:[0-9]{2}))?$/;

/** `90d` in ms; undefined when it is no duration. */
export const durationOf = (text: string): number | undefined => {
  const [, amount, unit = ''] = /^([0-9]{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * (UNITS.get(unit) ?? 1);
};
/** Epoch ms of a duration from now or of an ISO date. Throws `invalid_request`. */
export const momentOf = (text: string, now: number, param: string): number => {
  const duration = durationOf(text);
  const moment = duration === undefined ? (ISO.test(text) ? Date.parse(text) : Number.NaN) : now + duration;
  if (!Number.isSafeInteger(moment))
    throw new GatewayError('invalid_request', `${param} must be a duration such as 90d or a date such as 2027-01-31.`, { param });
  return moment;
};
/** Throws `invalid_request` for a moment that has passed. */
export const futureOf = (text: string, now: number, param: string): number => {
  const moment = momentOf(text, now, param);
  if (moment <= now) throw new GatewayError('invalid_request', `${param} must lie in the future.`, { param });
  return moment;
};
const LONGEST_GRACE = 7 * 86_400_000;
/** How long what was rotated stays valid, ms. Throws `invalid_request` beyond 7 days. */
export const graceOf = (text: string): number => {
  const grace = durationOf(text);
  if (grace === undefined || grace > LONGEST_GRACE) throw new GatewayError('invalid_request', 'grace must be a duration of at most 7d.', { param: 'grace' });
  return grace;
};
export const isoOf = (moment: number): string => new Date(moment).toISOString();
