import { endianness } from 'node:os';
import { type Bytes, GatewayError, type Json } from '@llm-proxy-auth/plugin';

const SWAP = endianness() === 'BE';
const bad = (): GatewayError => new GatewayError('upstream_bad_response', 'The provider answered with an embedding that is neither base64 nor numbers.');
/** Little-endian float32 in standard base64 with padding. */
export const encodeVector = (v: Float32Array): string => {
  const bytes = Buffer.from(v.buffer.slice(v.byteOffset, v.byteOffset + v.byteLength));
  return (SWAP ? bytes.swap32() : bytes).toString('base64');
};
/** Base64 or a list of numbers: some compatible servers ignore what was asked for. */
export const decodeVector = (wire: Json): Float32Array => {
  if (Array.isArray(wire)) return Float32Array.from(wire, Number);
  if (typeof wire !== 'string') throw bad();
  const bytes = Buffer.from(wire, 'base64');
  if (bytes.byteLength % 4 !== 0) throw bad();
  const own = new Uint8Array(bytes);
  return new Float32Array((SWAP ? Buffer.from(own).swap32() : own).buffer);
};

const FIRST_VECTOR = /"embedding"\s*:\s*(["[])/;
const ASKS_BASE64 = /"encoding_format"\s*:\s*"base64"/;
/** Far behind what stands before the first vector. */
const OPENING = 4_096;
const textOf = (bytes: Bytes): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
/** Whether the vectors of an answer have the form that its request names; quotes inside of JSON strings are escaped, so both are seen without parsing. */
export const isAsAsked = (answer: Bytes, request: readonly Bytes[]): boolean => {
  const wire = (FIRST_VECTOR.exec(textOf(answer.subarray(0, OPENING))) ?? FIRST_VECTOR.exec(textOf(answer)))?.[1];
  return wire === undefined || (wire === '"') === ASKS_BASE64.test(request.map(textOf).join(''));
};
