import { GatewayError, type Host, textOf } from '@llm-proxy-auth/plugin';
import { type CryptoKey, importSPKI } from 'jose';

const TIMEOUT = 5000;
const MOST_BYTES = 4096;
/** How long a key that is not there is not asked for again, ms, and of how many keys that is known. */
const [ABSENT_FOR, MOST_ABSENT] = [30_000, 100];

export type FoundKey = { readonly is: 'key'; readonly key: CryptoKey } | { readonly is: 'unknown' } | { readonly is: 'unavailable' };
export interface LoadBalancerKeys {
  /** `kid`: a UUID. */
  find(place: string, kid: string): Promise<FoundKey>;
}

/** One key of each place is kept, the one that is in use; any number of callers that want another wait for one request. */
export const loadBalancerKeys = (host: Host): LoadBalancerKeys => {
  const kept = new Map<string, { readonly kid: string; readonly key: CryptoKey }>();
  const absent = new Map<string, number>();
  const running = new Map<string, Promise<FoundKey>>();
  let failing = false;
  const told = (reason: string | undefined): void => {
    if (reason !== undefined && !failing) host.log.warn({ reason }, 'the keys of load balancers cannot be had; the one in use goes on');
    if (reason === undefined && failing) host.log.info({}, 'the keys of load balancers can be had again');
    failing = reason !== undefined;
  };
  const isAbsent = (url: string): boolean => host.now() - (absent.get(url) ?? Number.NEGATIVE_INFINITY) < ABSENT_FOR;
  const remember = (url: string): void => {
    absent.delete(url);
    absent.set(url, host.now());
    const [oldest] = absent.keys();
    if (absent.size > MOST_ABSENT && oldest !== undefined) absent.delete(oldest);
  };
  const load = async (place: string, kid: string): Promise<FoundKey> => {
    const url = `${place}/${kid}`;
    const { origin, pathname } = new URL(url);
    const request = { method: 'GET', origin, path: pathname, headers: ['accept', '*/*'], body: undefined };
    const { status, body } = await host.fetch(request, AbortSignal.timeout(TIMEOUT), { maxBytes: MOST_BYTES });
    if (status === 403 || status === 404) {
      remember(url);
      return { is: 'unknown' };
    }
    if (status !== 200) throw new GatewayError('upstream_bad_response', `The server of keys answered with status ${status}.`);
    const key = await importSPKI(textOf(body), 'ES256');
    kept.set(place, { kid, key });
    return { is: 'key', key };
  };
  const ask = async (place: string, kid: string): Promise<FoundKey> => {
    try {
      const found = await load(place, kid);
      told(undefined);
      return found;
    } catch (error) {
      told(error instanceof Error ? error.message : 'unknown');
      return { is: 'unavailable' };
    }
  };
  return {
    find: async (place, kid) => {
      const known = kept.get(place);
      if (known?.kid === kid) return { is: 'key', key: known.key };
      const url = `${place}/${kid}`;
      if (isAbsent(url)) return { is: 'unknown' };
      const asking = running.get(url) ?? ask(place, kid).finally(() => running.delete(url));
      running.set(url, asking);
      return await asking;
    },
  };
};
