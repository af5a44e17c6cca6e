import { asObject, asText, type Bytes, type ErrorLike, type Fields, type Tap, type Usage, type Verdict } from '@llm-proxy-auth/plugin';
import { errorEvent } from './error.ts';
import { readErrorMember } from './read-error.ts';
import { readUsage } from './usage.ts';

/** Bodies up to this size are parsed whole when they end; of larger ones only this much of the end is looked at. */
const KEPT = 64 * 1024;
const parse = (text: string): Fields | undefined => {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
};
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
const usageIn = (text: string): Usage | undefined => {
  const at = text.lastIndexOf('"usage":');
  const from = at < 0 ? -1 : text.indexOf('{', at);
  const end = from < 0 ? -1 : objectEnd(text, from);
  if (end < 0) return undefined;
  const json = text.slice(from, end);
  return readUsage(parse(json), json);
};
const modelIn = (text: string): string | undefined => /"model":\s?"([^"\\]*)"/.exec(text)?.[1];
const tailOf = (pieces: readonly Bytes[]): Buffer => {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return Buffer.isBuffer(only) ? only : Buffer.from(only.buffer, only.byteOffset, only.byteLength);
  const kept: Bytes[] = [];
  let size = 0;
  for (let i = pieces.length - 1; i >= 0 && size < KEPT; i--) {
    const piece = pieces[i] ?? new Uint8Array();
    kept.unshift(piece);
    size += piece.byteLength;
  }
  return Buffer.concat(kept);
};
const wholeVerdict = (text: string): Verdict => {
  const trimmed = text.trimEnd();
  if (!trimmed.endsWith('}') || objectEnd(trimmed, trimmed.indexOf('{')) !== trimmed.length) return { complete: false };
  // Only what is looked at is parsed; an answer that may be an error is parsed whole.
  if (!text.includes('"error"')) return { complete: true, usage: usageIn(text), model: modelIn(text) };
  const body = parse(text);
  if (body === undefined) return { complete: false };
  const error = body.error === undefined || body.error === null ? undefined : readErrorMember(body.error);
  return { complete: error === undefined, usage: usageIn(text), error, model: asText(body.model), id: undefined };
};
/** A body too large to keep: its end must close an object; usage and model are looked for there. */
const tailVerdict = (text: string): Verdict => ({
  complete: text.trimEnd().endsWith('}'),
  usage: usageIn(text),
  model: modelIn(text),
});

/** Watches a JSON answer for usage and model; fails on nothing. A class: a getter in a literal is a new shape for each answer. */
class JsonTap implements Tap {
  readonly #pieces: Bytes[] = [];
  #size = 0;
  #dropped = false;
  get state(): 'waiting' | 'content' {
    return this.#size > 0 ? 'content' : 'waiting';
  }
  bytes(chunk: Bytes): void {
    const pieces = this.#pieces;
    pieces.push(chunk);
    this.#size += chunk.byteLength;
    while (this.#size - (pieces[0]?.byteLength ?? 0) >= KEPT) {
      this.#size -= pieces.shift()?.byteLength ?? 0;
      this.#dropped = true;
    }
  }
  fail(e: ErrorLike): string {
    return errorEvent(e);
  }
  end(): Verdict {
    const text = tailOf(this.#pieces).toString('utf8');
    return this.#dropped ? tailVerdict(text) : wholeVerdict(text);
  }
}
export const jsonTap = (): Tap => new JsonTap();

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
