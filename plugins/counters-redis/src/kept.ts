import { hash } from 'node:crypto';
import type { Change, Claim, Store, Stored, Taken } from '@llm-proxy-auth/plugin';
import { endOf } from './shared.ts';

/** Spaces of the store: a budget by the hash of its key, and under `last` how many replicas there were. */
const SPENT = 'spent';
const REPLICAS = 'replicas';
const LAST = 'last';
const MOST_KNOWN = 10_000;
const MOST_ROWS = 100;
const TRIES = 3;
const PAGE = 500;

/** What is known of one budget; replaced when the server says it anew. */
interface Known {
  /** Epoch ms at which its window ends. */
  readonly ends: number;
  /** Spent by all, as the server or the store said. */
  readonly used: number;
  /** Spent by this replica alone in this window, and what it had been when `used` was said. */
  alone: number;
  readonly before: number;
  /** Part of it that neither `used` nor the store has heard of. */
  own: number;
  /** The store has not heard of it. */
  fresh: boolean;
}
const NOTHING = Object.freeze({ used: 0, before: 0 });
type Row = Pick<Known, 'ends' | 'used'>;
/**
 * What replicas that cannot ask the server must know, kept in the gateway's store: what was spent of budgets, and how many share
 * them. Where the store does not answer, everything that asks it rejects and what was to be told is told later.
 */
export interface Kept {
  /** The server's word about budgets; `owed`: what it has not been told of one. */
  hear(claims: readonly Claim[], taken: Taken, now: number, owed: (key: string) => number): void;
  /** This replica spent by itself. */
  add(claim: Claim, amount: number): void;
  /** Spent of a budget's window by all, as was said last, and by this replica alone before that. */
  spentOf(claim: Claim, now: number): Pick<Known, 'used' | 'before'>;
  /** Asks the store for the budgets among these that nobody has spoken of; undefined: there is none. */
  recall(claims: readonly Claim[], now: number): Promise<void> | undefined;
  /** Tells the store. `alone`: the server does not answer, so that what others spent since stands in the store alone. */
  write(alone: boolean): Promise<void>;
  /** How many replicas were last heard of by anybody; 0: none. */
  replicas(): Promise<number>;
  hearReplicas(count: number): void;
  /** Forgets windows that have ended. */
  forget(now: number): Promise<void>;
}
const nameOf = (key: string): string => hash('sha256', key, 'base64url');
const rowIn = (stored: Stored | undefined): Row => (stored === undefined ? { ends: 0, used: 0 } : (JSON.parse(stored.value.json) as Row));

export const keptIn = (store: Store): Kept => {
  const known = new Map<string, Known>();
  let heard: number | undefined;
  let told: number | undefined;
  const know = (key: string, what: Known): void => {
    known.delete(key);
    const eldest = known.size >= MOST_KNOWN ? known.keys().next().value : undefined;
    if (eldest !== undefined) known.delete(eldest);
    known.set(key, what);
  };
  const ofWindow = (claim: Claim, now: number): Known | undefined => {
    const found = known.get(claim.key);
    return found?.ends === endOf(claim, now) ? found : undefined;
  };
  /** Tells the store some; false: somebody else wrote meanwhile. */
  const tell = async (some: readonly (readonly [string, Known])[], alone: boolean): Promise<boolean> => {
    const stored = await Promise.all(some.map(([key]) => store.get(SPENT, nameOf(key))));
    const owns = some.map(([, { own }]) => own);
    const changes = some.flatMap(([key, { ends, used, own, fresh }], i): Change[] => {
      const row = rowIn(stored[i]);
      if (row.ends > ends) return [];
      const before = row.ends === ends ? row.used : 0;
      const sum = (fresh ? (alone ? Math.max(before, used) : used) : before) + own;
      return [{ space: SPENT, key: nameOf(key), expect: stored[i]?.version ?? 0, value: { json: JSON.stringify({ ends, used: Math.max(0, sum) }) } }];
    });
    if (changes.length > 0 && !(await store.commit(changes))) return false;
    for (const [i, [, each]] of some.entries()) {
      each.own -= owns[i] ?? 0;
      each.fresh = false;
    }
    return true;
  };
  const tellReplicas = async (): Promise<void> => {
    const count = heard;
    if (count === told) return;
    const row = await store.get(REPLICAS, LAST);
    const is = row?.value.json === String(count);
    if (is || (await store.commit([{ space: REPLICAS, key: LAST, expect: row?.version ?? 0, value: { json: String(count) } }]))) told = count;
  };
  return {
    hear(claims, taken, now, owed) {
      const lines = taken.ok ? (taken.left ?? []) : [taken];
      for (const { key, remaining } of lines) {
        const claim = claims.find((c) => c.kind === 'budget' && c.key === key);
        if (claim === undefined) continue;
        const alone = ofWindow(claim, now)?.alone ?? 0;
        know(key, { ends: endOf(claim, now), used: claim.limit - remaining + owed(key), alone, before: alone, own: 0, fresh: true });
      }
    },
    add(claim, amount) {
      const ends = claim.ends ?? 0;
      const found = known.get(claim.key);
      if (found?.ends !== ends) {
        know(claim.key, { ends, used: 0, alone: amount, before: 0, own: amount, fresh: false });
        return;
      }
      found.alone += amount;
      found.own += amount;
    },
    spentOf: (claim, now) => ofWindow(claim, now) ?? NOTHING,
    recall(claims, now) {
      const unknown = claims.filter((claim) => claim.kind === 'budget' && ofWindow(claim, now) === undefined);
      if (unknown.length === 0) return undefined;
      const asking = unknown.map(async (claim) => {
        const ends = endOf(claim, now);
        const row = rowIn(await store.get(SPENT, nameOf(claim.key)));
        if (ofWindow(claim, now) === undefined) know(claim.key, { ends, used: row.ends === ends ? row.used : 0, alone: 0, before: 0, own: 0, fresh: false });
      });
      return Promise.all(asking).then(() => undefined);
    },
    async write(alone) {
      await tellReplicas();
      const waiting = [...known].filter(([, { fresh, own }]) => fresh || own !== 0);
      for (let at = 0; at < waiting.length; at += MOST_ROWS) {
        const some = waiting.slice(at, at + MOST_ROWS);
        for (let tries = 0; tries < TRIES && !(await tell(some, alone)); tries++);
      }
    },
    async replicas() {
      const row = await store.get(REPLICAS, LAST);
      return row === undefined ? 0 : Number(row.value.json);
    },
    hearReplicas(count) {
      heard = count;
    },
    async forget(now) {
      for (let after: string | undefined; ; ) {
        const rows = await store.list(SPENT, after, PAGE);
        for (const row of rows) if (rowIn(row).ends <= now) await store.commit([{ space: SPENT, key: row.key, expect: row.version }]);
        if (rows.length < PAGE) return;
        after = rows.at(-1)?.key;
      }
    },
  };
};
