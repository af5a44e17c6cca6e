import { Buffer } from 'node:buffer';
import { stateAfter } from './checksum.ts';
import { type EventStreamHeaders, type EventStreamValue, readHeaders } from './eventstream-headers.ts';

/** Payloads up to so many bytes are read with what is known of others behind the same headers. */
export const SHORT = 255;
/** The headers of a message. A service has few, and every stream has the same. */
export interface HeaderBlock {
  readonly bytes: Buffer;
  /** One character a byte. */
  readonly text: string;
  readonly headers: EventStreamHeaders;
  /** By length of the payload: the checksum of the prelude, and of all that stands before the payload; 0 where nobody knows it. */
  readonly preludes: Int32Array;
  readonly states: Int32Array;
}
const MOST = 64;
const LONGEST = 512;
/** Nobody can change it: others may have the same. */
const isFixed = (value: EventStreamValue): boolean => typeof value !== 'object';
const known = new Map<string, HeaderBlock>();
/** Throws `upstream_bad_response` for anything the format does not allow. */
export const headerBlock = (bytes: Buffer): HeaderBlock => {
  const text = bytes.toString('latin1');
  const found = known.get(text);
  if (found !== undefined) return found;
  const own = Buffer.from(bytes);
  const block: HeaderBlock = { bytes: own, text, headers: readHeaders(own), preludes: new Int32Array(SHORT + 1), states: new Int32Array(SHORT + 1) };
  if (text.length > LONGEST || !Object.values(block.headers).every(isFixed)) return block;
  if (known.size >= MOST) known.clear();
  known.set(text, block);
  return block;
};
/** A message of this block with both checksums right stands at `at`, and its payload at `end`. */
export const learn = (block: HeaderBlock, bytes: Buffer, at: number, end: number, payload: number): void => {
  block.preludes[payload] = bytes.readInt32BE(at + 8);
  block.states[payload] = stateAfter(bytes.subarray(at, end));
};
