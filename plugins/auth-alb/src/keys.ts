import { GatewayError, type Host, type Questions, questions, since, textOf } from '@llm-proxy-auth/plugin';
import { latest, networkOf } from '@llm-proxy-auth/plugin/issued';
import { type CryptoKey, importSPKI } from 'jose';

const TIMEOUT = 5000;
const MOST_BYTES = 4096;
/** Keys of a place that are known at once: one that is new is used beside the one before it, and several load balancers have their own. */
const MOST_KEPT = 32;
/** So many keys of a place are asked for within so many ms by callers of one network. */
const [MOST_ASKED, WITHIN] = [10, 30_000];
/** Ids that are not there have an allowance of their own, so that they use up none of that for keys; one is not asked for again. */
const MOST_MISSED = 100;
/** So many of them are remembered. */
const MOST_ABSENT = 1000;

export type FoundKey =
  | { readonly is: 'key'; readonly key: CryptoKey }
  | { readonly is: 'unknown' }
  | { readonly is: 'unavailable'; readonly retryAfterMs: number };
export interface LoadBalancerKeys {
  /** `kid`: a UUID. `address`: of the caller, behind the load balancer. */
  find(place: string, kid: string, address: string): Promise<FoundKey>;
  /** A load balancer of ours has signed with it: keys that any load balancer of the region may have do not push it out. */
  proven(place: string, kid: string): void;
}
interface Kept {
  readonly key: CryptoKey;
  readonly proven: boolean;
}
interface Asked {
  readonly at: number;
  absent: boolean;
}
interface Parts {
  readonly host: Host;
  readonly running: Questions<FoundKey>;
  readonly told: (reason: string | undefined) => void;
}

/** The oldest question of an allowance that is used up. */
const firstOfFull = (before: readonly Asked[]): Asked | undefined => {
  const missed = before.filter(({ absent }) => absent);
  if (missed.length >= MOST_MISSED) return missed[0];
  return before.length - missed.length >= MOST_ASKED ? before.find(({ absent }) => !absent) : undefined;
};
const keysOf = (place: string, { host, running, told }: Parts) => {
  const kept = new Map<string, Kept>();
  /** When an id that is not there was last asked for. */
  const absent = latest<number>(MOST_ABSENT);
  /** By network. */
  const asked = latest<readonly Asked[]>();

  const keep = (kid: string, one: Kept): void => {
    kept.delete(kid);
    kept.set(kid, one);
    if (kept.size <= MOST_KEPT) return;
    const [oldest] = [...kept].find(([, { proven }]) => !proven) ?? [...kept][0] ?? [];
    if (oldest !== undefined) kept.delete(oldest);
  };
  const load = async (kid: string, entry: Asked): Promise<FoundKey> => {
    const { origin, pathname } = new URL(`${place}/${kid}`);
    const request = { method: 'GET', origin, path: pathname, headers: ['accept', '*/*'], body: undefined };
    const { status, body } = await host.fetch(request, AbortSignal.timeout(TIMEOUT), { maxBytes: MOST_BYTES });
    if (status === 403 || status === 404) {
      entry.absent = true;
      absent.set(kid, entry.at);
      return { is: 'unknown' };
    }
    if (status !== 200) throw new GatewayError('upstream_bad_response', `The server of keys answered with status ${status}.`);
    const key = await importSPKI(textOf(body), 'ES256');
    keep(kid, { key, proven: false });
    return { is: 'key', key };
  };
  const ask = async (kid: string, network: string): Promise<FoundKey> => {
    const now = host.now();
    const before = asked.get(network)?.filter(({ at }) => since(at, now) < WITHIN) ?? [];
    const first = firstOfFull(before);
    if (first !== undefined) return { is: 'unavailable', retryAfterMs: Math.max(1000, first.at + WITHIN - now) };
    const entry = { at: now, absent: false };
    asked.set(network, [...before, entry]);
    try {
      const found = await load(kid, entry);
      told(undefined);
      return found;
    } catch (error) {
      told(error instanceof Error ? error.message : 'unknown');
      return { is: 'unavailable', retryAfterMs: 1000 };
    }
  };
  return {
    async find(kid: string, address: string): Promise<FoundKey> {
      const known = kept.get(kid);
      if (known !== undefined) return { is: 'key', key: known.key };
      if (since(absent.get(kid) ?? Number.NEGATIVE_INFINITY, host.now()) < WITHIN) return { is: 'unknown' };
      return (await running.ask(`${place}/${kid}`, address, () => ask(kid, networkOf(address)))) ?? { is: 'unavailable', retryAfterMs: 1000 };
    },
    proven(kid: string): void {
      const known = kept.get(kid);
      if (known !== undefined) keep(kid, { ...known, proven: true });
    },
  };
};

/** Keys by place and id; any number of callers that want the same one wait for one request. */
export const loadBalancerKeys = (host: Host): LoadBalancerKeys => {
  const places = new Map<string, ReturnType<typeof keysOf>>();
  const running = questions<FoundKey>({ now: host.now, refusal: 'unknown' });
  let failing = false;
  const told = (reason: string | undefined): void => {
    if (reason !== undefined && !failing) host.log.warn({ reason }, 'the keys of load balancers cannot be had; those that are known go on');
    if (reason === undefined && failing) host.log.info({}, 'the keys of load balancers can be had again');
    failing = reason !== undefined;
  };
  const of = (place: string): ReturnType<typeof keysOf> => {
    const known = places.get(place) ?? keysOf(place, { host, running, told });
    places.set(place, known);
    return known;
  };
  return { find: (place, kid, address) => of(place).find(kid, address), proven: (place, kid) => of(place).proven(kid) };
};
