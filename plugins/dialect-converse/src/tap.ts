import { Buffer } from 'node:buffer';
import {
  asNumber,
  asObject,
  type Bytes,
  type ErrorLike,
  eventStreamReader,
  type Fields,
  type Framing,
  GatewayError,
  parseJson,
  some,
  type Tap,
  type TapState,
  textHeader,
  type Verdict,
} from '@llm-proxy-auth/plugin';
import { readException } from './read-error.ts';
import { routedModel } from './reply/read.ts';
import { readUsage } from './reply/usage.ts';
import { exceptionFrame } from './stream/frames.ts';
import { isServed, opensPart } from './stream/read.ts';
import { jsonTap } from './tap-json.ts';

const view = (chunk: Bytes): Buffer => (Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
const parse = (payload: Bytes): Fields | undefined => {
  try {
    return asObject(parseJson(payload));
  } catch {
    return undefined;
  }
};
const NO_SENSE = new GatewayError('upstream_bad_response', 'The provider sent an event that makes no sense.');
/** Watches a passing ConverseStream. Of the flow of deltas it looks at checksums and the name of the event, and parses nothing. */
class StreamTap implements Tap {
  state: TapState = 'waiting';
  ended: number | undefined;
  #stopped = false;
  /** The stream ended inside a frame. */
  #broken = false;
  /** Blocks of which nothing can be shown until they are whole. */
  readonly #held = new Set<number>();
  #metadata: Fields | undefined;
  #failure: ErrorLike | undefined;
  readonly #reader = eventStreamReader((headers, payload) => {
    if (this.state === 'done' || this.state === 'failed') return;
    const kind = textHeader(headers, ':message-type');
    if (kind === 'exception') this.#fail(readException(`exception:${textHeader(headers, ':exception-type') ?? ''}`, view(payload).toString()));
    else if (kind === 'error')
      this.#fail(readException(`error:${textHeader(headers, ':error-code') ?? ''}`, JSON.stringify({ message: textHeader(headers, ':error-message') ?? '' })));
    else this.#event(textHeader(headers, ':event-type') ?? '', payload);
  });

  bytes(chunk: Bytes): void {
    const bytes = view(chunk);
    for (let at = 0; at < bytes.length && this.state !== 'done' && this.state !== 'failed'; ) {
      const length = bytes.length - at < 4 ? 0 : bytes.readUInt32BE(at);
      const end = length < 16 || at + length > bytes.length ? bytes.length : at + length;
      try {
        this.#reader.push(bytes.subarray(at, end));
      } catch (e) {
        this.#fail(e instanceof GatewayError ? e : NO_SENSE);
      }
      at = end;
      if ((this.state as TapState) === 'done') this.ended = at;
    }
  }
  /** An answer that was stopped is whole when the provider ends its stream there; nobody knows what it took. */
  over(): void {
    if (this.#isWhole()) this.state = 'done';
  }
  fail(e: ErrorLike): Bytes {
    return exceptionFrame(e);
  }
  end(): Verdict {
    return {
      complete: this.#isWhole(),
      usage: readUsage(this.#metadata?.usage),
      ...some('error', this.#failure),
      ...some('model', routedModel(this.#metadata?.trace)),
    };
  }
  #isWhole(): boolean {
    if (this.state === 'done' || this.state === 'failed' || !this.#stopped) return this.state === 'done';
    try {
      if (!this.#broken) this.#reader.end();
    } catch {
      this.#broken = true;
    }
    return !this.#broken;
  }
  #fail(e: ErrorLike): void {
    this.#failure ??= e;
    this.state = 'failed';
  }
  /** Whether something is shown yet. A block that the vendor fills by itself shows something when it is whole. */
  #look(type: string, event: Fields): void {
    const at = asNumber(event.contentBlockIndex) ?? 0;
    const shows =
      type === 'contentBlockStop'
        ? this.#held.has(at)
        : type === 'contentBlockStart'
          ? !isServed(asObject(event.start) ?? {})
          : opensPart(asObject(event.delta) ?? {});
    if (shows && (type === 'contentBlockStop' || !this.#held.has(at))) this.state = 'content';
    else this.#held.add(at);
  }
  #event(type: string, payload: Bytes): void {
    if (this.state === 'waiting' && type.startsWith('contentBlock')) this.#look(type, parse(payload) ?? {});
    else if (type === 'messageStop') {
      if (this.state === 'waiting') this.state = 'content';
      this.#stopped = true;
    } else if (type === 'metadata') {
      this.#metadata = parse(payload);
      if (this.#metadata === undefined) this.#fail(NO_SENSE);
      else if (this.#stopped) this.state = 'done';
    }
  }
}
export const converseTap = (framing: Framing): Tap => (framing === 'aws-eventstream' ? new StreamTap() : jsonTap());
