import type { Change, HmacKey, Store } from '@llm-proxy-auth/plugin';
import { rowValue } from '@llm-proxy-auth/plugin/issued';
import { link } from './chain.ts';
import { type Found, isSigned } from './writers.ts';

const SPACE = 'core';
const NAME = 'audit-registry';
/** How many writers there ever were, and how many checkpoints their rows speak of together. */
export interface Counted {
  readonly writers: number;
  readonly checkpoints: number;
}
/** The key of the chains. `registered`: it was made together with the registry, which is there for ever after. */
export interface AuditKey extends HmacKey {
  readonly registered: boolean;
}
/** The registry of all writers, under the key of the chains. `absent`: it was never made. `forged`: it is not as it was written, or was taken away. */
export interface Registry {
  readonly is: 'absent' | 'forged' | 'whole';
  readonly counted: Counted;
  readonly version: number;
}
const NOTHING: Counted = Object.freeze({ writers: 0, checkpoints: 0 });
const macOf = (key: HmacKey, { writers, checkpoints }: Counted): string => link(key, 'registry ', JSON.stringify([writers, checkpoints]));
const changeTo = (key: HmacKey, counted: Counted, version: number): Change => ({
  space: SPACE,
  key: NAME,
  expect: version,
  value: { json: JSON.stringify({ ...counted, mac: macOf(key, counted) }) },
});
/** The registry of no writer, to be committed together with its key; nothing where somebody wrote one before there was a key. */
export const emptyRegistry = async (store: Store, key: HmacKey): Promise<readonly Change[]> =>
  (await store.get(SPACE, NAME)) === undefined ? [changeTo(key, NOTHING, 0)] : [];

export const readRegistry = async (store: Store, key: AuditKey): Promise<Registry> => {
  const row = await store.get(SPACE, NAME);
  if (row === undefined) return { is: key.registered ? 'forged' : 'absent', counted: NOTHING, version: 0 };
  const kept = rowValue(row.value) as (Partial<Counted> & { readonly mac?: unknown }) | null | undefined;
  const counted = { writers: Number(kept?.writers), checkpoints: Number(kept?.checkpoints) };
  return { is: kept?.mac === macOf(key, counted) ? 'whole' : 'forged', counted, version: row.version };
};
export interface Entry {
  /** Place of the entry among all that were ever made. */
  readonly seq: number;
  readonly counted: Counted;
  /** To be committed together with the row of the writer. */
  readonly change: Change;
}
/** The next entry: another writer, or checkpoints of one. Undefined where the registry is forged or taken away: that is never signed again. */
export const entryOf = (key: HmacKey, { is, counted: before, version }: Registry, more: Partial<Counted>): Entry | undefined => {
  const begins = is === 'absent' && more.writers !== undefined;
  if (is !== 'whole' && !begins) return undefined;
  const counted = { writers: before.writers + (more.writers ?? 0), checkpoints: before.checkpoints + (more.checkpoints ?? 0) };
  return { seq: counted.writers + counted.checkpoints, counted, change: changeTo(key, counted, version) };
};

/**
 * Whose rows do not fit the registry; `*`: all of them together, as one is gone, forged or older than the registry. Each row has a
 * serial, so that the set of writers is known, and the place of its last entry, so that no row is later than the registry; as none
 * is, and numbers of checkpoints only grow, their sum is right for one state alone.
 */
export const strangers = (key: HmacKey, { is, counted }: Registry, found: readonly Found[]): readonly string[] => {
  const signed = found.filter((each) => isSigned(key, each));
  const late = signed.filter(({ row }) => row.seq > counted.writers + counted.checkpoints).map(({ writer }) => writer);
  const serials = new Set(signed.map(({ row }) => row.serial).filter((serial) => serial >= 1 && serial <= counted.writers));
  const sum = signed.reduce((all, { row }) => all + row.checkpoints, 0);
  const fits = is === 'absent' ? found.length === 0 : is === 'whole' && found.length === counted.writers && serials.size === found.length;
  return fits && sum === counted.checkpoints ? late : [...late, '*'];
};
