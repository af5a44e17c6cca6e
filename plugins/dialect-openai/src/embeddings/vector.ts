import { endianness } from 'node:os';
import { GatewayError, type Json } from '@llm-proxy-auth/plugin';

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
