import type { HmacKey, Store } from '@llm-proxy-auth/plugin';
import { canonicalOf } from './canonical.ts';
import { type Head, type Kept, link } from './chain.ts';
import { HEADS, rowsAfter } from './rows.ts';
import { isSigned, readWriters } from './writers.ts';

/** Heads of writers that ended longer ago stand in earlier checkpoints. */
const KEPT_MS = 7 * 24 * 3_600_000;
/** `writer:n:h`: how far the log of a writer had come. */
export const headText = (writer: string, n: number, h: string): string => `${writer}:${n}:${h}`;
export const readHead = (text: string): { readonly writer: string; readonly n: number; readonly h: string } | undefined => {
  const [, writer, n, h] = /^([a-z0-9-]+):(\d+):([\w-]{43})$/.exec(text) ?? [];
  return writer === undefined || n === undefined || h === undefined ? undefined : { writer, n: Number(n), h };
};

const firstLink = (key: HmacKey, by: string): string => link(key, '', `checkpoint ${by}`);
/** Chain of the checkpoints that one writer makes. */
export const checkpoints = (key: HmacKey, by: string) => {
  let previous = firstLink(key, by);
  let c = 0;
  let waiting: { readonly h: string; readonly json: string } | undefined;
  const put = async (store: Store): Promise<void> => {
    if (waiting === undefined) return;
    await store.append(HEADS, [{ json: waiting.json }]);
    previous = waiting.h;
    waiting = undefined;
    c++;
  };
  return {
    get count(): number {
      return c;
    },
    /** Writes down how far the logs of all writers have come, in a log of its own; `own`: that of this one. Returns the heads. */
    async write(store: Store, at: number, own: Head): Promise<readonly string[]> {
      // One that may have been written before its write failed is written again as it was: a repetition is no other record.
      await put(store);
      // What somebody else wrote into the store is not signed here.
      const others = (await readWriters(store)).filter(
        (each) => each.writer !== by && each.row.n > 0 && (!each.row.ended || at - each.row.beat < KEPT_MS) && isSigned(key, each),
      );
      const heads = others.map(({ writer, row }) => headText(writer, row.n, row.h));
      if (own.n > 0) heads.push(headText(by, own.n, own.h));
      const record = { at, by, c: c + 1, heads };
      const h = link(key, previous, canonicalOf(record));
      waiting = { h, json: JSON.stringify({ ...record, h }) };
      await put(store);
      return heads;
    },
  };
};
export type Checkpoints = ReturnType<typeof checkpoints>;

export interface ReadCheckpoints {
  readonly count: number;
  /** Of each writer: how many there are, and the number of the first that is not as it was made. */
  readonly by: ReadonlyMap<string, { readonly count: number; readonly bad: number | undefined }>;
  /** Of each writer: link of a record by its number. */
  readonly claims: ReadonlyMap<string, ReadonlyMap<number, string>>;
}
const readRecord = (json: string): Kept => {
  try {
    const record: unknown = JSON.parse(json);
    return typeof record === 'object' && record !== null ? (record as Kept) : {};
  } catch {
    return {};
  }
};
export const addClaim = (claims: Map<string, Map<number, string>>, text: string): void => {
  const head = readHead(text);
  if (head === undefined) return;
  const known = claims.get(head.writer) ?? new Map<number, string>();
  claims.set(head.writer, known.set(head.n, head.h));
};
/** All checkpoints, each writer's own chain checked. */
export const readCheckpoints = async (store: Store, key: HmacKey): Promise<ReadCheckpoints> => {
  const chains = new Map<string, { count: number; h: string; last: string; bad: number | undefined }>();
  const claims = new Map<string, Map<number, string>>();
  let count = 0;
  for await (const { json } of rowsAfter(store, HEADS, 0, 100)) {
    count++;
    const { h, ...record } = readRecord(json);
    const by = String(record.by);
    const chain = chains.get(by) ?? { count: 0, h: firstLink(key, by), last: '', bad: undefined };
    chains.set(by, chain);
    if (chain.bad !== undefined || json === chain.last) continue;
    const expected = link(key, chain.h, canonicalOf(record));
    if (h !== expected || record.c !== chain.count + 1 || json !== JSON.stringify({ ...record, h })) {
      chain.bad = chain.count + 1;
      continue;
    }
    chain.count++;
    chain.h = expected;
    chain.last = json;
    for (const head of Array.isArray(record.heads) ? record.heads : []) addClaim(claims, String(head));
  }
  return { count, by: chains, claims };
};
