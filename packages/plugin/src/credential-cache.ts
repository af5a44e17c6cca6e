import { GatewayError } from './error.ts';
import { since } from './since.ts';

/** What a source hands out. */
export interface Expiring {
  /** Epoch ms; undefined: it does not end. */
  readonly expiration?: number | undefined;
}
export interface CredentialCacheOptions<T extends Expiring> {
  /** Asks the source; nothing of it may be older than the call. */
  readonly ask: () => Promise<T>;
  /** Epoch ms. */
  readonly now: () => number;
  readonly random: () => number;
  /** Told of each failure of the source. */
  readonly failed: (cause: unknown) => void;
  /** Whose credentials they are, for the message of a failure: `AWS`. */
  readonly vendor: string;
}
export interface CredentialCache<T extends Expiring> {
  /** `fresh`: the credential in use was refused. Rejects with `upstream_credentials_unavailable`. */
  get(fresh: boolean): T | Promise<T>;
  /** Epoch ms at which the credential in use ends. */
  expires(): number | undefined;
}
/** Part of its life after which a credential is renewed, give or take `JITTER`, so that replicas do not ask together. */
const REFRESH_AT = 0.8;
const JITTER = 0.05;
const BACKOFF_MS = 1_000;
const BACKOFF_CAP_MS = 60_000;
/** Without a credential callers wait for the next try, so that it comes soon. */
const EMPTY_CAP_MS = 5_000;
/** A credential that stays refused is asked for anew at most this often. */
const FORCED_EVERY_MS = 1_000;

/**
 * One question for everybody who waits; renewed in the background at 80 % of its life while the old one serves; an outage of the source
 * is noticed only when the old one has ended. A clock decides, there are no timers.
 */
export const credentialCache = <T extends Expiring>({ ask, now, random, failed, vendor }: CredentialCacheOptions<T>): CredentialCache<T> => {
  let current: T | undefined;
  let refreshAt = Number.POSITIVE_INFINITY;
  let flight: Promise<T> | undefined;
  let failures = 0;
  /** When the source failed last, and for how long after that it is left alone. */
  let failedAt = Number.NEGATIVE_INFINITY;
  let pause = 0;
  let forcedAt = Number.NEGATIVE_INFINITY;
  let reason: unknown;

  const left = (): number => pause - since(failedAt, now());
  const alive = (): T | undefined => (current !== undefined && (current.expiration ?? Number.POSITIVE_INFINITY) > now() ? current : undefined);
  const unavailable = (): GatewayError =>
    new GatewayError('upstream_credentials_unavailable', `No ${vendor} credentials can be had right now; the log of the gateway says why.`, {
      retryAfterMs: Math.max(1_000, left()),
      cause: reason,
    });
  const took = (found: T): T => {
    const life = (found.expiration ?? Number.POSITIVE_INFINITY) - now();
    current = found;
    refreshAt = Math.floor(now() + life * (REFRESH_AT + JITTER * (2 * random() - 1)));
    failures = 0;
    pause = 0;
    return found;
  };
  const missed = (cause: unknown): never => {
    reason = cause;
    const cap = alive() === undefined ? EMPTY_CAP_MS : BACKOFF_CAP_MS;
    failedAt = now();
    pause = Math.min(cap, BACKOFF_MS * 2 ** failures++);
    failed(cause);
    throw unavailable();
  };
  const begin = (): Promise<T> => {
    flight ??= ask()
      .then(took, missed)
      .finally(() => {
        flight = undefined;
      });
    return flight;
  };
  /** Whoever waits for it is told of a failure; in the background nobody does. */
  const beginUnwatched = (): void => void begin().catch(() => undefined);

  return {
    get(fresh) {
      if (fresh && flight !== undefined) return flight;
      if (fresh && since(forcedAt, now()) >= FORCED_EVERY_MS) {
        forcedAt = now();
        return begin();
      }
      const usable = alive();
      if (usable !== undefined) {
        if (now() >= refreshAt && left() <= 0 && flight === undefined) beginUnwatched();
        return usable;
      }
      if (flight === undefined && left() > 0) return Promise.reject(unavailable());
      return begin();
    },
    expires: () => current?.expiration,
  };
};
