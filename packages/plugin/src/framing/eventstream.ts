import { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';
import { GatewayError } from '../error.ts';
import type { Bytes } from '../wire.ts';
import { ASCII, fits, WRONG } from './checksum.ts';
import { headerBlock, learn, SHORT } from './eventstream-blocks.ts';
import { type EventStreamHeaders, writeHeaders } from './eventstream-headers.ts';
import { held, NOTHING, view } from './held.ts';
import type { FrameReader } from './sse.ts';

/** Prelude (total length, headers length, their CRC) and the message CRC round headers and payload. */
const PRELUDE = 12;
const OVERHEAD = 16;
export const MAX_MESSAGE = 16 * 1024 * 1024;
export const MAX_HEADERS = 128 * 1024;

const broken = (why: string): GatewayError => new GatewayError('upstream_bad_response', `The provider sent a broken event-stream message: ${why}.`);

/** Checks the first 12 bytes of a message and gives its whole length. */
export const messageLength = (bytes: Buffer, at: number): number => {
  const total = bytes.readUInt32BE(at);
  const headers = bytes.readUInt32BE(at + 4);
  if (crc32(bytes.subarray(at, at + 8)) !== bytes.readUInt32BE(at + 8)) throw broken('the prelude checksum does not match');
  if (total > MAX_MESSAGE) throw broken(`a length of ${total} bytes is not allowed`);
  if (headers > MAX_HEADERS || headers > total - OVERHEAD) throw broken(`${headers} bytes of headers in ${total} are not allowed`);
  return total;
};

type OnMessage = (headers: EventStreamHeaders, payload: Bytes) => void;
/** The payload lies from `start` to `end`. `plain` is its text where it is short and ASCII. */
type OnPlace = (headers: EventStreamHeaders, bytes: Buffer, start: number, end: number, plain: string | undefined) => void;

/** Bytes of a chunk that are made text at once. */
const WINDOW = 65_536;
/**
 * Reads messages. Most of a stream have the headers of the one before, byte for byte, and a short payload: of such a message only the
 * payload is summed, and its text is cut out of that of the whole chunk.
 */
const messages = (onPlace: OnPlace) => {
  let block = headerBlock(NOTHING);
  let text = '';
  let from = 0;
  /** One character a byte. */
  const textAt = (bytes: Buffer, at: number, end: number): string => {
    if (end - from > text.length) {
      from = at;
      text = bytes.toString('latin1', at, Math.max(end, Math.min(bytes.length, at + WINDOW)));
    }
    return text;
  };
  const whole = (bytes: Buffer, at: number, total: number): void => {
    const body = at + total - 4;
    if (crc32(bytes.subarray(at, body)) !== bytes.readUInt32BE(body)) throw broken('the message checksum does not match');
    const start = at + PRELUDE;
    const end = start + bytes.readUInt32BE(at + 4);
    if (bytes.compare(block.bytes, 0, block.bytes.length, start, end) !== 0) block = headerBlock(bytes.subarray(start, end));
    if (body - end <= SHORT) learn(block, bytes, at, end, body - end);
    onPlace(block.headers, bytes, end, body, undefined);
  };
  return {
    /** The chunk has been read: its text does not lie about until the next one comes. */
    forget(): void {
      text = '';
      from = 0;
    },
    /** Length of the message whose prelude stands there. */
    length(bytes: Buffer, at: number): number {
      const size = block.bytes.length;
      const total = bytes.readUInt32BE(at);
      const known = block.preludes[total - size - OVERHEAD] ?? 0;
      return known !== 0 && known === bytes.readInt32BE(at + 8) && bytes.readUInt32BE(at + 4) === size ? total : messageLength(bytes, at);
    },
    /** A message that is there as a whole. */
    read(bytes: Buffer, at: number, total: number): void {
      const start = at + PRELUDE;
      const end = start + block.bytes.length;
      const body = at + total - 4;
      const state = block.states[body - end] ?? 0;
      if (state === 0 || bytes.readUInt32BE(at + 4) !== block.bytes.length) return whole(bytes, at, total);
      const characters = textAt(bytes, at, body);
      if (characters.slice(start - from, end - from) !== block.text) return whole(bytes, at, total);
      const found = fits(state, bytes, end, body);
      if (found === WRONG) throw broken('the message checksum does not match');
      onPlace(block.headers, bytes, end, body, found === ASCII ? characters.slice(end - from, body - from) : undefined);
    },
  };
};

/** `eventStreamReader` for who makes no view of each payload. */
export const eventStreamPlaces = (onPlace: OnPlace): FrameReader => {
  const message = messages(onPlace);
  const tail = held();
  let wanted = 0;
  return {
    push(chunk) {
      const arrived = view(chunk);
      if (tail.size + arrived.length < (wanted || PRELUDE)) return tail.add(arrived);
      const bytes = tail.take(arrived);
      let at = 0;
      wanted = 0;
      while (bytes.length - at >= PRELUDE) {
        const total = message.length(bytes, at);
        if (bytes.length - at < total) {
          wanted = total;
          break;
        }
        message.read(bytes, at, total);
        at += total;
      }
      message.forget();
      tail.add(bytes.subarray(at));
    },
    end() {
      if (tail.take(NOTHING).length > 0) throw new GatewayError('upstream_stream_truncated', 'The provider ended an event stream inside a message.');
    },
  };
};
/**
 * `application/vnd.amazon.eventstream`: both checksums are checked, lengths before anything is kept (16 MiB a message, 128 KiB of headers).
 * The payload is a view of the chunk where the message lay in one; messages with equal headers share the (frozen) object. `end()` inside a message throws `upstream_stream_truncated`.
 */
export const eventStreamReader = (onMessage: OnMessage): FrameReader =>
  eventStreamPlaces((headers, bytes, start, end) => onMessage(headers, bytes.subarray(start, end)));

/** Headers of messages that differ in nothing but their payload are written once. */
const written = new WeakMap<EventStreamHeaders, Buffer>();
const headersOf = (headers: EventStreamHeaders): Buffer => {
  if (!Object.isFrozen(headers)) return writeHeaders(headers);
  const known = written.get(headers) ?? writeHeaders(headers);
  written.set(headers, known);
  return known;
};
/** One message on the wire, with both checksums; frozen headers are written once. Throws `internal_error` beyond the limits of the format. */
export const eventStreamMessage = (headers: EventStreamHeaders, payload: Bytes): Bytes => {
  const head = headersOf(headers);
  const total = OVERHEAD + head.length + payload.length;
  if (head.length > MAX_HEADERS || total > MAX_MESSAGE)
    throw new GatewayError('internal_error', `An event-stream message of ${total} bytes is too large to be sent.`);
  const message = Buffer.allocUnsafe(total);
  message.writeUInt32BE(total, 0);
  message.writeUInt32BE(head.length, 4);
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
  message.set(head, PRELUDE);
  message.set(payload, PRELUDE + head.length);
  message.writeUInt32BE(crc32(message.subarray(0, total - 4)), total - 4);
  return message;
};
