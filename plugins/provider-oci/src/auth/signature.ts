import { createHash, hash, type KeyObject, sign } from 'node:crypto';
import { header, type UpstreamRequest } from '@llm-proxy-auth/plugin';

/** What signs a request. */
export interface OciCredential {
  /** `{tenancy}/{user}/{fingerprint}`, or `ST$` and a session token. */
  readonly keyId: string;
  readonly key: KeyObject;
  /** Epoch ms; undefined: it does not end. */
  readonly expiration?: number | undefined;
}
const OURS: ReadonlySet<string> = new Set(['authorization', 'date', 'x-date', 'x-content-sha256', 'opc-obo-token']);
/** Takes out what a signer puts in, whoever put it there. */
export const dropSignature = (headers: string[]): void => {
  for (let i = headers.length - 2; i >= 0; i -= 2) if (OURS.has(headers[i] ?? '')) headers.splice(i, 2);
};

const bodyHash = (body: UpstreamRequest['body']): string => {
  const [only] = body ?? [];
  if (body === undefined || only === undefined) return hash('sha256', '', 'base64');
  if (body.length === 1) return hash('sha256', only, 'base64');
  const hashing = createHash('sha256');
  for (const piece of body) hashing.update(piece);
  return hashing.digest('base64');
};
const lengthOf = (body: UpstreamRequest['body']): number => (body ?? []).reduce((sum, piece) => sum + piece.byteLength, 0);

/** RFC 7231, made once a second. */
const dates = (): ((now: number) => string) => {
  let second = Number.NaN;
  let text = '';
  return (now) => {
    const current = Math.floor(now / 1000);
    if (current !== second) {
      second = current;
      text = new Date(current * 1000).toUTCString();
    }
    return text;
  };
};
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);
const HEAD = Object.freeze(['date', '(request-target)', 'host']);
const BODY = Object.freeze(['content-type', 'content-length', 'x-content-sha256']);

/** The text that is signed: a line each, in the order of the names. */
export const signingString = (values: readonly (readonly [name: string, value: string])[]): string =>
  values.map(([name, value]) => `${name}: ${value}`).join('\n');

/** A signature takes most of a millisecond, which is spent on another thread: meanwhile other calls go on. */
const signed = (text: string, key: KeyObject): Promise<Buffer> =>
  new Promise((done, fail) => sign('sha256', Buffer.from(text), key, (error, signature) => (error === null ? done(signature) : fail(error))));

export type OciSignature = (request: UpstreamRequest, credential: OciCredential, now: number) => Promise<void>;
/**
 * OCI's request signature (HTTP Signatures, RSA with SHA-256) over the exact bytes of a request, in its `authorization` header.
 * Replaces a signature that stood there. https://docs.oracle.com/en-us/iaas/Content/API/Concepts/signingrequests.htm
 */
export const ociSignature = (): OciSignature => {
  const dateOf = dates();
  return async (request, { keyId, key }, now) => {
    const { headers, method, origin, path, body } = request;
    dropSignature(headers);
    const values: [string, string][] = [];
    const date = dateOf(now);
    headers.push('date', date);
    values.push(['date', date], ['(request-target)', `${method.toLowerCase()} ${path}`], ['host', origin.slice(origin.indexOf('//') + 2)]);
    if (WITH_BODY.has(method)) {
      const digest = bodyHash(body);
      const type = header(headers, 'content-type') ?? 'application/json';
      if (header(headers, 'content-type') === undefined) headers.push('content-type', type);
      headers.push('x-content-sha256', digest);
      values.push(['content-type', type], ['content-length', String(lengthOf(body))], ['x-content-sha256', digest]);
    }
    const signature = (await signed(signingString(values), key)).toString('base64');
    const names = (WITH_BODY.has(method) ? [...HEAD, ...BODY] : HEAD).join(' ');
    headers.push('authorization', `Signature version="1",keyId="${keyId}",algorithm="rsa-sha256",headers="${names}",signature="${signature}"`);
  };
};
