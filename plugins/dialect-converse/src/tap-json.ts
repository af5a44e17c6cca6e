import { Buffer } from 'node:buffer';
import { asObject, type Bytes, type ErrorLike, type Fields, isObject, parseJson, some, type Tap, type Verdict } from '@llm-proxy-auth/plugin';
import { routedModel } from './reply/read.ts';
import { readUsage } from './reply/usage.ts';
import { exceptionFrame } from './stream/frames.ts';

/** Answers up to this size are parsed when they end; of larger ones (images, documents) only this much of the end is looked at. */
const KEPT = 64 * 1024;
const parse = (text: string): Fields | undefined => {
  try {
    return asObject(parseJson(text));
  } catch {
    return undefined;
  }
};
/** The usage object at the end of an answer whose beginning was not kept. */
const usageAt = (text: string): Fields | undefined => {
  const at = text.lastIndexOf('"usage":');
  const open = at < 0 ? -1 : text.indexOf('{', at);
  for (let close = text.indexOf('}', open); open >= 0 && close >= 0; close = text.indexOf('}', close + 1)) {
    const found = parse(text.slice(open, close + 1));
    if (found !== undefined) return found;
  }
  return undefined;
};
/** Watches a JSON answer for usage and model; fails on nothing. */
class JsonTap implements Tap {
  readonly #pieces: Bytes[] = [];
  #size = 0;
  #dropped = false;
  get state(): 'waiting' | 'content' {
    return this.#size > 0 ? 'content' : 'waiting';
  }
  bytes(chunk: Bytes): void {
    this.#pieces.push(chunk);
    this.#size += chunk.byteLength;
    while (this.#size - (this.#pieces[0]?.byteLength ?? 0) >= KEPT) {
      this.#size -= this.#pieces.shift()?.byteLength ?? 0;
      this.#dropped = true;
    }
  }
  fail(e: ErrorLike): Bytes {
    return exceptionFrame(e);
  }
  end(): Verdict {
    const text = Buffer.concat(this.#pieces).toString();
    if (this.#dropped) return { complete: text.trimEnd().endsWith('}'), usage: readUsage(usageAt(text)) };
    const body = parse(text);
    if (body === undefined) return { complete: false };
    return { complete: true, usage: readUsage(isObject(body.usage) ? body.usage : undefined), ...some('model', routedModel(body.trace)) };
  }
}
export const jsonTap = (): Tap => new JsonTap();
