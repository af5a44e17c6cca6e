import { flights, GatewayError, type Host, since, textOf } from '@llm-proxy-auth/plugin';
import { type CryptoKey, importSPKI } from 'jose';

const TIMEOUT = 5000;
const MOST_BYTES = 4096;
/** Keys of a place that are known at once: one that is new is used beside the one before it, and several load balancers have their own. */
const MOST_KEPT = 32;
/** So many keys of a place are asked for within so many ms, whatever ids tokens name; one that is not there is not asked for again. */
const [MOST_ASKED, WITHIN] = [10, 30_000];

export type FoundKey =
  | { readonly is: 'key'; readonly key: CryptoKey }
  | { readonly is: 'unknown' }
  | { readonly is: 'unavailable'; readonly retryAfterMs: number };
export interface LoadBalancerKeys {
  /** `kid`: a UUID. */
  find(place: string, kid: string): Promise<FoundKey>;
  /** A load balancer of ours has signed with it: keys that any load balancer of the region may have do not push it out. */
  proven(place: string, kid: string): void;
}
interface Kept {
  readonly key: CryptoKey;
  readonly proven: boolean;
}
interface Asked {
  readonly kid: string;
  readonly at: number;
  absent: boolean;
}

const keysOf = (place: string, host: Host, told: (reason: string | undefined) => void) => {
  const kept = new Map<string, Kept>();
  const running = flights<FoundKey>(MOST_ASKED);
  let asked: readonly Asked[] = [];

  const keep = (kid: string, one: Kept): void => {
    kept.delete(kid);
    kept.set(kid, one);
    if (kept.size <= MOST_KEPT) return;
    const [oldest] = [...kept].find(([, { proven }]) => !proven) ?? [...kept][0] ?? [];
    if (oldest !== undefined) kept.delete(oldest);
  };
  const load = async (entry: Asked): Promise<FoundKey> => {
    const { origin, pathname } = new URL(`${place}/${entry.kid}`);
    const request = { method: 'GET', origin, path: pathname, headers: ['accept', '*/*'], body: undefined };
    const { status, body } = await host.fetch(request, AbortSignal.timeout(TIMEOUT), { maxBytes: MOST_BYTES });
    entry.absent = status === 403 || status === 404;
    if (entry.absent) return { is: 'unknown' };
    if (status !== 200) throw new GatewayError('upstream_bad_response', `The server of keys answered with status ${status}.`);
    const key = await importSPKI(textOf(body), 'ES256');
    keep(entry.kid, { key, proven: false });
    return { is: 'key', key };
  };
  const ask = async (kid: string): Promise<FoundKey> => {
    const now = host.now();
    const [first] = asked;
    if (first !== undefined && asked.length >= MOST_ASKED) {
      told(`${MOST_ASKED} key ids were asked for within ${WITHIN} ms`);
      return { is: 'unavailable', retryAfterMs: Math.max(1000, first.at + WITHIN - now) };
    }
    const entry = { kid, at: now, absent: false };
    asked = [...asked, entry];
    try {
      const found = await load(entry);
      told(undefined);
      return found;
    } catch (error) {
      told(error instanceof Error ? error.message : 'unknown');
      return { is: 'unavailable', retryAfterMs: 1000 };
    }
  };
  return {
    async find(kid: string): Promise<FoundKey> {
      const known = kept.get(kid);
      if (known !== undefined) return { is: 'key', key: known.key };
      asked = asked.filter(({ at }) => since(at, host.now()) < WITHIN);
      if (asked.some((one) => one.kid === kid && one.absent)) return { is: 'unknown' };
      return (await running.share(kid, () => ask(kid))) ?? { is: 'unavailable', retryAfterMs: 1000 };
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
  let failing = false;
  const told = (reason: string | undefined): void => {
    if (reason !== undefined && !failing) host.log.warn({ reason }, 'the keys of load balancers cannot be had; those that are known go on');
    if (reason === undefined && failing) host.log.info({}, 'the keys of load balancers can be had again');
    failing = reason !== undefined;
  };
  const of = (place: string): ReturnType<typeof keysOf> => {
    const known = places.get(place) ?? keysOf(place, host, told);
    places.set(place, known);
    return known;
  };
  return { find: (place, kid) => of(place).find(kid), proven: (place, kid) => of(place).proven(kid) };
};
