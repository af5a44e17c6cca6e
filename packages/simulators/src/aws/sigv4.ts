import { createHash, createHmac } from 'node:crypto';
import type { CapturedRequest } from '../http/captured.ts';

/** What of a request a signature is about. */
export type SignedRequest = Pick<CapturedRequest, 'method' | 'target' | 'path' | 'headers' | 'header' | 'body'>;

/**
 * Signature Version 4 as the AWS documentation describes it ("Create a signed AWS API request"), from the receiving end:
 * everything is computed anew from the bytes that arrived, nothing is taken over from what the sender says it hashed.
 */
const sha256 = (value: string | Buffer): string => createHash('sha256').update(value).digest('hex');
const hmac = (key: string | Buffer, value: string): Buffer => createHmac('sha256', key).update(value).digest();

const unreserved = /[A-Za-z0-9\-._~]/;

/** Every byte but the unreserved characters as `%XX`. */
const percentEncoded = (text: string): string =>
  [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return unreserved.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');

/** Each segment as it stands on the wire, encoded once more; empty and relative segments resolved. */
const canonicalPath = (path: string): string => {
  const kept: string[] = [];
  const segments = path.split('/');
  for (const segment of segments) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(percentEncoded(segment));
  }
  const last = segments.at(-1);
  return `/${kept.join('/')}${kept.length > 0 && last === '' ? '/' : ''}`;
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Without the signature itself, which stands in the query of a presigned request. */
const canonicalQuery = (query: string): string =>
  query
    .split('&')
    .filter((pair) => pair !== '' && !pair.startsWith('X-Amz-Signature='))
    .map((pair) => {
      const at = pair.indexOf('=');
      const [name, value] = at === -1 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
      return [percentEncoded(decoded(name)), percentEncoded(decoded(value))] as const;
    })
    .sort(([nameA, valueA], [nameB, valueB]) => (nameA === nameB ? (valueA < valueB ? -1 : 1) : nameA < nameB ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');

/** The values of a header joined by commas, inner runs of spaces made one; HTTP/2 carries the host in `:authority`. */
const canonicalValue = (request: SignedRequest, name: string): string => {
  const wanted = name === 'host' && request.header('host') === undefined ? ':authority' : name;
  return request.headers
    .filter(([given]) => given.toLowerCase() === wanted)
    .map(([, value]) => value.trim().replace(/ +/g, ' '))
    .join(',');
};

/** The canonical request for these signed headers: each once, in the order of the alphabet. */
export const canonicalRequest = (request: SignedRequest, signedHeaders: readonly string[]): string => {
  const query = request.target.slice(request.path.length).replace(/^\?/, '');
  const names = [...new Set(signedHeaders)].sort();
  const headers = names.map((name) => `${name}:${canonicalValue(request, name)}\n`).join('');
  return [request.method, canonicalPath(request.path), canonicalQuery(query), headers, names.join(';'), sha256(request.body)].join('\n');
};

export type Scope = { readonly date: string; readonly region: string; readonly service: string };

/** `when` is the `x-amz-date`: `20261123T000000Z`. */
export const stringToSign = (canonical: string, when: string, { date, region, service }: Scope): string =>
  ['AWS4-HMAC-SHA256', when, `${date}/${region}/${service}/aws4_request`, sha256(canonical)].join('\n');

/** The hex signature. */
export const signature = (secret: string, toSign: string, { date, region, service }: Scope): string => {
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), 'aws4_request');
  return hmac(key, toSign).toString('hex');
};
