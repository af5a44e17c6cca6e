import type { Change, Store } from '@llm-proxy-auth/plugin';
import { amount, type Bucket, increase, NOTHING, type Sums, type Totals } from './totals.ts';

export const USAGE = 'usage';
/** Sorted by hour; each writer has rows of its own, so that no two processes write the same. */
const keyOf = (bucket: Bucket, writer: string): string =>
  [bucket.hour, ...[bucket.principal, bucket.model, bucket.instance].map(encodeURIComponent), writer].join('|');

/** Sums by hour, caller, model and instance. */
export type Buckets = Map<string, Bucket & Sums>;
/** No record holds NUL (audit/shown.ts), so that no two places share a key. */
export const addBucket = (buckets: Buckets, bucket: Bucket): Bucket & Sums => {
  const key = `${bucket.hour}\0${bucket.principal}\0${bucket.model}\0${bucket.instance}`;
  const known = buckets.get(key);
  if (known !== undefined) {
    increase(known, bucket);
    return known;
  }
  const added = { ...bucket };
  buckets.set(key, added);
  return added;
};
/** Whether two are sums of the same. */
export const isSameBucket = (a: Bucket, b: Bucket): boolean =>
  a.model === b.model && a.principal === b.principal && a.instance === b.instance && a.hour === b.hour;
const FIGURES = Object.keys(NOTHING) as readonly (keyof Totals)[];
/** What a row says; a figure that is below nothing, or none, counts as nothing. */
const bucketIn = (json: string): { readonly bucket: Bucket & Sums; readonly damaged: boolean } => {
  const row = JSON.parse(json) as Bucket & Sums;
  const figures = Object.fromEntries(FIGURES.map((name) => [name, amount(row[name])])) as unknown as Totals;
  return { bucket: { ...row, ...figures }, damaged: FIGURES.some((name) => row[name] !== figures[name]) };
};
/** The rows of a writer with what its buckets add. */
export const usageChanges = async (store: Store, buckets: Buckets, writer: string): Promise<readonly Change[]> => {
  const changes: Change[] = [];
  for (const bucket of buckets.values()) {
    const key = keyOf(bucket, writer);
    const row = await store.get(USAGE, key);
    const value = row === undefined ? bucket : bucketIn(row.value.json).bucket;
    if (row !== undefined) increase(value, bucket);
    changes.push({ space: USAGE, key, expect: row?.version ?? 0, value: { json: JSON.stringify(value) } });
  }
  return changes;
};
const PAGE = 500;
/** Buckets from an hour on; `damaged` hears the keys of rows that say less than nothing. */
export async function* usageFrom(store: Store, hour: string, damaged: (key: string) => void): AsyncGenerator<Bucket> {
  for (let after = hour; ; ) {
    const rows = await store.list(USAGE, after, PAGE);
    for (const { key, value } of rows) {
      const read = bucketIn(value.json);
      if (read.damaged) damaged(key);
      yield read.bucket;
    }
    if (rows.length < PAGE) return;
    after = rows.at(-1)?.key ?? after;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
/** Deletes what is older than an hour; rows. */
export const forgetUsage = async (store: Store, before: string): Promise<number> => {
  for (let forgotten = 0; ; ) {
    const rows = await store.list(USAGE, undefined, PAGE);
    const old = rows.filter(({ key }) => key < before);
    if (old.length === 0) return forgotten;
    // Somebody else may be doing the same.
    if (!(await store.commit(old.map(({ key, version }) => ({ space: USAGE, key, expect: version }))))) return forgotten;
    forgotten += old.length;
    if (old.length < rows.length) return forgotten;
  }
};
