import type { Call, ClientHalf, ErrorLike, Framing, ProviderHalf, Surface, Tap, TapState, UpstreamReply, WholeEvents } from '@llm-proxy-auth/plugin';
import { eventsOf, wholeEvents } from '@llm-proxy-auth/plugin';
import type { ReplyHead } from './dispatch.ts';
import type { Exchange } from './exchange.ts';
import type { StreamBody } from './reply/stream.ts';

export const CONTENT_TYPES: Readonly<Record<Framing, string>> = Object.freeze({
  json: 'application/json',
  sse: 'text/event-stream',
  'sse-lines': 'text/event-stream',
  'aws-eventstream': 'application/vnd.amazon.eventstream',
  'json-array': 'application/json',
  ndjson: 'application/x-ndjson',
  binary: '',
});
export const isType = (contentType: string, wanted: string): boolean => {
  const parameters = contentType.indexOf(';');
  return (parameters < 0 ? contentType : contentType.slice(0, parameters)).trim().toLowerCase() === wanted;
};
export const isEvents = (contentType: string): boolean => isType(contentType, CONTENT_TYPES.sse);
const NOTHING = new Uint8Array();

/** One whole reply as the stream the client asked for. */
export const streamFromWhole = (
  client: ClientHalf<'chat'> | undefined,
  provider: ProviderHalf<'chat'> | undefined,
  call: Call,
  memo: unknown,
  reply: UpstreamReply,
  x: Exchange,
): string | Uint8Array | undefined => {
  if (client?.stream === undefined || provider === undefined) return undefined;
  const read = provider.read(reply, call, memo);
  x.usage = read.usage;
  const writer = client.stream(call);
  const pieces = eventsOf(read).map((e) => writer.event(e));
  return Buffer.concat([...pieces, writer.end()].map((p) => (typeof p === 'string' ? Buffer.from(p) : p)));
};

/** How the answer of a passing stream is read when the provider answered with a whole reply, and what is recorded at its end. */
export interface PassingRules {
  readonly surface: Surface<'chat'> | Surface<'opaque'>;
  readonly framing: Framing;
  readonly call: Call;
  headers(head: ReplyHead): readonly string[];
  /** Usage and ids, when the stream ends. */
  onVerdict(x: Exchange, tap: Tap): void | Promise<void>;
}
/** A stream whose bytes pass: whole events are forwarded as they are, a tap watches. */
class PassingStream implements StreamBody {
  readonly type: string;
  readonly #x: Exchange;
  readonly #rules: PassingRules;
  readonly #framing: Framing;
  readonly #tap: Tap;
  readonly #events: WholeEvents;
  #error: ErrorLike | undefined;

  constructor(x: Exchange, rules: PassingRules, framing: Framing, tap: Tap) {
    this.#x = x;
    this.#rules = rules;
    this.#framing = framing;
    this.#tap = tap;
    this.#events = wholeEvents(framing);
    this.type = framing === 'sse' ? 'text/event-stream; charset=utf-8' : CONTENT_TYPES[framing];
  }
  accepts(contentType: string): boolean {
    return isType(contentType, CONTENT_TYPES[this.#framing]);
  }
  push(chunk: Buffer): Uint8Array {
    const whole = this.#events.push(chunk);
    return whole === undefined || whole.length === 0 ? NOTHING : this.#take(whole);
  }
  end(): string | Uint8Array {
    const before = this.#tap.state;
    // A last event may lack its blank line; a cut one never becomes the terminal event by it.
    const tail = this.#events.rest();
    const out = tail.length === 0 || this.#framing !== 'sse' ? NOTHING : this.#take(Buffer.concat([tail, Buffer.from('\n\n')]));
    // Of a frame that was cut nothing passes, and what the tap knows of it keeps the answer from being whole.
    if (tail.length > 0 && this.#framing === 'aws-eventstream') this.#tap.bytes(tail);
    this.#tap.over?.();
    const error = before === 'failed' ? undefined : this.error();
    // An error that was no whole event did not pass, so it is told as one.
    if (error !== undefined) return this.#tap.fail(error, this.#x.id);
    return this.#tap.state === 'done' ? out : NOTHING;
  }
  state(): TapState {
    return this.#tap.state;
  }
  ended(): boolean {
    return this.#tap.ended !== undefined;
  }
  error(): ErrorLike | undefined {
    if (this.#tap.state === 'failed') this.#error ??= this.#tap.end().error;
    return this.#error;
  }
  fail(e: ErrorLike): string | Uint8Array {
    return this.#tap.fail(e, this.#x.id);
  }
  idle(): string | Uint8Array {
    return this.#tap.idle?.() ?? NOTHING;
  }
  fromWhole(reply: UpstreamReply): string | Uint8Array | undefined {
    const { surface, call } = this.#rules;
    return surface.operation === 'chat' ? streamFromWhole(surface.client, surface.provider, call, undefined, reply, this.#x) : undefined;
  }
  verdict(): void | Promise<void> {
    return this.#rules.onVerdict(this.#x, this.#tap);
  }
  headers(head: ReplyHead): readonly string[] {
    return this.#rules.headers(head);
  }
  #take(chunk: Uint8Array): Uint8Array {
    const tap = this.#tap;
    tap.bytes(chunk);
    const { ended } = tap;
    // From the terminal event on: what a provider sends behind it is nobody's.
    const own = ended === undefined || ended >= chunk.length ? chunk : chunk.subarray(0, ended);
    return tap.cut === undefined ? own : tap.cut(own);
  }
}
/** Undefined: the surface does not watch such streams. */
export const passingStream = (x: Exchange, asked: boolean, rules: PassingRules, framing: Framing = rules.framing): StreamBody | undefined => {
  const tap = rules.surface.tap?.(framing, asked);
  return tap === undefined ? undefined : new PassingStream(x, rules, framing, tap);
};
