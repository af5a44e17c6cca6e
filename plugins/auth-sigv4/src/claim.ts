/** What the `authorization` header of a signed request says, behind its scheme. */
export interface Claim {
  readonly id: string;
  /** `20261123` */
  readonly day: string;
  readonly region: string;
  readonly service: string;
  /** Lower case, in the order of the alphabet, each once. */
  readonly names: readonly string[];
  /** 64 digits of hex, lower case. */
  readonly signature: string;
}
const LONGEST = 8192;
const PART = /^(Credential|SignedHeaders|Signature)=([^\s,="]+)$/;
const CREDENTIAL = /^([A-Z0-9]{4,128})\/([0-9]{8})\/([a-z0-9-]{1,63})\/([a-z0-9-]{1,63})\/aws4_request$/;
const NAMES = /^:?[!#$%&'*+.^_`|~0-9a-z-]+(?:;[!#$%&'*+.^_`|~0-9a-z-]+)*$/;

/** `Credential=…, SignedHeaders=…, Signature=…` in any order, each once. Undefined when it is anything else. */
export const claimOf = (text: string): Claim | undefined => {
  if (text.length > LONGEST) return undefined;
  const parts = new Map<string, string>();
  for (const piece of text.split(/, */)) {
    const [, name, value] = PART.exec(piece) ?? [];
    if (name === undefined || value === undefined || parts.has(name)) return undefined;
    parts.set(name, value);
  }
  const [, id, day, region, service] = CREDENTIAL.exec(parts.get('Credential') ?? '') ?? [];
  const signature = parts.get('Signature') ?? '';
  const listed = parts.get('SignedHeaders') ?? '';
  if (id === undefined || day === undefined || region === undefined || service === undefined) return undefined;
  if (!/^[0-9a-f]{64}$/.test(signature) || !NAMES.test(listed)) return undefined;
  const names = listed.split(';');
  return names.every((name, i) => i === 0 || (names[i - 1] ?? '') < name) ? { id, day, region, service, names, signature } : undefined;
};

/** `20261123T000000Z` in epoch ms; undefined when there is no such time. */
export const timeOf = (date: string): number | undefined => {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  if (year === undefined) return undefined;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const at = Date.parse(iso);
  return !Number.isNaN(at) && new Date(at).toISOString() === iso ? at : undefined;
};
