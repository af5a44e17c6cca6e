import { Buffer } from 'node:buffer';

const needles = new Map<string, Buffer>();
const needleOf = (mark: string): Buffer => {
  const known = needles.get(mark) ?? Buffer.from(mark);
  needles.set(mark, known);
  return known;
};
const holds = (pieces: readonly Buffer[], needle: Buffer): boolean => {
  let tail: Buffer | undefined;
  for (const piece of pieces) {
    if (piece.includes(needle)) return true;
    // What stands across two pieces.
    if (tail !== undefined && Buffer.concat([tail, piece.subarray(0, needle.length)]).includes(needle)) return true;
    const end = tail === undefined || piece.length >= needle.length ? piece : Buffer.concat([tail, piece]);
    tail = end.subarray(Math.max(0, end.length - needle.length + 1));
  }
  return false;
};
/** Whether a body holds one of these texts, in however many pieces it came. */
export const isMarked = (pieces: readonly Buffer[], marks: readonly string[]): boolean => marks.some((mark) => holds(pieces, needleOf(mark)));
