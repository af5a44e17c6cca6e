import { Buffer } from 'node:buffer';
import type { Tap, Verdict } from './dialect.ts';
import type { ErrorLike } from './error.ts';
import { view } from './framing/held.ts';
import type { Bytes } from './wire.ts';

/** Bytes of an answer that are kept: one that is no larger is read whole when it ends, of a larger one only its end. */
const KEPT = 64 * 1024;

/** How a dialect reads an answer that passes whole. */
export interface AnswerRules {
  /** The whole answer. Most of it is looked at by nobody, so a rule makes text of what it reads. */
  whole(bytes: Buffer): Verdict;
  /** The end of an answer whose beginning was not kept. */
  tail(bytes: Buffer): Verdict;
  fail(e: ErrorLike, requestId?: string): string | Bytes;
}
/** Watches a JSON answer for what stands in it when it ends. A class: a getter in a literal is a new shape for each answer. */
class AnswerTap implements Tap {
  readonly #rules: AnswerRules;
  /** Made with the first one: an empty list that grows takes room for many. */
  #pieces: Bytes[] | undefined;
  #size = 0;
  #dropped = false;
  constructor(rules: AnswerRules) {
    this.#rules = rules;
  }
  get state(): 'waiting' | 'content' {
    return this.#size > 0 ? 'content' : 'waiting';
  }
  bytes(chunk: Bytes): void {
    this.#size += chunk.byteLength;
    const pieces = this.#pieces;
    if (pieces === undefined) {
      this.#pieces = [chunk];
      return;
    }
    pieces.push(chunk);
    while (this.#size - (pieces[0]?.byteLength ?? 0) >= KEPT) {
      this.#size -= pieces.shift()?.byteLength ?? 0;
      this.#dropped = true;
    }
  }
  fail(e: ErrorLike, requestId?: string): string | Bytes {
    return this.#rules.fail(e, requestId);
  }
  end(): Verdict {
    const pieces = this.#pieces ?? [];
    const only = pieces[0];
    const bytes = pieces.length === 1 && only !== undefined ? view(only) : Buffer.concat(pieces);
    return this.#dropped ? this.#rules.tail(bytes) : this.#rules.whole(bytes);
  }
}
export const answerTap = (rules: AnswerRules): Tap => new AnswerTap(rules);

/** Watches an answer whose bytes mean nothing to us (speech, file content). */
class BinaryTap implements Tap {
  state: 'waiting' | 'content' = 'waiting';
  bytes(): void {
    this.state = 'content';
  }
  fail(): string {
    return '';
  }
  end(): Verdict {
    return { complete: true };
  }
}
export const binaryTap = (): Tap => new BinaryTap();

/** Place of the quote that ends the string whose text begins at `from`; the text's length when there is none. Long strings are leapt over natively. */
const stringEnd = (text: string, from: number): number => {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return text.length;
};
/** End of the JSON object that starts at `from`, exclusive; -1 when it does not end. */
export const objectEnd = (text: string, from: number): number => {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) i = stringEnd(text, i + 1);
    else if (c === 0x7b) depth++;
    else if (c === 0x7d && --depth === 0) return i + 1;
  }
  return -1;
};
/** The first object behind a place in a text, as it is written there; undefined when there is none, it does not end, or the place is below 0. */
export const objectBehind = (text: string, at: number): string | undefined => {
  const from = at < 0 ? -1 : text.indexOf('{', at);
  const end = from < 0 ? -1 : objectEnd(text, from);
  return end < 0 ? undefined : text.slice(from, end);
};
const USAGE = '"usage":';
const USAGE_BYTES = Buffer.from(USAGE);
/** The object under the last `"usage":` of a text, as it is written there; undefined when it has none or it does not end. */
export const usageText = (text: string): string | undefined => objectBehind(text, text.lastIndexOf(USAGE));
/** The same in bytes of which nobody needs the text: none is made of what stands before the name. */
export const usageInBytes = (bytes: Buffer): string | undefined => {
  const at = bytes.lastIndexOf(USAGE_BYTES);
  return at < 0 ? undefined : objectBehind(bytes.toString('utf8', at), 0);
};
/** True for a text that is one JSON object from its first brace to its end. */
export const isWholeObject = (text: string): boolean => {
  const trimmed = text.trimEnd();
  return trimmed.endsWith('}') && objectEnd(trimmed, trimmed.indexOf('{')) === trimmed.length;
};
