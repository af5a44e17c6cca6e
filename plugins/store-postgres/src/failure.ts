import { GatewayError } from '@llm-proxy-auth/plugin';

const fieldOf = (error: unknown, field: string): string | undefined => {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, field) : undefined;
  return typeof value === 'string' ? value : undefined;
};
/** SQLSTATE of what the server said, https://www.postgresql.org/docs/current/errcodes-appendix.html; undefined when it did not say anything. */
export const stateOf = (error: unknown): string | undefined => {
  const code = fieldOf(error, 'code');
  return fieldOf(error, 'severity') !== undefined && code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
};

/** 40001 serialization_failure, 40P01 deadlock_detected: the server undid the transaction, and the same one may succeed. */
export const isConflict = (error: unknown): boolean => ['40001', '40P01'].includes(stateOf(error) ?? '');

/**
 * Classes 08 connection, 53 resources (full disk, too many connections), 57 operator (shutdown, crash, starting up, time-out), and
 * 25006 (a server that became a standby), 55P03 (a lock that was not to be had): the same call may succeed later.
 */
const isPassing = (state: string): boolean => /^(08|40|53|57)/.test(state) || state === '25006' || state === '55P03';
/** What our own programs do when the connection breaks: Node's socket errors, and what `pg` says without a code. */
const BROKEN = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|EAI_AGAIN|ENOTFOUND|EADDRNOTAVAIL)/;
const BROKEN_SAYING = /^Connection terminated|^timeout exceeded when trying to connect|^Query read timeout|^Client (was closed|has encountered)/;

/** The server cannot be reached, is stopping or starting, or has no room: nobody's fault who calls. */
export const isAway = (error: unknown): boolean => {
  const state = stateOf(error);
  if (state !== undefined) return isPassing(state);
  if (BROKEN.test(fieldOf(error, 'code') ?? '')) return true;
  return error instanceof AggregateError ? error.errors.every(isAway) : BROKEN_SAYING.test(fieldOf(error, 'message') ?? '');
};
/** A connection that stood is gone; another one may answer at once. A server that does not answer at all is not asked twice. */
export const isBroken = (error: unknown): boolean => {
  const state = stateOf(error);
  if (state !== undefined) return /^57P0[12]$/.test(state);
  return /^(ECONNRESET|EPIPE)$/.test(fieldOf(error, 'code') ?? '') || /^(Connection terminated unexpectedly|Client )/.test(fieldOf(error, 'message') ?? '');
};

const SENTENCES: readonly (readonly [RegExp, string, string])[] = [
  [/^28/, 'refused user or password', 'store.url'],
  [/^3D000$/, 'has no such database; make it, the gateway makes only its own schema', 'store.url'],
  [/^42501$/, 'gives the user no right to do this; let it own the schema', 'store.schema'],
  [/^54/, 'cannot take a row of this size', 'store'],
];
const TLS = /^(ERR_TLS|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|ERR_SSL|EPROTO)/;

/** A server that is away or full is `overloaded` (503, later perhaps), everything else `internal_error`; the driver's error is the cause. */
export const failure = (error: unknown): GatewayError => {
  const state = stateOf(error);
  const code = fieldOf(error, 'code');
  const cause = { cause: error };
  if (state === '53100')
    return new GatewayError('overloaded', 'The disk of the PostgreSQL server is full; free some space.', { ...cause, retryAfterMs: 10_000 });
  if (isAway(error)) {
    const reason = state ?? code ?? 'no answer';
    return new GatewayError('overloaded', `The PostgreSQL server of the store does not answer (${reason}); try again.`, { ...cause, retryAfterMs: 1000 });
  }
  if (TLS.test(code ?? '') || /SSL/.test(fieldOf(error, 'message') ?? ''))
    return new GatewayError('internal_error', `The PostgreSQL server of the store cannot be trusted or speaks no TLS (${code ?? 'no TLS'}); see store.tls.`, {
      ...cause,
      param: 'store.tls',
    });
  const [, sentence = 'failed', param = 'store'] = SENTENCES.find(([pattern]) => pattern.test(state ?? '')) ?? [];
  return new GatewayError('internal_error', `The PostgreSQL server of the store ${sentence} (${state ?? code ?? 'unknown'}).`, { ...cause, param });
};
