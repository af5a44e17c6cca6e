import { hash } from 'node:crypto';
import { type HmacKey, hmac, hmacKey } from '../hmac.ts';
import { type CanonicalHeaders, canonicalPath, canonicalQuery } from './canonical.ts';

/** What a signature is good for. */
export interface Scope {
  readonly region: string;
  readonly service: string;
}
const MOST = 200;
/** Remembers the last answers of a pure function of a text. */
export const remembered = (f: (text: string) => string): ((text: string) => string) => {
  const known = new Map<string, string>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const made = f(text);
    if (known.size >= MOST) known.clear();
    known.set(text, made);
    return made;
  };
};
/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
export const signingKey = (secret: string, day: string, scope: Scope): HmacKey => {
  const parts = [day, scope.region, scope.service, 'aws4_request'];
  return hmacKey(parts.reduce<Uint8Array>((key, part) => Buffer.from(hmac(hmacKey(key), part, 'binary'), 'binary'), Buffer.from(`AWS4${secret}`)));
};
const pathOf = remembered(canonicalPath);

/** A request as it is signed; `date` is the time of `x-amz-date`, `payload` the hash of the body. */
export interface Signable {
  readonly method: string;
  /** On the wire, query included. */
  readonly path: string;
  readonly headers: CanonicalHeaders;
  readonly payload: string;
  readonly date: string;
}
/** Where a signature is valid: `20261123/us-east-1/bedrock/aws4_request`. */
export const reachOf = (date: string, { region, service }: Scope): string => `${date.slice(0, 8)}/${region}/${service}/aws4_request`;
/** The signature itself, in hex. */
export const signatureOf = ({ method, path, headers, payload, date }: Signable, key: HmacKey, scope: Scope): string => {
  const mark = path.indexOf('?');
  const uri = pathOf(mark < 0 ? path : path.slice(0, mark));
  const canonical = `${method}\n${uri}\n${mark < 0 ? '' : canonicalQuery(path.slice(mark + 1))}\n${headers.lines}\n${headers.names}\n${payload}`;
  return hmac(key, `AWS4-HMAC-SHA256\n${date}\n${reachOf(date, scope)}\n${hash('sha256', canonical)}`, 'hex');
};
