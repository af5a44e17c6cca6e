import { Buffer } from 'node:buffer';
import fc from 'fast-check';

/** The bytes cut at arbitrary places; empty chunks come up too. */
export const rechunked = (bytes: Uint8Array, cuts: readonly number[]): Buffer[] => {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => Buffer.from(bytes.subarray(places[index], end)));
};
export const cuts = (): fc.Arbitrary<number[]> => fc.array(fc.nat(100_000), { maxLength: 12 });
/** Every byte a chunk of its own. */
export const singly = (bytes: Uint8Array): Buffer[] => Array.from(bytes, (byte) => Buffer.from([byte]));
/** The code of the GatewayError that the action throws, undefined when it throws nothing. */
export const codeOf = (action: () => unknown): unknown => {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
};
