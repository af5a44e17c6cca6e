import { createHash, hash } from 'node:crypto';
import type { HmacKey, UpstreamRequest } from '@llm-proxy-auth/plugin';
import { canonicalHeaders, reachOf, remembered, type Scope, signatureOf, signingKey } from '@llm-proxy-auth/plugin/sigv4';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** Epoch ms; undefined: they do not end. */
  readonly expiration?: number | undefined;
  /** Account they are of, where their source says. */
  readonly account?: string | undefined;
}
export type SigV4 = (request: UpstreamRequest, credentials: AwsCredentials, scope: Scope, now: number) => void;

const EMPTY_HASH = hash('sha256', '');
export const bodyHash = (body: UpstreamRequest['body']): string => {
  if (body === undefined || body.length === 0) return EMPTY_HASH;
  const [only] = body;
  if (body.length === 1 && only !== undefined) return hash('sha256', only);
  const hashing = createHash('sha256');
  for (const piece of body) hashing.update(piece);
  return hashing.digest('hex');
};

const OURS: ReadonlySet<string> = new Set(['authorization', 'x-amz-date', 'x-amz-security-token', 'x-amz-content-sha256']);
/** Takes out what a signer puts in, whoever put it there. */
export const dropSignature = (headers: string[]): void => {
  for (let i = headers.length - 2; i >= 0; i -= 2) if (OURS.has(headers[i] ?? '')) headers.splice(i, 2);
};

/** `20261123T000000Z`, made once a second. */
const dates = (): ((now: number) => string) => {
  let second = Number.NaN;
  let text = '';
  return (now) => {
    const current = Math.floor(now / 1000);
    if (current !== second) {
      second = current;
      text = `${new Date(current * 1000).toISOString().replace(/[-:]/g, '').slice(0, 15)}Z`;
    }
    return text;
  };
};
/** Keys of the day, by credential: a credential that is no longer used takes its keys along. */
const signingKeys = (): ((credentials: AwsCredentials, day: string, scope: Scope) => HmacKey) => {
  const known = new WeakMap<AwsCredentials, Map<string, HmacKey>>();
  return (credentials, day, scope) => {
    let keys = known.get(credentials);
    if (keys === undefined) {
      keys = new Map();
      known.set(credentials, keys);
    }
    const name = `${day}/${scope.region}/${scope.service}`;
    const found = keys.get(name);
    if (found !== undefined) return found;
    if (keys.size >= 50) keys.clear();
    const made = signingKey(credentials.secretAccessKey, day, scope);
    keys.set(name, made);
    return made;
  };
};

const hostOf = remembered((origin) => origin.slice(origin.indexOf('//') + 2));

/**
 * AWS Signature Version 4 over the exact bytes of a request, in its `authorization` header. Signs host, content-type, `x-amz-*`
 * and `x-amzn-bedrock-*`; replaces a signature that stood there. The path is the one on the wire and is encoded again for signing.
 */
export const sigV4 = (): SigV4 => {
  const dateOf = dates();
  const keyOf = signingKeys();
  return (request, credentials, scope, now) => {
    const { headers, method, path } = request;
    const date = dateOf(now);
    const payload = bodyHash(request.body);
    dropSignature(headers);
    headers.push('x-amz-date', date, 'x-amz-content-sha256', payload);
    if (credentials.sessionToken !== undefined) headers.push('x-amz-security-token', credentials.sessionToken);
    const signed = canonicalHeaders(headers, hostOf(request.origin));
    const signature = signatureOf({ method, path, headers: signed, payload, date }, keyOf(credentials, date.slice(0, 8), scope), scope);
    headers.push(
      'authorization',
      `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${reachOf(date, scope)}, SignedHeaders=${signed.names}, Signature=${signature}`,
    );
  };
};
