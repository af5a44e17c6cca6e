import type { AuthRequest, HeaderPairs } from '@llm-proxy-auth/plugin';
import type { Claim } from './claim.ts';

/** Value of each header as it arrived, by lower-case name; undefined for one that stands there twice. */
export type Sent = ReadonlyMap<string, string | undefined>;
export const sentOf = (rawHeaders: HeaderPairs): Sent => {
  const sent = new Map<string, string | undefined>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? '';
    sent.set(name, sent.has(name) ? undefined : rawHeaders[i + 1]?.trim());
  }
  const authority = sent.get(':authority');
  // HTTP/2 says the host there.
  if (authority !== undefined && !sent.has('host')) sent.set('host', authority);
  return sent;
};

const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);
const HEAD = Object.freeze(['(request-target)', 'host']);
const BODY = Object.freeze(['content-length', 'content-type', 'x-content-sha256']);
/** Header that says when it was signed: `x-date` where a client may not set `date`. */
export const dateName = ({ names }: Claim): string | undefined => ['x-date', 'date'].find((name) => names.includes(name));

/** Why a request must not be believed whatever its signature is, for the audit log; undefined when it may be. */
export const objection = ({ method }: Pick<AuthRequest, 'method'>, sent: Sent, claim: Claim): string | undefined => {
  const must = WITH_BODY.has(method) || sent.has('x-content-sha256') ? [...HEAD, ...(WITH_BODY.has(method) ? BODY : ['x-content-sha256'])] : HEAD;
  if (must.some((name) => !claim.names.includes(name))) return 'header_not_signed';
  return dateName(claim) === undefined ? 'date_not_signed' : undefined;
};

/** The text that was signed; undefined when a header of it did not arrive, or arrived twice. */
export const signingText = ({ method, url }: Pick<AuthRequest, 'method' | 'url'>, sent: Sent, { names }: Claim): string | undefined => {
  const lines: string[] = [];
  for (const name of names) {
    const value = name === '(request-target)' ? `${method.toLowerCase()} ${url}` : sent.get(name);
    if (value === undefined) return undefined;
    lines.push(`${name}: ${value}`);
  }
  return lines.join('\n');
};
