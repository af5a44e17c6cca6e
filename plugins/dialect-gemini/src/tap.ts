import {
  asList,
  asObject,
  asText,
  type Bytes,
  binaryTap,
  type ErrorLike,
  type Fields,
  type FrameReader,
  type Framing,
  frameReader,
  type Json,
  sseComment,
  type Tap,
  type TapState,
  type Verdict,
} from '@llm-proxy-auth/plugin';
import { answerObject, candidatesOf, errorIn, isFinished, isPlainError } from './candidates.ts';
import { errorBody, errorEvent } from './error.ts';
import { isBlocked } from './generate/reply.ts';
import { readErrorObject } from './read-error.ts';
import { jsonTap } from './tap-json.ts';
import { mergeUsage, readUsage } from './usage.ts';

const parse = (text: string): Json => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
const BLANK_LINE = /(?:\r\n|\r(?!\n)|\n){2}/g;
/** The first event that tells an error, and what stands before it; `events` are whole. */
const firstError = (events: string): { readonly before: string; readonly event: string } => {
  let from = 0;
  for (const { index, 0: blank } of events.matchAll(BLANK_LINE)) {
    const event = events.slice(from, index + blank.length);
    let isError = false;
    frameReader('sse', (_type, data) => {
      isError ||= errorIn(parse(data)) !== undefined;
    }).push(Buffer.from(event));
    if (isError) return { before: events.slice(0, from), event };
    from = index + blank.length;
  }
  return { before: events, event: '' };
};
/** The chunk in which an error was told, as the vendor's clients see that there is one. */
const seen = (chunk: Bytes, failure: ErrorLike): Bytes => {
  const { before, event } = firstError(Buffer.from(chunk).toString('utf8'));
  if (event === '' || (/^\s*data:/.test(event) && isPlainError(parse(event.trim().slice('data:'.length))))) return chunk;
  return Buffer.from(before + errorEvent(failure));
};
const shows = (candidate: Fields): boolean =>
  asList(asObject(candidate.content)?.parts).some((part) => {
    const o = asObject(part) ?? {};
    return o.text !== '' || o.thoughtSignature !== undefined;
  });
/** Watches a passing stream of answers. The end of the transport is its end, so it is asked then whether the answer is whole. */
class StreamTap implements Tap {
  /** There from the event that tells an error on: one that clients would not see is told as they see one, and nothing behind it. */
  cut?: (chunk: Bytes) => Bytes;
  readonly #array: boolean;
  readonly #frames: FrameReader;
  readonly #finished = new Map<number, boolean>();
  #state: TapState = 'waiting';
  #usage: Fields | undefined;
  #failure: ErrorLike | undefined;
  #model: string | undefined;
  #blocked = false;
  #broken = false;

  constructor(framing: Framing) {
    this.#array = framing === 'json-array';
    this.#frames = frameReader(framing, (_type, data) => this.#event(data));
  }
  get state(): TapState {
    return this.#state;
  }
  bytes(chunk: Bytes): void {
    if (this.#broken || this.#state === 'failed') return;
    try {
      this.#frames.push(chunk);
    } catch {
      this.#broken = true;
    }
  }
  fail(e: ErrorLike): string {
    if (!this.#array) return errorEvent(e);
    return `${this.#finished.size > 0 || this.#state === 'content' ? ',\r\n' : '['}${errorBody(e)}]`;
  }
  idle(): string {
    return this.#array ? '\n' : sseComment('keep-alive');
  }
  over(): void {
    if (this.#state !== 'failed' && this.#isWhole()) this.#state = 'done';
  }
  end(): Verdict {
    return {
      complete: this.#state === 'done' || (this.#state !== 'failed' && this.#isWhole()),
      usage: readUsage(this.#usage),
      error: this.#failure,
      model: this.#model,
    };
  }
  #isWhole(): boolean {
    if (this.#broken || !this.#ended()) return false;
    return this.#finished.size > 0 ? [...this.#finished.values()].every(Boolean) : this.#blocked;
  }
  /** An array is closed by its bracket; events are never cut by the transport's end, as only whole ones are seen. */
  #ended(): boolean {
    if (!this.#array) return true;
    try {
      this.#frames.end();
      return true;
    } catch {
      return false;
    }
  }
  #event(data: string): void {
    if (this.#broken || this.#state === 'failed') return;
    const parsed = parse(data);
    const told = errorIn(parsed);
    const payload = answerObject(parsed);
    if (told !== undefined) {
      const failure = readErrorObject(told);
      this.#failure = failure;
      this.#state = 'failed';
      if (!this.#array) this.cut = (chunk) => seen(chunk, failure);
    } else if (payload === undefined) this.#broken = true;
    else this.#take(payload);
  }
  #take(payload: Fields): void {
    this.#usage = mergeUsage(this.#usage, payload.usageMetadata);
    this.#model = asText(payload.modelVersion) ?? this.#model;
    this.#blocked ||= isBlocked(payload);
    for (const [index, candidate] of candidatesOf(payload)) {
      this.#finished.set(index, isFinished(candidate));
      if (this.#state === 'waiting' && shows(candidate)) this.#state = 'content';
    }
  }
}
/** Watches a passing answer: JSON, server-sent events, or one array that grows. */
export const generateTap = (framing: Framing): Tap => {
  if (framing === 'json') return jsonTap();
  return framing === 'sse' || framing === 'json-array' ? new StreamTap(framing) : binaryTap();
};
