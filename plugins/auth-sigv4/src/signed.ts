import type { AuthRequest, HeaderPairs } from '@llm-proxy-auth/plugin';
import type { CanonicalHeaders } from '@llm-proxy-auth/plugin/sigv4';
import type { Claim } from './claim.ts';

/** Values by lower-case name, in their order. */
export type Sent = ReadonlyMap<string, readonly string[]>;
export const sentOf = (rawHeaders: HeaderPairs): Sent => {
  const sent = new Map<string, string[]>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? '';
    const values = sent.get(name);
    if (values === undefined) sent.set(name, [rawHeaders[i + 1] ?? '']);
    else values.push(rawHeaders[i + 1] ?? '');
  }
  return sent;
};
/** HTTP/2 says the host in `:authority`; clients sign it under either name. */
const SAME: Readonly<Record<string, string>> = Object.freeze({ host: ':authority', ':authority': 'host' });
const valuesOf = (sent: Sent, name: string): readonly string[] | undefined => sent.get(name) ?? sent.get(SAME[name] ?? name);

/** The headers that were signed as they arrived; undefined when one of them did not. */
export const canonicalSent = (sent: Sent, names: readonly string[]): CanonicalHeaders | undefined => {
  let lines = '';
  for (const name of names) {
    const values = valuesOf(sent, name);
    if (values === undefined) return undefined;
    lines += `${name}:${values.map((value) => value.trim().replace(/\s+/g, ' ')).join(',')}\n`;
  }
  return { lines, names: names.join(';') };
};

const MUST = Object.freeze(['x-amz-date']);
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
const presigned = (url: string): boolean => {
  const mark = url.indexOf('?');
  return (
    mark >= 0 &&
    url
      .slice(mark + 1)
      .split('&')
      .some((pair) =>
        decoded(pair.split('=')[0] ?? '')
          .toLowerCase()
          .startsWith('x-amz-'),
      )
  );
};
/** Why a request must not be believed whatever its signature is, for the audit log; undefined when it may be. */
export const objection = ({ url }: Pick<AuthRequest, 'url'>, sent: Sent, { names }: Claim): string | undefined => {
  if (presigned(url)) return 'presigned';
  if (sent.has('x-amz-security-token')) return 'session_token';
  if (!names.includes('host') && !names.includes(':authority')) return 'host_not_signed';
  if (MUST.some((name) => !names.includes(name))) return 'date_not_signed';
  // What speaks to the service must come from who signed.
  for (const [name, values] of sent) {
    if (!name.startsWith('x-amz-')) continue;
    if (!names.includes(name)) return 'header_not_signed';
    if (values.length > 1) return 'repeated_header';
  }
  return undefined;
};
