import { hash } from 'node:crypto';
import type { Change, Claim, Store, Stored } from '@llm-proxy-auth/plugin';
import { endOf, type Spent } from './shared.ts';

/** Spaces of the store: budgets by the hashes of their keys, and how many replicas there were by that of the prefix. */
const SPENT = 'spent';
const REPLICAS = 'replicas';
/** What replicas that ended owe the server; keys begin with the hash of the prefix. */
const OWED = 'owed';
const MOST_KNOWN = 10_000;
/** Asked at once: few, so that those who ask for credentials do not wait behind them. */
const MOST_ROWS = 20;
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
  /** Whether `used` is the server's word, and the store has heard of it. */
  word: 'untold' | 'told' | 'none';
}
const NOTHING = Object.freeze({ used: 0, before: 0 });
/** `used`: as the server said; `alone`: by replicas since, which the server may not know. */
type Row = Pick<Known, 'ends' | 'used' | 'alone'>;
/**
 * What replicas that cannot ask the server must know, kept in the gateway's store: what was spent of budgets, and how many share
 * them. Where the store does not answer, everything that asks it rejects and what was to be told is told later.
 */
export interface Kept {
  /** The server's word about a budget; `owed`: what it has not been told of it. */
  hear(spent: Spent, owed: number): void;
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
  /** What the server had said of budgets whose windows go on, to this replica and to the store. */
  heard(now: number): readonly Spent[];
  stored(now: number): Promise<readonly Spent[]>;
  /** Keeps what a replica that ends has spent alone and could not tell the server. */
  leave(replica: string, owed: readonly Spent[]): Promise<void>;
  /** What others left so: whoever gets it tells the server. */
  takeLeft(): Promise<readonly Spent[]>;
  /** What the server said was not all: it is not told to the store. */
  unhear(): void;
  /** Forgets windows that have ended. */
  forget(now: number): Promise<void>;
}
const nameOf = (key: string): string => hash('sha256', key, 'base64url');
const NO_ROW: Row = Object.freeze({ ends: 0, used: 0, alone: 0 });
const rowIn = (stored: Stored | undefined): Row & { readonly key?: string } => (stored === undefined ? NO_ROW : (JSON.parse(stored.value.json) as Row));

/** `prefix` keeps apart gateways that share a store and count apart. */
export const keptIn = (store: Store, prefix: string): Kept => {
  const placeOf = (key: string): string => nameOf(prefix + key);
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
    const stored = await Promise.all(some.map(([key]) => store.get(SPENT, placeOf(key))));
    const owns = some.map(([, { own }]) => own);
    const changes = some.flatMap(([key, { ends, used, own, word }], i): Change[] => {
      const row = rowIn(stored[i]);
      if (row.ends > ends) return [];
      const before = row.ends === ends ? row : NO_ROW;
      const fresh = word === 'untold';
      const sum = fresh ? (alone ? Math.max(before.used, used) : used) : before.used;
      const since = Math.max(0, (fresh && !alone ? 0 : before.alone) + own);
      const json = JSON.stringify({ key: prefix + key, ends, used: sum, alone: since });
      return [{ space: SPENT, key: placeOf(key), expect: stored[i]?.version ?? 0, value: { json } }];
    });
    if (changes.length > 0 && !(await store.commit(changes))) return false;
    for (const [i, [, each]] of some.entries()) {
      each.own -= owns[i] ?? 0;
      if (each.word === 'untold') each.word = 'told';
    }
    return true;
  };
  async function* rows(): AsyncGenerator<Stored & { readonly key: string }> {
    for (let after: string | undefined; ; ) {
      const page = await store.list(SPENT, after, PAGE);
      yield* page;
      if (page.length < PAGE) return;
      after = page.at(-1)?.key;
    }
  }
  const tellReplicas = async (): Promise<void> => {
    const count = heard;
    if (count === told) return;
    const row = await store.get(REPLICAS, nameOf(prefix));
    const is = row?.value.json === String(count);
    if (is || (await store.commit([{ space: REPLICAS, key: nameOf(prefix), expect: row?.version ?? 0, value: { json: String(count) } }]))) told = count;
  };
  return {
    hear({ key, ends, used }, owed) {
      const before = known.get(key);
      const alone = before?.ends === ends ? before.alone : 0;
      know(key, { ends, used: used + owed, alone, before: alone, own: 0, word: 'untold' });
    },
    add(claim, amount) {
      const ends = claim.ends ?? 0;
      const found = known.get(claim.key);
      if (found?.ends !== ends) {
        know(claim.key, { ends, used: 0, alone: amount, before: 0, own: amount, word: 'none' });
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
        const row = rowIn(await store.get(SPENT, placeOf(claim.key)));
        if (ofWindow(claim, now) === undefined)
          know(claim.key, { ends, used: row.ends === ends ? row.used + row.alone : 0, alone: 0, before: 0, own: 0, word: 'none' });
      });
      return Promise.all(asking).then(() => undefined);
    },
    async write(alone) {
      await tellReplicas();
      const waiting = [...known].filter(([, { word, own }]) => word === 'untold' || own !== 0);
      for (let at = 0; at < waiting.length; at += MOST_ROWS) {
        const some = waiting.slice(at, at + MOST_ROWS);
        for (let tries = 0; tries < TRIES && !(await tell(some, alone)); tries++);
      }
    },
    async replicas() {
      const row = await store.get(REPLICAS, nameOf(prefix));
      return row === undefined ? 0 : Number(row.value.json);
    },
    hearReplicas(count) {
      heard = count;
    },
    heard: (now) => [...known].flatMap(([key, { ends, used, word }]) => (word !== 'none' && ends > now ? [{ key, ends, used }] : [])),
    async stored(now) {
      const all: Spent[] = [];
      for await (const row of rows()) {
        const { key = '', ends, used } = rowIn(row);
        if (ends > now && key.startsWith(prefix)) all.push({ key: key.slice(prefix.length), ends, used });
      }
      return all;
    },
    async leave(replica, owed) {
      const changes = owed.map(
        (each, i): Change => ({ space: OWED, key: `${nameOf(prefix)}:${replica}:${i}`, expect: 0, value: { json: JSON.stringify(each) } }),
      );
      for (let at = 0; at < changes.length; at += MOST_ROWS) await store.commit(changes.slice(at, at + MOST_ROWS));
    },
    async takeLeft() {
      const left: Spent[] = [];
      for (const { key, version, value } of await store.list(OWED, `${nameOf(prefix)}:`, PAGE))
        if (key.startsWith(`${nameOf(prefix)}:`) && (await store.commit([{ space: OWED, key, expect: version }]))) left.push(JSON.parse(value.json) as Spent);
      return left;
    },
    unhear() {
      for (const each of known.values()) if (each.word === 'untold') each.word = 'told';
    },
    async forget(now) {
      for await (const row of rows()) if (rowIn(row).ends <= now) await store.commit([{ space: SPENT, key: row.key, expect: row.version }]);
    },
  };
};
