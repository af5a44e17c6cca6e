import { endOf, keyIdOf, nonceOf, SESSION_TOKEN, SIGNATURE, type SignedCall, signedHeadersOf } from './call.ts';
import type { Endpoint } from './endpoints.ts';
import { refuse } from './refused.ts';
import { GATEWAY_HEADER, NONCE_HEADER } from './token.ts';

const PARAMETERS: ReadonlySet<string> = new Set([
  'action',
  'version',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
]);
const SENDABLE: ReadonlySet<string> = new Set(['host', 'accept', GATEWAY_HEADER, NONCE_HEADER]);
/** Scheme, authority, path, query. The query is what a signer writes: unreserved characters, escapes, `&` and `=`. */
const URL_PARTS = /^([a-z]+):\/\/([^/?#]*)([^?#]*)\?([A-Za-z0-9\-._~%&=]+)$/;
const LONGEST_LIFE = 900;

/** What stands in the list as it is written: a port, a user or a dot more is another host. Throws Refused. */
export const endpointAt = (scheme: string, authority: string, path: string, endpoints: ReadonlyMap<string, Endpoint>): Endpoint => {
  if (scheme !== 'https') refuse('scheme');
  const endpoint = endpoints.get(authority) ?? refuse('host_unknown');
  return path === '/' ? endpoint : refuse('path');
};
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse('escape_malformed');
  }
};
const encoded = (text: string): string => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

interface Query {
  /** By lower-case names, each of which stands once, however it is spelled. */
  readonly values: ReadonlyMap<string, string>;
  /** Written anew; names keep their spelling, which the signature covers. */
  readonly text: string;
}
const queryOf = (text: string): Query => {
  const values = new Map<string, string>();
  const written = text.split('&').map((pair) => {
    const [name = '', value = '', ...more] = pair.split('=');
    if (name === '' || more.length > 0 || !pair.includes('=')) refuse('query_malformed');
    const key = decoded(name);
    const lower = key.toLowerCase();
    if (values.has(lower)) refuse('parameter_repeated');
    if (!PARAMETERS.has(lower)) refuse('parameter_unknown');
    values.set(lower, decoded(value));
    return `${encoded(key)}=${encoded(values.get(lower) ?? '')}`;
  });
  return { values, text: written.join('&') };
};

export interface Reading {
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  /** Epoch ms. */
  readonly now: number;
}
/** A presigned URL of GetCallerIdentity. Throws Refused. */
export const readPresigned = (url: string, nonce: string | undefined, { endpoints, now }: Reading): SignedCall => {
  const [, scheme = '', authority = '', path = '', search = ''] = URL_PARTS.exec(url) ?? refuse('url_malformed');
  const endpoint = endpointAt(scheme, authority, path, endpoints);
  const query = queryOf(search);
  const value = (name: string): string => query.values.get(name) ?? refuse('parameter_missing');
  if (value('action') !== 'GetCallerIdentity' || value('version') !== '2011-06-15') refuse('action');
  if (value('x-amz-algorithm') !== 'AWS4-HMAC-SHA256') refuse('algorithm');
  if (!SIGNATURE.test(value('x-amz-signature'))) refuse('signature_malformed');
  if (query.values.has('x-amz-security-token') && !SESSION_TOKEN.test(value('x-amz-security-token'))) refuse('session_token_malformed');
  const seconds = /^(?:0|[1-9]\d{0,2})$/.test(value('x-amz-expires')) ? Number(value('x-amz-expires')) : refuse('expires');
  if (seconds > LONGEST_LIFE) refuse('expires');
  const signed = signedHeadersOf(value('x-amz-signedheaders'), SENDABLE);
  const date = value('x-amz-date');
  return {
    endpoint,
    method: 'GET',
    path: `/?${query.text}`,
    headers: [],
    body: undefined,
    ends: endOf(date, seconds, now),
    accessKeyId: keyIdOf(value('x-amz-credential'), endpoint, date),
    nonce: nonceOf(nonce, signed),
  };
};
