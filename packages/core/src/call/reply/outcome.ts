import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { type ErrorLike, GatewayError, isGatewayError, type UpstreamReply } from '@llm-proxy-auth/plugin';
import type { Instance } from '../../graph.ts';
import type { Cut, Flight, ReplyHead } from '../dispatch.ts';
import type { Exchange } from '../exchange.ts';
import { limitHeaders } from '../upstream-head.ts';

/** What became of one attempt. `failed`: nothing was sent to the client, so another attempt may follow. */
export type Outcome =
  | { readonly is: 'done' }
  | {
      readonly is: 'failed';
      readonly error: ErrorLike;
      /** `connect`, `timeout`, the status as text, or `other`; what `fallback.on` is matched against. */
      readonly class: string;
      readonly rejected?: 'refresh' | 'clock' | 'credential' | undefined;
      /** What it cost is known: what the provider counted, or nothing, because it said an error instead of an answer or never had the whole request. */
      readonly accounted?: boolean | undefined;
    };
/** What a sink needs of the attempt it serves. */
export interface Attempting {
  readonly x: Exchange;
  readonly instance: Instance;
  readonly flight: Flight;
  resolve(outcome: Outcome): void;
}

export const DONE: Outcome = Object.freeze({ is: 'done' });

export const draining = (): ErrorLike => new GatewayError('draining', 'The gateway stops; send the request again.', { retryAfterMs: 1_000 });
export const revoked = (): ErrorLike => new GatewayError('invalid_credentials', 'The credential was revoked while the call was under way.');
/** The transport failed before anything was sent; a body that we refused while it was piped fails it too. */
export const cutOutcome = (instance: Instance, why: Cut, cause?: unknown): Outcome => {
  if (isGatewayError(cause)) return { is: 'failed', class: 'other', error: cause, accounted: true };
  if (why === 'drain') return { is: 'failed', class: 'other', error: draining() };
  if (why === 'revoked') return { is: 'failed', class: 'other', error: revoked() };
  if (why === 'timeout')
    return { is: 'failed', class: 'timeout', error: new GatewayError('upstream_timeout', `The provider of ${instance.name} did not answer in time.`) };
  if (why === 'connect')
    return { is: 'failed', class: 'connect', error: new GatewayError('upstream_unreachable', `The provider of ${instance.name} cannot be reached.`) };
  return { is: 'failed', class: '502', error: new GatewayError('upstream_stream_truncated', `The provider of ${instance.name} broke off its answer.`) };
};
/** The transport failed after the answer began. */
export const cutError = (instance: Instance, why: Cut): ErrorLike =>
  why === 'drain'
    ? draining()
    : why === 'revoked'
      ? revoked()
      : why === 'timeout'
        ? new GatewayError('upstream_timeout', `The provider of ${instance.name} stopped sending.`)
        : new GatewayError('upstream_stream_truncated', `The provider of ${instance.name} broke off its answer.`);

export const pairsOf = (headers: ReplyHead): string[] => {
  const pairs: string[] = [];
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === 'string') pairs.push(name, value);
    else if (value !== undefined) for (const each of value) pairs.push(name, each);
  }
  return pairs;
};
export const textOf = (headers: ReplyHead, name: string): string => {
  const value = headers[name];
  return typeof value === 'string' ? value : (value?.[0] ?? '');
};

const UNFOLD = Object.freeze({ gzip: gunzipSync, 'x-gzip': gunzipSync, deflate: inflateSync, br: brotliDecompressSync });
/** Most that an encoded error unfolds to. */
const MAX_UNFOLDED = 1024 * 1024;
/** The reply with a body that can be read; a coding nobody knows, and one that unfolds to too much, read as nothing. */
const readable = (reply: UpstreamReply): UpstreamReply => {
  const at = reply.headers.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-encoding');
  const coding = at < 0 ? 'identity' : (reply.headers[at + 1] ?? '').trim().toLowerCase();
  if (coding === '' || coding === 'identity') return reply;
  const unfold = UNFOLD[coding as keyof typeof UNFOLD];
  try {
    return { ...reply, body: unfold?.(reply.body, { maxOutputLength: MAX_UNFOLDED }) ?? new Uint8Array() };
  } catch {
    return { ...reply, body: new Uint8Array() };
  }
};

/** Whether a 401 or 403 concerns our own credential; then it is never shown as the client's. */
export const credentialRejected = (instance: Instance, reply: UpstreamReply): Outcome | undefined => {
  if (reply.status !== 401 && reply.status !== 403) return undefined;
  const rejected = instance.provider.rejected?.(readable(reply));
  if (rejected === undefined) return undefined;
  return {
    is: 'failed',
    class: 'auth',
    rejected,
    error: new GatewayError('upstream_auth_failed', `The provider refused the gateway's own credential of ${instance.name}; the operator must mend it.`, {
      retry: false,
    }),
  };
};

/** Reads an error answer of the provider. */
export const statusOutcome = (x: Exchange, instance: Instance, reply: UpstreamReply): Outcome => {
  const rejected = credentialRejected(instance, reply);
  if (rejected !== undefined) return rejected;
  if (reply.status >= 300 && reply.status < 400)
    return {
      is: 'failed',
      class: '502',
      error: new GatewayError('upstream_bad_response', `The provider of ${instance.name} redirected, which is never followed.`),
    };
  const dialect = x.plan.graph.dialects.get(instance.provider.errors);
  x.refusedLimits = limitHeaders(x, reply.headers);
  const error =
    dialect?.readError(readable(reply)) ??
    new GatewayError('upstream_rejected', `The provider of ${instance.name} refused the call.`, { status: reply.status });
  return { is: 'failed', class: String(reply.status), error };
};
