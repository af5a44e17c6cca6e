import { Buffer } from 'node:buffer';

/*
 * Clients of other dialects bring back the id of a call and nothing else of it, so what Gemini needs again travels in the id: its own
 * id and the signature. Only letters, digits, `_` and `-`, which every vendor takes in an id.
 */
const HEAD = 'call_';
/** What stands between id and signature: whether the model issued the id, or it is one of ours that goes nowhere. */
const MARKS = Object.freeze({ issued: '__g1__', unissued: '__g0__' });
const ID = /^(.*?)__g([01])__([A-Za-z0-9_-]*)$/s;
/** What another gateway appends to ids; accepted from conversations that began there. */
const OTHER = /^(.*?)__thought__(.+)$/s;
const LONGEST = 8192;

const encode = (text: string): string => Buffer.from(text).toString('base64url');
const decode = (text: string): string => Buffer.from(text, 'base64url').toString();
/** What an id of a call holds. */
export interface CallId {
  /** The id that the model issued; undefined where it issued none. */
  readonly native: string | undefined;
  readonly signature: string | undefined;
}
/** An id that holds both; `unique` names a call that has no id of its own. Undefined when it would be longer than 8 KiB. */
export const packCallId = ({ native, signature }: CallId, unique: string): string | undefined => {
  const own = native === undefined ? unique + MARKS.unissued : HEAD + encode(native) + MARKS.issued;
  const id = own + (signature === undefined ? '' : encode(signature));
  return id.length > LONGEST ? undefined : id;
};
/** Undefined: not an id that holds anything. */
export const unpackCallId = (id: string): CallId | undefined => {
  const [, head, issued, signature] = ID.exec(id) ?? [];
  if (head !== undefined) {
    const native = issued === '1' && head.startsWith(HEAD) ? decode(head.slice(HEAD.length)) : undefined;
    return { native, signature: signature === undefined || signature === '' ? undefined : decode(signature) };
  }
  const [, native, other] = OTHER.exec(id) ?? [];
  return native === undefined ? undefined : { native, signature: other };
};
