import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { asObject, asText, parseJson } from '@llm-proxy-auth/plugin';
import { endOf, keyIdOf, nonceOf, SESSION_TOKEN, type SignedCall, signedHeadersOf } from './call.ts';
import { endpointAt, type Reading } from './presigned.ts';
import { refuse } from './refused.ts';
import { GATEWAY_HEADER, NONCE_HEADER } from './token.ts';

/** The one call there is, in both orders of its members; its bytes are signed. */
const BODIES: ReadonlySet<string> = new Set(['Action=GetCallerIdentity&Version=2011-06-15', 'Version=2011-06-15&Action=GetCallerIdentity']);
const FORM = /^application\/x-www-form-urlencoded(?:; ?charset=utf-8)?$/i;
const AUTHORIZATION = /^AWS4-HMAC-SHA256 Credential=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})$/;
const SENDABLE: ReadonlySet<string> = new Set([
  'host',
  'accept',
  'content-type',
  'content-length',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-security-token',
  GATEWAY_HEADER,
  NONCE_HEADER,
]);
const MEMBERS = ['iam_http_request_method', 'iam_request_url', 'iam_request_body', 'iam_request_headers'] as const;
const SHORT = ['iam_http_request_method', 'url', 'body', 'headers'] as const;

const fromBase64 = (text: string): string => {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes.toString('utf8') : refuse('base64_malformed');
};
const parsed = (text: string): Readonly<Record<string, unknown>> => {
  let value: unknown;
  try {
    value = parseJson(text, { maxDepth: 4 });
  } catch {
    return refuse('json_malformed');
  }
  return asObject(value) ?? refuse('json_malformed');
};
interface Parts {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}
/** Under the names of Vault's AWS login, in base64 as its clients write them, or under short names in the clear; nothing beside them. */
const partsOf = (text: string): Parts => {
  const given = parsed(text);
  const long = Object.hasOwn(given, 'iam_request_url');
  const names: readonly string[] = long ? MEMBERS : SHORT;
  if (Object.keys(given).length !== names.length || !names.every((name) => Object.hasOwn(given, name))) refuse('members');
  const [method, url, body, headers] = names.map((name) => given[name]);
  if (method !== 'POST') refuse('method');
  const plain = (value: unknown): string => {
    const found = asText(value) ?? refuse('members');
    return long ? fromBase64(found) : found;
  };
  return {
    url: plain(url),
    body: plain(body),
    headers: typeof headers === 'string' && long ? parsed(fromBase64(headers)) : (asObject(headers) ?? refuse('members')),
  };
};
/** By lower-case names; each once and with one value. */
const headersOf = (given: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> => {
  const headers = new Map<string, string>();
  for (const [name, written] of Object.entries(given)) {
    const lower = name.toLowerCase();
    if (headers.has(lower)) refuse('header_repeated');
    const only: unknown = Array.isArray(written) && written.length === 1 ? written[0] : written;
    headers.set(lower, asText(only) ?? refuse('header_malformed'));
  }
  return headers;
};

/** A signed POST of GetCallerIdentity as JSON, for SDKs that do not presign. Throws Refused. */
export const readSigned = (text: string, gatewayId: string, { endpoints, now }: Reading): SignedCall => {
  const parts = partsOf(text);
  const [, scheme = '', authority = '', path = ''] = /^([a-z]+):\/\/([^/?#]*)([^?#]*)$/.exec(parts.url) ?? refuse('url_malformed');
  const endpoint = endpointAt(scheme, authority, path, endpoints);
  if (!BODIES.has(parts.body)) refuse('action');
  const body = Buffer.from(parts.body);
  const headers = headersOf(parts.headers);
  const value = (name: string): string => headers.get(name) ?? refuse('header_missing');
  const must = (name: string, holds: (text: string) => boolean): void => {
    if (headers.has(name) && !holds(value(name))) refuse('header_value');
  };
  must('host', (host) => host === endpoint.host);
  must('content-type', (type) => FORM.test(type));
  must('content-length', (length) => length === String(body.length));
  must('x-amz-content-sha256', (hex) => hex === createHash('sha256').update(body).digest('hex'));
  must('x-amz-security-token', (token) => SESSION_TOKEN.test(token));
  must(GATEWAY_HEADER, (id) => id === gatewayId);
  const [, credential = '', signedHeaders = '', signature = ''] = AUTHORIZATION.exec(value('authorization')) ?? refuse('authorization_malformed');
  const signed = signedHeadersOf(signedHeaders, SENDABLE);
  const date = value('x-amz-date');
  const sent = ['content-type', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token'].filter((name) => headers.has(name));
  return {
    endpoint,
    method: 'POST',
    path: '/',
    headers: [
      'authorization',
      `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
      ...sent.flatMap((name) => [name, value(name)]),
    ],
    body,
    ends: endOf(date, 0, now),
    accessKeyId: keyIdOf(credential, endpoint, date),
    nonce: nonceOf(headers.get(NONCE_HEADER), signed),
  };
};
