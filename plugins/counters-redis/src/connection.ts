import type { Host } from '@llm-proxy-auth/plugin';
import { Redis } from 'ioredis';
import type { Config } from './config.ts';

const LONGEST_PAUSE_MS = 1_000;
const CONNECT_MS = 2_000;

interface Place {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username?: string;
  readonly password: string | undefined;
  readonly tls?: { readonly servername: string };
}
/** Where the server is. Throws where the URL is none; never with a word of it, since it may hold a password. */
const placeOf = (text: string, password: string | undefined): Place => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'redis:' && url.protocol !== 'rediss:') || url.hostname === '')
    throw new Error('`counters.url` must be redis://host:port or rediss://host:port');
  const database = url.pathname.slice(1);
  if (database !== '' && !/^\d{1,5}$/.test(database)) throw new Error('the database in `counters.url` must be a number');
  const said = url.password === '' ? undefined : decodeURIComponent(url.password);
  const user = url.username === '' ? undefined : decodeURIComponent(url.username);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 6379 : Number(url.port),
    db: database === '' ? 0 : Number(database),
    ...(user === undefined ? {} : { username: user }),
    password: password ?? said,
    ...(url.protocol === 'rediss:' ? { tls: { servername: url.hostname } } : {}),
  };
};
/** A client that says at once when it has no connection, and comes back by itself. */
export const connect = async (config: Config, host: Host): Promise<Redis> => {
  const secrets = [config.password, config.ca, config.cert, config.key].map((s) => (s === undefined ? undefined : host.secret(s)));
  const [password, ca, cert, key] = await Promise.all(secrets);
  const place = placeOf(await host.secret(config.url), password);
  const files = { ca, cert, key };
  const tls = place.tls === undefined ? {} : { tls: { ...place.tls, ...Object.fromEntries(Object.entries(files).filter(([, v]) => v !== undefined)) } };
  const redis = new Redis({
    ...place,
    ...tls,
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    commandTimeout: config.timeout,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (tries) => Math.min(LONGEST_PAUSE_MS, 50 * 2 ** Math.min(tries, 5)),
  });
  const renew = (): void => {
    const [fresh, url] = [config.password?.peek(), config.url.peek()];
    if (url !== undefined) redis.options.password = placeOf(url, fresh).password;
  };
  config.password?.onRotate(renew);
  config.url.onRotate(renew);
  return redis;
};
/** The server does not take the credentials, which waiting does not mend. */
export const isRefusal = (error: unknown): boolean => error instanceof Error && /\b(?:WRONGPASS|NOAUTH|NOPERM)\b/.test(error.message);
