import type { Call, ClientHalf, ErrorLike, Framing, ProviderHalf } from '@llm-proxy-auth/plugin';
import { eventsOf, type Surface, type Tap, type UpstreamReply, wholeEvents } from '@llm-proxy-auth/plugin';
import type { Exchange } from './exchange.ts';
import type { ReplyHead } from './reply/outcome.ts';
import type { StreamBody } from './reply/stream.ts';

export const CONTENT_TYPES: Readonly<Record<Framing, string>> = Object.freeze({
  json: 'application/json',
  sse: 'text/event-stream',
  'aws-eventstream': 'application/vnd.amazon.eventstream',
  'json-array': 'application/json',
  ndjson: 'application/x-ndjson',
  binary: '',
});
export const isType = (contentType: string, wanted: string): boolean => contentType.toLowerCase().split(';', 1)[0]?.trim() === wanted;
const NOTHING = new Uint8Array();

/** What a passing stream records when it ends. */
export type OnVerdict = (x: Exchange, tap: Tap) => void | Promise<void>;

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

/** A stream whose bytes pass: whole events are forwarded as they are, a tap watches. */
export const passingStream = (
  x: Exchange,
  surface: Surface<'chat'> | Surface<'opaque'>,
  framing: Framing,
  asked: boolean,
  call: Call,
  headers: (head: ReplyHead) => readonly string[],
  onVerdict: OnVerdict,
): StreamBody | undefined => {
  const tap = surface.tap?.(framing, asked);
  if (tap === undefined) return undefined;
  const events = wholeEvents(framing);
  let verdictError: ErrorLike | undefined;
  const take = (chunk: Uint8Array): Uint8Array => {
    tap.bytes(chunk);
    // From the terminal event on: what a provider sends behind it is nobody's.
    const own = tap.ended === undefined || tap.ended >= chunk.length ? chunk : chunk.subarray(0, tap.ended);
    return tap.cut === undefined ? own : tap.cut(own);
  };
  return {
    type: framing === 'sse' ? 'text/event-stream; charset=utf-8' : CONTENT_TYPES[framing],
    accepts: (contentType) => isType(contentType, CONTENT_TYPES[framing]),
    push(chunk) {
      const whole = events.push(chunk);
      return whole === undefined || whole.length === 0 ? NOTHING : take(whole);
    },
    end() {
      // A last event may lack its blank line; a cut one never becomes the terminal event by it.
      const tail = events.rest();
      if (tail.length === 0 || framing !== 'sse') return NOTHING;
      const out = take(Buffer.concat([tail, Buffer.from('\n\n')]));
      return tap.state === 'done' ? out : NOTHING;
    },
    state: () => tap.state,
    ended: () => tap.ended !== undefined,
    error() {
      if (tap.state === 'failed') verdictError ??= tap.end().error;
      return verdictError;
    },
    fail: (e) => tap.fail(e),
    idle: () => tap.idle?.() ?? NOTHING,
    fromWhole: (reply) => (surface.operation === 'chat' ? streamFromWhole(surface.client, surface.provider, call, undefined, reply, x) : undefined),
    verdict: () => onVerdict(x, tap),
    headers,
  };
};
