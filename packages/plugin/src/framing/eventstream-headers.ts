import { Buffer } from 'node:buffer';
import { GatewayError } from '../error.ts';
import type { Bytes } from '../wire.ts';

/** The ten value types of the format: boolean (two), byte, short, integer, long, byte array, string, timestamp, uuid. */
export type EventStreamValue =
  | boolean
  | string
  | bigint
  | Bytes
  | Date
  | { readonly byte: number }
  | { readonly short: number }
  | { readonly integer: number }
  /** 36 characters with dashes, lower case. */
  | { readonly uuid: string };
/** Headers by name as written (`:event-type`), in order; without a prototype. */
export type EventStreamHeaders = Readonly<Record<string, EventStreamValue>>;

const MAX_VALUE = 32_767;
const broken = (why: string): GatewayError => new GatewayError('upstream_bad_response', `The provider sent a broken event-stream header: ${why}.`);

/** A string header, undefined when it is absent or of another type. */
export const textHeader = (headers: EventStreamHeaders, name: string): string | undefined => {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
};

const variable = (bytes: Buffer, at: number): number => {
  const length = bytes.readUInt16BE(at);
  if (length > MAX_VALUE) throw broken(`a value of ${length} bytes`);
  if (at + 2 + length > bytes.length) throw broken('a value is longer than the headers');
  return at + 2 + length;
};
const date = (milliseconds: bigint): Date => {
  const value = new Date(Number(milliseconds));
  if (Number.isNaN(value.getTime())) throw broken('a timestamp out of range');
  return value;
};
const dashed = (hex: string): string => `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;

interface Step {
  readonly value: EventStreamValue;
  readonly next: number;
}
/** By type number. The bytes of a fixed-length value are checked by Buffer's own range errors. */
const READERS: readonly ((bytes: Buffer, at: number) => Step)[] = Object.freeze([
  (_bytes: Buffer, at: number) => ({ value: true, next: at }),
  (_bytes: Buffer, at: number) => ({ value: false, next: at }),
  (bytes: Buffer, at: number) => ({ value: { byte: bytes.readInt8(at) }, next: at + 1 }),
  (bytes: Buffer, at: number) => ({ value: { short: bytes.readInt16BE(at) }, next: at + 2 }),
  (bytes: Buffer, at: number) => ({ value: { integer: bytes.readInt32BE(at) }, next: at + 4 }),
  (bytes: Buffer, at: number) => ({ value: bytes.readBigInt64BE(at), next: at + 8 }),
  (bytes: Buffer, at: number) => {
    const next = variable(bytes, at);
    return { value: new Uint8Array(bytes.subarray(at + 2, next)), next };
  },
  (bytes: Buffer, at: number) => {
    const next = variable(bytes, at);
    return { value: bytes.toString('utf8', at + 2, next), next };
  },
  (bytes: Buffer, at: number) => ({ value: date(bytes.readBigInt64BE(at)), next: at + 8 }),
  (bytes: Buffer, at: number) => {
    if (at + 16 > bytes.length) throw broken('a uuid is cut short');
    return { value: { uuid: dashed(bytes.toString('hex', at, at + 16)) }, next: at + 16 };
  },
]);

const readAll = (bytes: Buffer): EventStreamHeaders => {
  const headers: Record<string, EventStreamValue> = Object.create(null);
  for (let at = 0; at < bytes.length; ) {
    const nameEnd = at + 1 + bytes.readUInt8(at);
    if (nameEnd >= bytes.length || nameEnd === at + 1) throw broken('a name is empty or cut short');
    const name = bytes.toString('utf8', at + 1, nameEnd);
    const reader = READERS[bytes.readUInt8(nameEnd)];
    if (reader === undefined) throw broken('an unknown value type');
    if (name in headers) throw broken('a name stands twice');
    const { value, next } = reader(bytes, nameEnd + 1);
    headers[name] = value;
    at = next;
  }
  return Object.freeze(headers);
};
/** Throws `upstream_bad_response` for anything the format does not allow. */
export const readHeaders = (bytes: Buffer): EventStreamHeaders => {
  try {
    return readAll(bytes);
  } catch (cause) {
    if (cause instanceof RangeError) throw broken('a value is cut short');
    throw cause;
  }
};

const sized = (type: number, bytes: Bytes): Buffer => {
  if (bytes.length > MAX_VALUE) throw new GatewayError('internal_error', `An event-stream header value of ${bytes.length} bytes is too long to be sent.`);
  const head = Buffer.from([type, bytes.length >> 8, bytes.length & 255]);
  return Buffer.concat([head, bytes]);
};
const long = (type: number, value: bigint): Buffer => {
  const bytes = Buffer.alloc(9, type);
  bytes.writeBigInt64BE(value, 1);
  return bytes;
};
const writeValue = (value: EventStreamValue): Buffer => {
  if (typeof value === 'boolean') return Buffer.from([value ? 0 : 1]);
  if (typeof value === 'string') return sized(7, Buffer.from(value));
  if (typeof value === 'bigint') return long(5, value);
  if (value instanceof Uint8Array) return sized(6, value);
  if (value instanceof Date) return long(8, BigInt(value.getTime()));
  if ('byte' in value) return Buffer.from([2, value.byte & 255]);
  if ('short' in value) return Buffer.from([3, (value.short >> 8) & 255, value.short & 255]);
  if ('uuid' in value) return Buffer.concat([Buffer.from([9]), Buffer.from(value.uuid.replaceAll('-', ''), 'hex')]);
  const bytes = Buffer.alloc(5, 4);
  bytes.writeInt32BE(value.integer, 1);
  return bytes;
};
/** Throws `internal_error` for names and values the format cannot hold. */
export const writeHeaders = (headers: EventStreamHeaders): Buffer => {
  const pieces: Buffer[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const bytes = Buffer.from(name);
    if (bytes.length === 0 || bytes.length > 255) throw new GatewayError('internal_error', 'An event-stream header name has 1 to 255 bytes.');
    pieces.push(Buffer.from([bytes.length]), bytes, writeValue(value));
  }
  return Buffer.concat(pieces);
};
