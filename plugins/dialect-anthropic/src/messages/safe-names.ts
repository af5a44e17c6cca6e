import { createHash } from 'node:crypto';

const ALLOWED = /^[a-zA-Z0-9_-]+$/;
/** Longest name of a tool, and of an id, that every endpoint of this vendor takes. */
const LONGEST = 64;
/** A text of the characters the provider takes; where that changes it, with a mark made of the original, so that it stays one of its own. */
const safe = (text: string): string => {
  if (ALLOWED.test(text) && text.length <= LONGEST) return text;
  const mark = createHash('sha256').update(text).digest('hex').slice(0, 6);
  return `${text.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, LONGEST - 7)}-${mark}`;
};

/** Names and ids that were changed for the provider, and back. */
export interface SafeNames {
  readonly write: (text: string) => string;
  /** The client's own by the provider's. */
  readonly changed: ReadonlyMap<string, string>;
}
export const safeNames = (onChange: () => void): SafeNames => {
  const changed = new Map<string, string>();
  const write = (text: string): string => {
    const to = safe(text);
    if (to !== text && !changed.has(to)) {
      changed.set(to, text);
      onChange();
    }
    return to;
  };
  return { write, changed };
};
