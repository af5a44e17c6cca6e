import { since } from '../since.ts';
import type { PublicJwk } from './jwk.ts';

/** Times in ms; the first three as in panva/jose, src/jwks/remote.ts. */
const MAX_AGE = 600_000;
const COOL_DOWN = 30_000;
/** While there is no key at all somebody waits for, they are asked for again sooner. */
const FIRST_COOL_DOWN = 5_000;
const STALE = 86_400_000;
const UNKNOWN_FOR = 60_000;
const MOST_UNKNOWN = 1000;

export type FoundKeys =
  /** Keys of that id; all keys when the token names none. */
  { readonly is: 'keys'; readonly keys: readonly PublicJwk[] } | { readonly is: 'unknown' } | { readonly is: 'unavailable'; readonly retryAfterMs: number };
export interface KeySet {
  find(kid: string | undefined): Promise<FoundKeys>;
  /** Asks for all once more, as `load` may learn more than keys; not within 30 s of the last time. False when they cannot be had. */
  renew(): Promise<boolean>;
}
export interface KeySetOptions {
  /** Epoch ms. */
  readonly now: () => number;
  /** Asks for all keys. Throws when they cannot be had. */
  readonly load: () => Promise<readonly PublicJwk[]>;
  /** Called when keys cannot be had, once until they can again, and then with undefined. */
  readonly changed: (failure: unknown) => void;
}

/**
 * The keys of an issuer. Asked for when they are wanted, older than 10 minutes, or a token names one that is not there; by one
 * request at a time, and not within 30 s of the last. When they cannot be had, known keys go on for 24 hours.
 */
export const keySet = ({ now, load, changed }: KeySetOptions): KeySet => {
  let keys: readonly PublicJwk[] = [];
  let loadedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let failing = false;
  let loading: Promise<void> | undefined;
  /** Key ids that nobody had when they were last looked for, and when. */
  const unknown = new Map<string, number>();

  const reload = async (): Promise<void> => {
    triedAt = now();
    try {
      keys = await load();
      loadedAt = triedAt;
      if (failing) changed(undefined);
      failing = false;
    } catch (error) {
      if (!failing) changed(error);
      failing = true;
    }
  };
  const coolDown = (): number => (now() - loadedAt > STALE ? FIRST_COOL_DOWN : COOL_DOWN);
  /** False when it is too early to ask again. */
  const refresh = async (): Promise<boolean> => {
    if (loading === undefined && since(triedAt, now()) < coolDown()) return false;
    loading ??= reload().finally(() => {
      loading = undefined;
    });
    await loading;
    return true;
  };
  /** During an outage nobody whose key is known waits for the next attempt. */
  const keepFresh = async (kid: string | undefined): Promise<void> => {
    if (since(loadedAt, now()) <= MAX_AGE) return;
    const refreshed = refresh();
    if (!failing || now() - loadedAt > STALE || known(kid).length === 0) await refreshed;
  };
  const known = (kid: string | undefined): readonly PublicJwk[] => (kid === undefined ? keys : keys.filter((key) => key.kid === kid));
  const remember = (kid: string): void => {
    unknown.delete(kid);
    unknown.set(kid, now());
    const [oldest] = unknown.keys();
    if (unknown.size > MOST_UNKNOWN && oldest !== undefined) unknown.delete(oldest);
  };
  const missing = (): FoundKeys => (failing ? { is: 'unavailable', retryAfterMs: Math.max(1000, triedAt + coolDown() - now()) } : { is: 'unknown' });
  return {
    find: async (kid) => {
      await keepFresh(kid);
      if (now() - loadedAt > STALE) return missing();
      const found = known(kid);
      if (found.length > 0) return { is: 'keys', keys: found };
      if (kid === undefined || since(unknown.get(kid) ?? Number.NEGATIVE_INFINITY, now()) < UNKNOWN_FOR) return missing();
      const asked = await refresh();
      const later = known(kid);
      if (later.length > 0) return { is: 'keys', keys: later };
      if (asked && !failing) remember(kid);
      return missing();
    },
    renew: async () => {
      await refresh();
      return !failing;
    },
  };
};
