import { Buffer } from 'node:buffer';
import { GatewayError } from '../error.ts';
import type { Bytes, Framing } from '../wire.ts';
import { elements } from './elements.ts';
import { messageLength } from './eventstream.ts';
import { held, NOTHING, view } from './held.ts';

/** Cuts passing bytes at event boundaries. */
export interface WholeEvents {
  /** Everything up to the last complete event, what was kept back before it included; undefined when no event became complete. */
  push(chunk: Bytes): Bytes | undefined;
  /** The unfinished tail (empty when there is none). It is handed out once. */
  rest(): Bytes;
}
const LF = 10;
const CR = 13;
const LIMIT = 16 * 1024 * 1024;

/** Length of the longest prefix of the chunk that ends an event, 0 when none ends in it. Called once per chunk, in order. */
type Cut = (chunk: Buffer) => number;

/**
 * An event ends with an empty line, and lines end with LF, CR or CRLF in any mixture. So a terminator byte ends an event when
 * another terminator stands before it, except the LF that belongs to the CR of a line with content.
 */
const sseCut = (): Cut => {
  let last = LF;
  let before = 0;
  const isEnd = (c: number): boolean => c === LF || c === CR;
  return (chunk) => {
    const size = chunk.length;
    const byte = (at: number): number => (at >= 0 ? (chunk[at] ?? 0) : at === -1 ? last : before);
    const ends = (at: number): boolean => {
      const previous = byte(at - 1);
      if (!isEnd(previous)) return false;
      return previous === CR && byte(at) === LF ? isEnd(byte(at - 2)) : true;
    };
    const latest = (): number => {
      let lf = chunk.lastIndexOf(LF);
      let cr = chunk.lastIndexOf(CR);
      while (lf >= 0 || cr >= 0) {
        const at = Math.max(lf, cr);
        if (ends(at)) return at + 1;
        if (at === lf) lf = at === 0 ? -1 : chunk.lastIndexOf(LF, at - 1);
        else cr = at === 0 ? -1 : chunk.lastIndexOf(CR, at - 1);
      }
      return 0;
    };
    const cut = byte(size - 1) === LF && byte(size - 2) === LF ? size : latest();
    if (size > 0) [before, last] = [byte(size - 2), byte(size - 1)];
    return cut;
  };
};
const messageCut = (): Cut => {
  let prelude = NOTHING;
  /** Bytes of the message under way that are still to come; 0 = a prelude is next. */
  let missing = 0;
  return (chunk) => {
    let at = 0;
    let cut = 0;
    for (;;) {
      if (missing > chunk.length - at) {
        missing -= chunk.length - at;
        return cut;
      }
      if (missing > 0) {
        at += missing;
        missing = 0;
        cut = at;
      }
      if (prelude.length + chunk.length - at < 12) {
        prelude = Buffer.concat([prelude, chunk.subarray(at)]);
        return cut;
      }
      const had = prelude.length;
      missing = (had === 0 ? messageLength(chunk, at) : messageLength(Buffer.concat([prelude, chunk.subarray(at, at + 12 - had)]), 0)) - had;
      prelude = NOTHING;
    }
  };
};
const arrayCut = (): Cut => {
  const scan = elements();
  return (chunk) => {
    let cut = 0;
    scan.scan(
      chunk,
      () => {},
      (at) => {
        cut = at;
      },
    );
    return scan.open ? cut : chunk.length;
  };
};
const CUTS: Readonly<Record<Framing, () => Cut>> = Object.freeze({
  sse: sseCut,
  'aws-eventstream': messageCut,
  'json-array': arrayCut,
  'sse-lines': () => (chunk: Buffer) => Math.max(chunk.lastIndexOf(LF), chunk.lastIndexOf(CR)) + 1,
  ndjson: () => (chunk: Buffer) => chunk.lastIndexOf(LF) + 1,
  json: () => (chunk: Buffer) => chunk.length,
  binary: () => (chunk: Buffer) => chunk.length,
});

/**
 * Lets only whole events pass. A chunk that ends on an event boundary is returned itself, without a copy; bytes kept back are
 * joined once, when their event completes. `json` and `binary` pass as they come. Throws `upstream_bad_response` when an event
 * grows beyond 16 MiB and where the framing is broken.
 */
export const wholeEvents = (framing: Framing): WholeEvents => {
  const cutOf = CUTS[framing]();
  const tail = held();
  return {
    push(chunk) {
      const bytes = view(chunk);
      const cut = cutOf(bytes);
      if (cut === bytes.length && tail.size === 0) return cut === 0 ? undefined : chunk;
      const whole = cut === 0 ? undefined : tail.take(cut === bytes.length ? bytes : bytes.subarray(0, cut));
      tail.add(cut === 0 ? bytes : bytes.subarray(cut));
      if (tail.size > LIMIT) throw new GatewayError('upstream_bad_response', `The provider sent an event of more than ${LIMIT} bytes.`);
      return whole;
    },
    rest: () => tail.take(NOTHING),
  };
};
