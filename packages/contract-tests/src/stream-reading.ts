import { type AnySurface, type Bytes, type ChatEvent, type Framing, frameReader, isGatewayError, wholeEvents } from '@llm-proxy-auth/plugin';
import { fakeCall } from './call.ts';
import { providerHalf } from './dialect-subject.ts';

export interface StreamRead {
  readonly events: readonly ChatEvent[];
  /** What the reader threw, which it must not. */
  readonly threw: unknown;
}
/** One reader of a surface with the framing in front of it, as the core wires them. */
export interface OpenStream {
  push(chunk: Bytes): void;
  end(): StreamRead;
  readonly events: readonly ChatEvent[];
}
export const openStream = (surface: AnySurface, dialect: string, framing: Framing = surface.framing): OpenStream => {
  const events: ChatEvent[] = [];
  let threw: unknown;
  const reader = providerHalf(surface)?.stream?.(fakeCall(surface, { stream: true, dialect }), undefined, (event) => void events.push(event));
  const frames = frameReader(framing, (type, data) => {
    try {
      reader?.event(type, data);
    } catch (failure) {
      threw ??= failure;
    }
  });
  return {
    events,
    push: (chunk) => frames.push(chunk),
    end() {
      try {
        frames.end();
      } catch (cut) {
        if (!isGatewayError(cut)) throw cut;
        // The reader is not told of an end that is none.
        events.push({ type: 'error', error: cut });
        return { events, threw };
      }
      try {
        reader?.end();
      } catch (failure) {
        threw ??= failure;
      }
      return { events, threw };
    },
  };
};
export const readStream = (surface: AnySurface, dialect: string, chunks: readonly Bytes[]): StreamRead => {
  const stream = openStream(surface, dialect);
  for (const chunk of chunks) stream.push(chunk);
  return stream.end();
};
/** Pieces of the given sizes in turn. */
export const cutInto = (bytes: Bytes, sizes: readonly number[]): readonly Bytes[] => {
  const pieces: Bytes[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
};
/** A stream's bytes, one piece an event. */
export const eventsIn = (framing: Framing, bytes: Bytes): readonly Bytes[] => {
  const whole = wholeEvents(framing);
  const pieces = cutInto(bytes, [1]).flatMap((byte) => whole.push(byte) ?? []);
  const rest = whole.rest();
  return rest.length === 0 ? pieces : [...pieces, rest];
};
export const isTerminal = (event: ChatEvent): boolean => event.type === 'end' || event.type === 'error';
export const ended = ({ events }: Pick<StreamRead, 'events'>): boolean => events.some((event) => event.type === 'end');
export const failed = ({ events }: Pick<StreamRead, 'events'>): boolean => events.some((event) => event.type === 'error');
