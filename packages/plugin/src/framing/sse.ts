import { Buffer } from 'node:buffer';
import { GatewayError } from '../error.ts';
import type { Bytes } from '../wire.ts';
import { held, NOTHING, view } from './held.ts';

/** Bytes a line, and characters (UTF-16 units) the data of one event, may have. */
export interface SseLimits {
  readonly line?: number | undefined;
  readonly event?: number | undefined;
  /** True: every `data` line is an event, whether a blank line follows or not. */
  readonly eachLine?: boolean | undefined;
}
/** Push reader of one framing: `push` hands every event that became complete to the callback before it returns. */
export interface FrameReader {
  push(chunk: Bytes): void;
  /** The transport ended: hands out what is complete without its last terminator, throws `upstream_stream_truncated` where a cut shows. */
  end(): void;
}
const MIB = 1024 * 1024;
const LF = 10;
const CR = 13;
const SPACE = 32;
const DATA = 'data:';
const EVENT = 'event:';

const tooLong = (what: string, limit: number): GatewayError =>
  new GatewayError('upstream_bad_response', `The provider sent an event stream ${what} of more than ${limit} bytes.`);

/** Bytes of a line that stands in a text, counted exactly only where it could matter. */
const longer = (text: string, at: number, stop: number, limit: number): boolean =>
  stop - at > limit || ((stop - at) * 3 > limit && Buffer.byteLength(text.slice(at, stop)) > limit);
/** What stands behind the colon of a field. */
const valueAt = (text: string, from: number, stop: number): string => text.slice(text.charCodeAt(from) === SPACE ? from + 1 : from, stop);

/** Index of the character at or after `from`, or the text's length. */
const after = (text: string, character: string, from: number): number => {
  const at = text.indexOf(character, from);
  return at < 0 ? text.length : at;
};

/** How an error begins that a vendor puts between its events as it is: Google's, also in a list of one, IBM's (`errors`), Oracle's (`code`). */
const BARE_ERROR = /^\[?\s*\{\s*"(?:errors?|code)"\s*:/;

/** Fields of server-sent events (WHATWG HTML §9.2.6); `id` and `retry` mean nothing to us. JSON between them that is an error is an event, too. */
const eventFields = (onEvent: (type: string, data: string) => void, lineLimit: number, eventLimit: number, eachLine: boolean) => {
  let type = '';
  let data: string | undefined;
  let bare: string | undefined;
  let size = 0;
  const grown = (so: string | undefined, value: string): string => {
    size += value.length + 1;
    if (size > eventLimit + 1) throw tooLong('event', eventLimit);
    return so === undefined ? value : `${so}\n${value}`;
  };
  const endBare = (): void => {
    const text = bare ?? '';
    bare = undefined;
    size = 0;
    if (BARE_ERROR.test(text)) onEvent('message', text);
  };
  const dispatch = (): void => {
    if (bare !== undefined) endBare();
    const [kind, text] = [type, data];
    type = '';
    data = undefined;
    size = 0;
    if (text !== undefined) onEvent(kind === '' ? 'message' : kind, text);
  };
  const take = (value: string): void => {
    if (bare !== undefined) endBare();
    data = grown(data, value);
    if (eachLine) dispatch();
  };
  /** A field without a value, a comment, a field that means nothing, or what is no field. */
  const other = (line: string): void => {
    if (line.startsWith(':')) return;
    if (line === 'data') take('');
    else if (line === 'event') type = '';
    else if (bare !== undefined || (data === undefined && (line.startsWith('{') || line.startsWith('[')))) bare = grown(bare, line);
  };
  return {
    dispatch,
    /** Only what is kept is cut out of the text. */
    line(text: string, at: number, stop: number): void {
      if (longer(text, at, stop, lineLimit)) throw tooLong('line', lineLimit);
      if (text.startsWith(DATA, at)) return take(valueAt(text, at + DATA.length, stop));
      if (text.startsWith(EVENT, at)) type = valueAt(text, at + EVENT.length, stop);
      else other(text.slice(at, stop));
    },
  };
};

/**
 * Server-sent events, whatever the chunks: LF, CR and CRLF, a BOM, comments, several `data` lines (joined by LF), UTF-8 split anywhere.
 * `type` is `message` when the event names none. An event without its blank line is delivered at `end()`.
 * Throws `upstream_bad_response` beyond 1 MiB a line and 4 MiB an event.
 */
export const sseReader = (onEvent: (type: string, data: string) => void, limits: SseLimits = {}): FrameReader => {
  const lineLimit = limits.line ?? MIB;
  const fields = eventFields(onEvent, lineLimit, limits.event ?? 4 * MIB, limits.eachLine === true);
  const tail = held();
  let started = false;
  let skipLf = false;

  const feed = (text: string, at: number, stop: number): void => (stop === at ? fields.dispatch() : fields.line(text, at, stop));
  const withoutCr = (text: string, from: number): void => {
    for (let at = from; at < text.length; ) {
      const stop = text.indexOf('\n', at);
      feed(text, at, stop);
      at = stop + 1;
    }
  };
  const withCr = (text: string, from: number): void => {
    let lf = -1;
    let cr = -1;
    for (let at = from; at < text.length; ) {
      // Each is searched again only once it was passed: a stream of short lines must not cost their square.
      if (lf < at) lf = after(text, '\n', at);
      if (cr < at) cr = after(text, '\r', at);
      const stop = Math.min(lf, cr);
      feed(text, at, stop);
      at = stop + (stop === cr && text.charCodeAt(stop + 1) === LF ? 2 : 1);
    }
  };
  /** `whole` ends with a line terminator, so no character is cut. */
  const lines = (whole: Buffer): void => {
    const text = whole.toString('utf8');
    let from = 0;
    if (!started) {
      started = true;
      if (text.charCodeAt(0) === 0xfeff) from = 1;
    } else if (skipLf && text.charCodeAt(0) === LF) from = 1;
    skipLf = whole[whole.length - 1] === CR;
    if (text.includes('\r')) withCr(text, from);
    else withoutCr(text, from);
  };
  return {
    push(chunk) {
      const bytes = view(chunk);
      const stop = Math.max(bytes.lastIndexOf(LF), bytes.lastIndexOf(CR)) + 1;
      if (stop > 0) lines(tail.take(stop === bytes.length ? bytes : bytes.subarray(0, stop)));
      if (stop < bytes.length) tail.add(stop === 0 ? bytes : bytes.subarray(stop));
      if (tail.size > lineLimit + 3) throw tooLong('line', lineLimit);
    },
    end() {
      const rest = tail.take(NOTHING);
      if (rest.length > 0) lines(Buffer.concat([rest, Buffer.from('\n')]));
      fields.dispatch();
    },
  };
};

/** One event on the wire. `data` with line breaks becomes several `data` lines; `type` must be a single line. */
export const sseEvent = (data: string, type?: string): string => {
  if (type !== undefined && /[\r\n]/.test(type)) throw new GatewayError('internal_error', 'An event type must not hold a line break.');
  const head = type === undefined ? '' : `event: ${type}\n`;
  if (!data.includes('\n') && !data.includes('\r')) return `${head}data: ${data}\n\n`;
  return `${head}${data
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join('')}\n`;
};
/** A comment on the wire: a sign of life that every client ignores. */
export const sseComment = (text: string): string =>
  `${text
    .split(/\r\n|\r|\n/)
    .map((line) => `: ${line}\n`)
    .join('')}\n`;
