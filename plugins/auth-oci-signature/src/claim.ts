/** What the `authorization` header of a signed request says, behind its scheme. */
export interface Claim {
  /** The key id up to its first `/`: SDKs put user and fingerprint behind it. */
  readonly id: string;
  /** Lower case, in the order they were signed in, each once. */
  readonly names: readonly string[];
  readonly signature: Uint8Array;
}
const LONGEST = 8192;
const PART = /([A-Za-z]+)="([^"\\]*)"(?:,|$)/y;
const KEY_ID = /^([A-Z0-9]{4,128})(?:\/[A-Za-z0-9._:/-]*)?$/;
const NAMES = /^(?:\(request-target\)|[!#$%&'*+.^_`|~0-9a-z-]+)(?: (?:\(request-target\)|[!#$%&'*+.^_`|~0-9a-z-]+))*$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const PARTS: ReadonlySet<string> = new Set(['version', 'keyId', 'algorithm', 'headers', 'signature']);

const partsOf = (text: string): ReadonlyMap<string, string> | undefined => {
  const parts = new Map<string, string>();
  for (PART.lastIndex = 0; PART.lastIndex < text.length; ) {
    const [, name = '', value = ''] = PART.exec(text) ?? [];
    // After a miss the pattern would begin again.
    if (!PARTS.has(name) || parts.has(name)) return undefined;
    parts.set(name, value);
  }
  return text.endsWith(',') ? undefined : parts;
};

/**
 * `version="1",keyId="…",algorithm="rsa-sha256",headers="…",signature="…"` in any order, each once. Undefined when it is anything else.
 * https://docs.oracle.com/en-us/iaas/Content/API/Concepts/signingrequests.htm
 */
export const claimOf = (text: string): Claim | undefined => {
  if (text.length > LONGEST) return undefined;
  const parts = partsOf(text);
  if (parts === undefined || parts.get('version') !== '1' || parts.get('algorithm') !== 'rsa-sha256') return undefined;
  const id = KEY_ID.exec(parts.get('keyId') ?? '')?.[1];
  // SDKs name headers in any case, and sign the names in lower case.
  const listed = (parts.get('headers') ?? '').toLowerCase();
  const signature = parts.get('signature') ?? '';
  if (id === undefined || !NAMES.test(listed) || signature === '' || !BASE64.test(signature)) return undefined;
  const names = listed.split(' ');
  const bytes = Buffer.from(signature, 'base64');
  // Bits beyond the last byte must be zero, or one signature could be written in several ways.
  return new Set(names).size === names.length && bytes.toString('base64') === signature ? { id, names, signature: bytes } : undefined;
};

const IMF = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT$/;
/** A date as HTTP writes it (RFC 9110, 5.6.7) in epoch ms; undefined when there is no such time. */
export const timeOf = (date: string): number | undefined => {
  const at = IMF.test(date) ? Date.parse(date) : Number.NaN;
  return !Number.isNaN(at) && new Date(at).toUTCString() === date ? at : undefined;
};
