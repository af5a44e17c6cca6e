import type { Buffer } from 'node:buffer';
import { GatewayError } from '../error.ts';

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125];
const space = (c: number): boolean => c === 32 || c === 10 || c === 13 || c === 9;

/** Index of the byte at or after `from`, or the chunk's length. */
const next = (chunk: Buffer, byte: number, from: number): number => {
  const at = chunk.indexOf(byte, from);
  return at < 0 ? chunk.length : at;
};

type Place = 'before' | 'first' | 'element' | 'inside' | 'scalar' | 'after' | 'done';
const broken = (): GatewayError => new GatewayError('upstream_bad_response', 'The provider sent a stream that is not a JSON array.');

/** What the scan of a JSON array reports; offsets count within the chunk being scanned. */
export interface Elements {
  /** Scans the next chunk. `start`/`end` bracket each element (or the part of it in this chunk). */
  scan(chunk: Buffer, start: (at: number) => void, end: (at: number) => void): void;
  readonly done: boolean;
  /** An element has begun and not ended. */
  readonly open: boolean;
}
/** Finds the elements of one top-level JSON array in arbitrary chunks; the elements' own syntax is left to whoever parses them. */
export const elements = (): Elements => {
  let place: Place = 'before';
  let depth = 0;
  let inString = false;
  let escaped = false;
  /** Next quote and backslash of this chunk; searched again only once passed, so that many short strings do not cost their square. */
  let quote = -1;
  let slash = -1;

  /** Index just after the string's closing quote, or the chunk's length when it does not close here. */
  const skipString = (chunk: Buffer, from: number): number => {
    let at = from;
    while (at < chunk.length) {
      if (escaped) {
        escaped = false;
        at++;
        continue;
      }
      if (quote < at) quote = next(chunk, QUOTE, at);
      if (slash < at) slash = next(chunk, BACKSLASH, at);
      escaped = slash < quote;
      if (escaped) at = slash + 1;
      else {
        inString = quote === chunk.length;
        return inString ? quote : quote + 1;
      }
    }
    return at;
  };
  const between = (c: number): void => {
    if (space(c)) return;
    if (place === 'before' && c === OPEN_ARRAY) place = 'first';
    else if (c === CLOSE_ARRAY && (place === 'first' || place === 'after')) place = 'done';
    else if (c === COMMA && place === 'after') place = 'element';
    else throw broken();
  };
  const begins = (c: number): boolean => (place === 'first' || place === 'element') && !space(c) && c !== CLOSE_ARRAY && c !== COMMA;
  /** Inside a container: true when this byte closes the element. */
  const closes = (c: number): boolean => {
    if (c === OPEN_OBJECT || c === OPEN_ARRAY) depth++;
    else if (c === CLOSE_OBJECT || c === CLOSE_ARRAY) depth--;
    return depth === 0;
  };
  const enter = (c: number): void => {
    const container = c === OPEN_OBJECT || c === OPEN_ARRAY;
    place = container || c === QUOTE ? 'inside' : 'scalar';
    depth = container ? 1 : 0;
    inString = c === QUOTE;
  };
  return {
    get done() {
      return place === 'done';
    },
    get open() {
      return place === 'inside' || place === 'scalar';
    },
    scan(chunk, start, end) {
      let at = 0;
      quote = slash = -1;
      const finish = (): void => {
        place = 'after';
        end(at);
      };
      while (at < chunk.length) {
        if (inString) {
          at = skipString(chunk, at);
          if (!inString && depth === 0) finish();
          continue;
        }
        const c = chunk[at] ?? 0;
        if (place === 'scalar' && (space(c) || c === COMMA || c === CLOSE_ARRAY)) finish();
        if (place === 'scalar') at++;
        else if (place === 'inside') {
          at++;
          if (c === QUOTE) inString = true;
          else if (closes(c)) finish();
        } else if (begins(c)) {
          start(at++);
          enter(c);
        } else {
          between(c);
          at++;
        }
      }
    },
  };
};
