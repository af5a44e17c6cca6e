import { Buffer, isUtf8 } from 'node:buffer';

/** Bytes a character takes by its first byte; 0 for a byte that cannot begin one. */
const width = (lead: number): number => {
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
};
/** Length of the character that begins at the end of the bytes and is not whole there, else 0. */
const cutLength = (bytes: Buffer): number => {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const c = bytes[bytes.length - back] ?? 0;
    if (c < 0x80) return 0;
    if (c >= 0xc0) return width(c) > back ? back : 0;
  }
  return 0;
};
const validPrefix = (bytes: Buffer, length: number): boolean => isUtf8(bytes.subarray(0, length - cutLength(bytes.subarray(0, length))));
/** Index at which the first character begins that is not valid; a bisection, as native checks are quick and this is the rare case. */
const firstBad = (bytes: Buffer): number => {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (validPrefix(bytes, middle)) good = middle;
    else bad = middle;
  }
  return good - cutLength(bytes.subarray(0, good));
};

/** Checks UTF-8 over arbitrary chunks at native speed. */
export class Utf8Check {
  #base = 0;
  /** First bytes of a character whose rest is to come. */
  #cut: number[] | undefined = undefined;

  /** Absolute offset of a character cut by the end of what was pushed. */
  get open(): number | undefined {
    return this.#cut === undefined ? undefined : this.#base - this.#cut.length;
  }
  /** Absolute offset at which the bytes stop being UTF-8, undefined while they are. */
  push(chunk: Buffer): number | undefined {
    let from = 0;
    if (this.#cut !== undefined) {
      const cut = this.#cut;
      const start = this.#base - cut.length;
      const need = width(cut[0] ?? 0);
      while (cut.length < need && from < chunk.length) {
        const next = chunk[from++] ?? 0;
        if (next < 0x80 || next > 0xbf) return start;
        cut.push(next);
      }
      if (cut.length === need) {
        if (!isUtf8(Buffer.from(cut))) return start;
        this.#cut = undefined;
      }
    }
    const left = from === 0 ? chunk : chunk.subarray(from);
    if (!isUtf8(left)) {
      const cut = cutLength(left);
      const whole = left.subarray(0, left.length - cut);
      if (cut === 0 || !isUtf8(whole)) return this.#base + from + firstBad(whole);
      this.#cut = [...left.subarray(left.length - cut)];
    }
    this.#base += chunk.length;
    return undefined;
  }
}
