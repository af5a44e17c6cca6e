import { createHmac } from 'node:crypto';

/** What signs thoughts here. Real signatures cannot be made; these behave alike: opaque, and refused when they or what they stand on is another. */
const secret = 'thoughts of the stand-in';
const stable = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
const mac = (kind: string, what: unknown): string =>
  createHmac('sha512', secret)
    .update(`${kind} ${stable(what)}`)
    .digest('base64');

export const signCall = (name: string, args: unknown): string => mac('call', [name, args]);
export const signText = (text: string): string => mac('text', text);

/** History that no Gemini wrote says this instead; in both spellings that clients have for it. */
const DUMMY = 'skip_thought_signature_validator';
const dummies: ReadonlySet<string> = new Set([DUMMY, Buffer.from(DUMMY).toString('base64'), 'context_engineering_is_the_way_to_go']);
export const isDummy = (signature: string): boolean => dummies.has(signature);
const plain = (signature: string): string => signature.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
const same = (a: string, b: string): boolean => plain(a) === plain(b);
export const fitsCall = (signature: string, name: string, args: unknown): boolean => same(signature, signCall(name, args));
/** A signature of text is good on its text; a stream sends it on an empty part at the end, and clients send that back. */
export const fitsText = (signature: string, text: string, before: string): boolean =>
  same(signature, signText(text)) || (text === '' && same(signature, signText(before)));
