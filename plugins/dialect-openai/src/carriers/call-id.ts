import { Buffer } from 'node:buffer';

/** Most characters of an id that carries something. */
export const MOST_ID = 512;
/** What the ids that we make begin with; behind it stands how the thinking is carried, in the id or remembered under it. */
export const PREFIX = 'lpatool_';
const KINDS = { s: 'sealed', r: 'remembered' } as const;
export type Kind = (typeof KINDS)[keyof typeof KINDS];
/** An id that says that something was issued with the call. */
export interface CallId {
  readonly kind: Kind;
  /** The vendor's own id, which alone goes back to it. */
  readonly vendor: string;
  /** What is sealed, or what makes the id differ from any other. */
  readonly tail: string;
}
const URL_SAFE = /^[A-Za-z0-9_-]*$/;
const FORM = /^lpatool_([sr])([pe])([0-9a-z]{2})/;

/** `lpatool_`, s or r, p (plain) or e (base64url), two digits of length, the vendor's id, the tail. Undefined where that is too long. */
export const writeCallId = ({ kind, vendor, tail }: CallId): string | undefined => {
  const plain = URL_SAFE.test(vendor);
  const own = plain ? vendor : Buffer.from(vendor).toString('base64url');
  const id = `${PREFIX}${kind === 'sealed' ? 's' : 'r'}${plain ? 'p' : 'e'}${own.length.toString(36).padStart(2, '0')}${own}${tail}`;
  return id.length > MOST_ID || !vendor.isWellFormed() ? undefined : id;
};
/** Undefined for an id of anybody else's. */
export const readCallId = (id: string | undefined): CallId | undefined => {
  if (id === undefined || !id.startsWith(PREFIX) || id.length > MOST_ID) return undefined;
  const [head, kind, form, length] = FORM.exec(id) ?? [];
  if (head === undefined || length === undefined) return undefined;
  const end = head.length + Number.parseInt(length, 36);
  const own = id.slice(head.length, end);
  if (end > id.length || !URL_SAFE.test(id)) return undefined;
  return { kind: KINDS[kind === 's' ? 's' : 'r'], vendor: form === 'p' ? own : Buffer.from(own, 'base64url').toString(), tail: id.slice(end) };
};
