import { asObject, type Bytes, type ErrorLike, type Fields, type Tap, type Usage, type Verdict } from '@llm-proxy-auth/plugin';
import { errorPayload } from './error.ts';
import { readErrorObject } from './read-error.ts';
import { readUsage } from './usage.ts';

/** Of larger bodies only this much of the end is looked at. */
const KEPT = 64 * 1024;
const parse = (text: string): Fields | undefined => {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
};
/** End of the JSON object that starts at `from`, exclusive; -1 when it does not end. */
const objectEnd = (text: string, from: number): number => {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) {
      for (i++; i < text.length && text.charCodeAt(i) !== 0x22; i++) if (text.charCodeAt(i) === 0x5c) i++;
    } else if (c === 0x7b) depth++;
    else if (c === 0x7d && --depth === 0) return i + 1;
  }
  return -1;
};
const usageIn = (text: string): Usage | undefined => {
  const at = text.lastIndexOf('"usage":');
  const from = at < 0 ? -1 : text.indexOf('{', at);
  const end = from < 0 ? -1 : objectEnd(text, from);
  return end < 0 ? undefined : readUsage(parse(text.slice(from, end)));
};
const modelIn = (text: string): string | undefined => /"model":\s?"([^"\\]*)"/.exec(text)?.[1];
const ERROR = /^\s*\{\s*"(?:type":\s*"error"|error":)/;
const wholeVerdict = (text: string): Verdict => {
  const trimmed = text.trimEnd();
  if (!trimmed.endsWith('}') || objectEnd(trimmed, trimmed.indexOf('{')) !== trimmed.length) return { complete: false };
  if (!ERROR.test(text)) return { complete: true, usage: usageIn(text), model: modelIn(text) };
  const body = parse(text);
  return body === undefined ? { complete: false } : { complete: false, error: readErrorObject(body) };
};
/** A body too large to keep: its end must close an object; usage and model are looked for there. */
const tailVerdict = (text: string): Verdict => ({ complete: text.trimEnd().endsWith('}'), usage: usageIn(text), model: modelIn(text) });

/** Watches a JSON answer for usage and model. A class: a getter in a literal is a new shape for each answer. */
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
    return errorPayload(e);
  }
  end(): Verdict {
    const text = Buffer.concat(this.#pieces).toString('utf8');
    return this.#dropped ? tailVerdict(text) : wholeVerdict(text);
  }
}
export const jsonTap = (): Tap => new JsonTap();

/** Watches an answer whose bytes mean nothing to us (the content of a file). */
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
