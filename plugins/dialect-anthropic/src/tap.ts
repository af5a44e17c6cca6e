import { Buffer } from 'node:buffer';
import {
  asObject,
  asText,
  type Bytes,
  binaryTap,
  type ErrorLike,
  eventStreamMessage,
  type Fields,
  type Framing,
  frameReader,
  isObject,
  type Tap,
  type TapState,
  type Verdict,
} from '@llm-proxy-auth/plugin';
import { errorEvent } from './error.ts';
import { METRICS, measured } from './measured.ts';
import { readErrorObject, readException } from './read-error.ts';
import { jsonTap } from './tap-json.ts';
import { mergeUsage, readUsage } from './usage.ts';

/**
 * One of these stands in every event worth reading; found natively, which is several times faster than parsing. A model may write the same
 * words, so an event in which they stand is parsed before anything is believed.
 */
const NEEDLES: readonly string[] = Object.freeze(['"message_', '"error"']);
/** What a client shows, or may not be asked for again. */
const CONTENT = 'content_block_';
const EVENT_END = /\r\n\r\n|\n\n|\r\r/g;

const latin1 = (chunk: Bytes): string => (Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)).toString('latin1');
const parse = (text: string): Fields | undefined => {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
};
const holdsOne = (text: string): boolean => NEEDLES.some((needle) => text.includes(needle));
/** The data of one event: its `data:` lines joined. */
const dataOf = (event: string): string => {
  const lines: string[] = [];
  for (const line of event.split(/\r\n|\n|\r/)) if (line.startsWith('data:')) lines.push(line.startsWith('data: ') ? line.slice(6) : line.slice(5));
  return Buffer.from(lines.join('\n'), 'latin1').toString('utf8');
};
/** A block of text or thinking is empty where it opens. */
const shows = (event: Fields): boolean => {
  if (event.type === 'content_block_delta') return true;
  if (event.type !== 'content_block_start') return false;
  const block = asObject(event.content_block) ?? {};
  return !((block.type === 'text' && block.text === '') || (block.type === 'thinking' && block.thinking === ''));
};

/** What the events of a passing stream add up to, whatever they are framed in. */
class Sum {
  state: TapState = 'waiting';
  #usage: Fields | undefined;
  #failure: ErrorLike | undefined;
  #model: string | undefined;
  #container: string | undefined;
  #said = false;

  fail(error: ErrorLike): void {
    this.#failure ??= error;
    this.state = 'failed';
  }
  take(event: Fields): void {
    if (this.state === 'done' || this.state === 'failed') return;
    const { type } = event;
    if (type === 'message_start') this.#start(asObject(event.message) ?? {});
    else if (type === 'message_delta') {
      this.#said = true;
      this.#usage = mergeUsage(this.#usage, event.usage);
      this.#contained(asObject(event.delta)?.container);
    } else if (type === 'message_stop') this.#stop(event);
    else if (type === 'error' || isObject(event.error)) this.fail(readErrorObject(event));
    else if (shows(event)) this.state = 'content';
  }
  verdict(): Verdict {
    return { complete: this.state === 'done', usage: readUsage(this.#usage), error: this.#failure, model: this.#model, id: this.#container };
  }
  #start(message: Fields): void {
    this.#model = asText(message.model);
    this.#usage = mergeUsage(this.#usage, message.usage);
    this.#contained(message.container);
  }
  #contained(container: unknown): void {
    this.#container = asText(asObject(container)?.id) ?? this.#container;
  }
  #stop(event: Fields): void {
    if (!this.#said)
      return this.fail({ code: 'upstream_stream_truncated', status: 502, message: 'The provider ended the stream before it finished its answer.' });
    this.#usage ??= measured(event[METRICS]);
    this.state = 'done';
  }
}

/** Watches server-sent events. */
class SseTap implements Tap {
  ended: number | undefined;
  readonly #sum = new Sum();
  get state(): TapState {
    return this.#sum.state;
  }
  bytes(chunk: Bytes): void {
    const text = latin1(chunk);
    const waits = this.#sum.state === 'waiting';
    if (!(waits && text.includes(CONTENT)) && !holdsOne(text)) return;
    let from = 0;
    for (const { 0: end, index } of text.matchAll(EVENT_END)) {
      this.#event(text.slice(from, index), index + end.length);
      from = index + end.length;
    }
    if (from < text.length) this.#event(text.slice(from), text.length);
  }
  fail(e: ErrorLike, requestId?: string): string {
    return errorEvent(e, requestId);
  }
  idle(): string {
    return 'event: ping\ndata: {"type":"ping"}\n\n';
  }
  end(): Verdict {
    return this.#sum.verdict();
  }
  #event(event: string, end: number): void {
    const sum = this.#sum;
    if (sum.state === 'done' || !((sum.state === 'waiting' && event.includes(CONTENT)) || holdsOne(event))) return;
    const payload = parse(dataOf(event));
    if (payload === undefined) return;
    sum.take(payload);
    if ((sum.state as TapState) === 'done') this.ended = end;
  }
}
/** Watches the same events inside an AWS event stream. */
class EventStreamTap implements Tap {
  readonly #sum = new Sum();
  #broken = false;
  readonly #frames = frameReader('aws-eventstream', (type, data) => this.#message(type, data));
  get state(): TapState {
    return this.#sum.state;
  }
  bytes(chunk: Bytes): void {
    if (this.#broken) return;
    try {
      this.#frames.push(chunk);
    } catch {
      this.#broken = true;
    }
  }
  fail(e: ErrorLike): Bytes {
    const headers = { ':message-type': 'exception', ':exception-type': 'internalServerException', ':content-type': 'application/json' };
    return eventStreamMessage(headers, Buffer.from(JSON.stringify({ message: e.message })));
  }
  end(): Verdict {
    return this.#sum.verdict();
  }
  #message(type: string, data: string): void {
    if (type.startsWith('exception:') || type.startsWith('error:')) return this.#sum.fail(readException(type.slice(type.indexOf(':') + 1), data));
    const bytes = asText(parse(data)?.bytes);
    const payload = bytes === undefined ? undefined : parse(Buffer.from(bytes, 'base64').toString('utf8'));
    if (payload !== undefined) this.#sum.take(payload);
  }
}

/** Watches a passing answer of messages: JSON, server-sent events, or an AWS event stream. */
export const messagesTap = (framing: Framing): Tap => {
  if (framing === 'json') return jsonTap();
  if (framing === 'sse') return new SseTap();
  return framing === 'aws-eventstream' ? new EventStreamTap() : binaryTap();
};
