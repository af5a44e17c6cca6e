import { Buffer } from 'node:buffer';
import { controlIn } from './control.ts';
import { BACKSLASH, HEX_DIGITS, ORDINARY, QUOTE, SIMPLE_ESCAPES } from './grammar.ts';

const [TEXT, ESCAPE, HEX] = [0, 1, 2] as const;
/** Bytes looked at one by one before a native search is worth its call. */
const SHORT = 48;
const BAD_ESCAPE = 'A string of the body has an escape that JSON does not know.';

/** The inside of one string after another, over any number of chunks. */
export class StringScan {
  readonly #controls: boolean;
  /** Raw bytes kept of a string; of a longer one nothing is. */
  readonly #most: number;
  /** Its closing quote has been found. */
  closed = false;
  /** Why it is no string of JSON. */
  broken: string | undefined = undefined;
  escaped = false;
  /** Where its text begins in this chunk. */
  from = 0;
  #mode: number = TEXT;
  /** Digits that an escape lacks. */
  #left = 0;
  #keeps = false;
  #pieces: Buffer[] | undefined = undefined;
  #kept = 0;
  /** Next quote and backslash of this chunk, once searched for. */
  #quote = -1;
  #slash = -1;

  /** `controls`: control characters are let be. */
  constructor(controls: boolean, most: number) {
    this.#controls = controls;
    this.#most = most;
  }
  /** All of it lies in this chunk. */
  get inOnePiece(): boolean {
    return this.#kept === 0;
  }
  get long(): boolean {
    return this.#kept > this.#most;
  }
  /** Another chunk begins. */
  resume(): void {
    this.from = 0;
    this.#quote = this.#slash = -1;
  }
  /** The chunk ends before the string does. */
  suspend(chunk: Buffer): void {
    if (this.#keeps) this.#keep(chunk.subarray(this.from));
  }
  /** Its opening quote stands before `at`. `keeps`: what it says is asked for. */
  begin(at: number, keeps: boolean): void {
    this.closed = false;
    this.escaped = false;
    this.from = at;
    this.#mode = TEXT;
    this.#keeps = keeps;
    this.#pieces = undefined;
    this.#kept = 0;
  }
  /** Reads on; returns the place of its closing quote, of what breaks it, or the end of the chunk. */
  take(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length) {
      at = this.#mode === TEXT ? this.#text(chunk, at) : this.#mode === ESCAPE ? this.#escape(chunk, at) : this.#hex(chunk, at);
      if (this.closed || this.broken !== undefined) return at;
    }
    return at;
  }
  /** What was kept of it, its last piece in this chunk ending at `end`. */
  joined(chunk: Buffer, end: number): Buffer {
    this.#keep(chunk.subarray(this.from, end));
    return Buffer.concat(this.#pieces ?? []);
  }
  #broke(at: number, why: string): number {
    this.broken = why;
    return at;
  }
  #text(chunk: Buffer, from: number): number {
    const size = chunk.length;
    let at = from;
    for (;;) {
      const soon = Math.min(at + SHORT, size);
      while (at < soon && ORDINARY[chunk[at] ?? 0] === 1) at++;
      if (at === size) return at;
      if (at === soon) {
        at = this.#leap(chunk, at);
        if (at === size) return at;
      }
      const c = chunk[at] ?? 0;
      if (c === QUOTE) {
        this.closed = true;
        return at;
      }
      if (c !== BACKSLASH) {
        if (!this.#controls) return this.#broke(at, 'A control character stands unescaped in a string of the body.');
        at++;
        continue;
      }
      this.escaped = true;
      if (SIMPLE_ESCAPES[chunk[at + 1] ?? 0] !== 1) {
        this.#mode = ESCAPE;
        return at + 1;
      }
      at += 2;
    }
  }
  /** Index of the next quote, backslash or control character, or the chunk's end, by native search. */
  #leap(chunk: Buffer, at: number): number {
    const size = chunk.length;
    if (this.#quote < at) {
      const next = chunk.indexOf(QUOTE, at);
      this.#quote = next < 0 ? size : next;
    }
    if (this.#slash < at) {
      const next = chunk.indexOf(BACKSLASH, at);
      this.#slash = next < 0 ? size : next;
    }
    const next = Math.min(this.#quote, this.#slash);
    return this.#controls ? next : controlIn(chunk, at, next);
  }
  #escape(chunk: Buffer, at: number): number {
    const c = chunk[at] ?? 0;
    if (c === 117) {
      this.#left = 4;
      this.#mode = HEX;
      return at + 1;
    }
    if (SIMPLE_ESCAPES[c] !== 1) return this.#broke(at, BAD_ESCAPE);
    this.#mode = TEXT;
    return at + 1;
  }
  #hex(chunk: Buffer, from: number): number {
    let at = from;
    for (; at < chunk.length && this.#left > 0; at++, this.#left--) {
      if (HEX_DIGITS[chunk[at] ?? 0] !== 1) return this.#broke(at, BAD_ESCAPE);
    }
    if (this.#left === 0) this.#mode = TEXT;
    return at;
  }
  #keep(bytes: Buffer): void {
    this.#kept += bytes.length;
    if (this.#kept > this.#most) return;
    this.#pieces ??= [];
    this.#pieces.push(bytes);
  }
}
