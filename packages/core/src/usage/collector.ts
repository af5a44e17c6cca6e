import type { Change, Store } from '@llm-proxy-auth/plugin';
import type { AuditRecord } from '../audit/record.ts';
import type { Cursor } from '../audit/writers.ts';
import { addBucket, type Buckets, isSameBucket, usageChanges } from './rows.ts';
import { bucketOf, increase } from './totals.ts';

/** Most rows that are written at once. */
const MOST_ROWS = 500;
interface Part {
  readonly upTo: Cursor;
  readonly buckets: Buckets;
}
export interface Collected {
  readonly changes: readonly Change[];
  /** Records up to here stand in the usage once the changes do. */
  readonly used: Cursor;
  /** More waits than was taken. */
  readonly more: boolean;
}

/**
 * Usage is what the records of the audit log add up to. What was written there waits here until it is committed together with the
 * cursor up to which it was counted, so that no crash and no repetition counts a record twice or not at all.
 */
export const usageCollector = (writer: string) => {
  let parts: Part[] = [];
  return {
    add(upTo: Cursor, records: readonly AuditRecord[]): void {
      const buckets: Buckets = new Map();
      // Most follow others of the same.
      let last: ReturnType<typeof addBucket> | undefined;
      for (const record of records) {
        const bucket = bucketOf(record as unknown as Readonly<Record<string, unknown>>);
        if (bucket === undefined) continue;
        if (last !== undefined && isSameBucket(last, bucket)) increase(last, bucket);
        else last = addBucket(buckets, bucket);
      }
      parts.push({ upTo, buckets });
    },
    /** `counted`: up to where the store says that usage was counted; what it has is forgotten here. */
    async collect(store: Store, counted: Cursor): Promise<Collected> {
      parts = parts.filter(({ upTo }) => upTo.n > counted.n);
      const buckets: Buckets = new Map();
      let used = counted;
      let taken = 0;
      for (const { upTo, buckets: added } of parts) {
        if (taken > 0 && buckets.size + added.size > MOST_ROWS) break;
        for (const bucket of added.values()) addBucket(buckets, bucket);
        used = upTo;
        taken++;
      }
      return { changes: await usageChanges(store, buckets, writer), used, more: taken < parts.length };
    },
    get waiting(): boolean {
      return parts.length > 0;
    },
  };
};
export type UsageCollector = ReturnType<typeof usageCollector>;
