import type { LimitSettings } from '../config/schema/policies.ts';

export type BudgetWindow = NonNullable<LimitSettings['budget']>['window'];
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** 1970-01-05, the first Monday of epoch time. */
const MONDAY = 4 * DAY;

/** Epoch ms at which the window that `now` lies in ends, in UTC; weeks begin on Monday. */
export const windowEnd = (window: BudgetWindow, now: number): number => {
  if (window === 'hour') return now - (now % HOUR) + HOUR;
  if (window === 'day') return now - (now % DAY) + DAY;
  if (window === 'week') return now - ((now - MONDAY) % (7 * DAY)) + 7 * DAY;
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
};
