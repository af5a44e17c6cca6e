const PLAIN = /^[A-Za-z0-9 _.,:;/@{}()*+=~!?&%#|-]*$/;
/** What some readers take for the end of a line, and what terminals obey. */
const AWKWARD = /[\u007f-\u009f\u2028\u2029]/g;

/** A UTF-16 unit as JSON escapes it. */
export const escapeCharacter = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
/** JSON of a value on one line, whatever stands in it. */
export const jsonLine = (value: unknown): string => JSON.stringify(value).replace(AWKWARD, escapeCharacter);
/** `jsonLine` of a text. */
export const quoted = (value: string): string => (PLAIN.test(value) ? `"${value}"` : jsonLine(value.toWellFormed()));

// Bounded, since callers can be many.
const MOST_FAMILIAR = 1_000;
/**
 * Writes `,"name":"value"`, remembered whole: for routes, instances and callers, which repeat themselves. Every piece that a line is
 * joined of costs as much as its letters. Nothing where there is no value. `mark`: what it begins with instead of a comma.
 */
export const memberOf = (name: string, mark = ','): ((value: string | undefined) => string) => {
  const before = `${mark}"${name}":`;
  const known = new Map<string, string>();
  return (value) => {
    if (value === undefined) return '';
    const found = known.get(value);
    if (found !== undefined) return found;
    // Letters: added texts stay a tree, which whoever writes the line walks each time.
    const made = [before, quoted(value)].join('');
    if (known.size < MOST_FAMILIAR) known.set(value, made);
    return made;
  };
};

const MOST_EPOCH = 1e15;
let lastSecond = { number: Number.NaN, text: '' };
/** Text of epoch ms, its seconds made once: text of a large number costs five times as much as that of a small one. */
export const epochText = (ms: number): string => {
  if (!(Number.isInteger(ms) && ms >= 1_000 && ms < MOST_EPOCH)) return `${ms}`;
  const number = Math.floor(ms / 1_000);
  if (number !== lastSecond.number) lastSecond = { number, text: `${number}` };
  const rest = ms - number * 1_000;
  return lastSecond.text + (rest < 10 ? `00${rest}` : rest < 100 ? `0${rest}` : `${rest}`);
};
