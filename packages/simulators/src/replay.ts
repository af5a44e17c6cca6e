import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';
import { framesOf } from './aws/bedrock/event-frame.ts';
import { type Answer, sseFrame, withHeaders } from './http/answer.ts';
import type { CapturedRequest, HeaderPairs } from './http/captured.ts';
import { type Recording, recordedPath } from './recordings.ts';

export type ReplayOptions = {
  /** How many requests it answers; Infinity (until taken back or cleared) if absent. */
  readonly times?: number;
  /** Answers this path instead of the recorded one: a recording of another base path. */
  readonly path?: string;
  /** True: the request body must equal the recorded one as JSON. */
  readonly sameBody?: boolean;
  readonly when?: (request: CapturedRequest) => boolean;
};

// Framing is computed again: recorded lengths and codings do not fit bodies that recorders decoded or re-serialised.
const dropped = /^(content-length|content-encoding|transfer-encoding|connection|keep-alive|date)$/i;
const placeholder = /^(<.*>|\*\*REDACTED\*\*)$/; // `<X_REQUEST_ID>`: what the recorder redacted

const typeOf = (chunk: unknown): string | undefined =>
  (typeof chunk === 'string' ? (JSON.parse(chunk) as { type?: string }) : (chunk as { type?: string })).type;

const GOOGLE = /^(gemini|vertex)$/;
/** Google's events end in carriage returns too, and nothing follows the last. */
const googleFrame = (chunk: unknown): Buffer => Buffer.from(sseFrame(chunk).toString('utf8').replace(/\n\n$/, '\r\n\r\n'));

const framed = (recording: Recording, chunks: readonly unknown[]): Buffer[] => {
  if (GOOGLE.test(recording.provider)) return chunks.map(googleFrame);
  if (recording.operation === 'messages') return chunks.map((chunk) => sseFrame(chunk, typeOf(chunk)));
  if (recording.operation === 'responses') return chunks.map((chunk) => sseFrame(chunk, (chunk as { type?: string }).type));
  return [...chunks.map((chunk) => sseFrame(chunk)), sseFrame('[DONE]')];
};

/** The recorded body's bytes as they stood before content coding. */
export const recordedBytes = (recording: Recording): Buffer => {
  const { body, body_base64: binary, chunks } = recording.response;
  if (binary !== undefined) return Buffer.from(binary, 'base64');
  return chunks === undefined ? Buffer.from(body ?? '') : Buffer.concat(framed(recording, chunks));
};

/** One piece for each event, so that an untouched replay arrives as a stream does. */
const events = (stream: Buffer): Buffer[] => {
  const pieces: Buffer[] = [];
  for (let at = 0; at < stream.length; ) {
    const ends = ['\n\n', '\r\n\r\n'].map((mark) => ({ mark, end: stream.indexOf(mark, at) })).filter(({ end }) => end !== -1);
    const next = Math.min(stream.length, ...ends.map(({ mark, end }) => end + mark.length));
    pieces.push(stream.subarray(at, next));
    at = next;
  }
  return pieces;
};

const isBinary = ({ response }: Recording): boolean => response.body_base64 !== undefined;

const mediaType = (recording: Recording): string => {
  if (isBinary(recording)) return 'application/vnd.amazon.eventstream';
  return recording.stream && recording.response.status < 400 ? 'text/event-stream; charset=utf-8' : 'application/json';
};

/** The header that carries the service's id of a request; Google has none. */
const idNameOf = ({ provider, operation }: Recording): string | undefined => {
  if (GOOGLE.test(provider)) return undefined;
  if (provider === 'anthropic' || provider === 'vertex_claude') return 'request-id';
  if (provider === 'oci') return 'opc-request-id';
  return provider === 'bedrock' && !/^(chat\/completions|responses)$/.test(operation) ? 'x-amzn-requestid' : 'x-request-id';
};

const headersOf = (recording: Recording): HeaderPairs => {
  const kept = Object.entries(recording.response.headers).filter(([name, value]) => !dropped.test(name) && !placeholder.test(value));
  const names = new Set(kept.map(([name]) => name.toLowerCase()));
  // Recorders strip these two; the service always sends them.
  const type = mediaType(recording);
  const idName = idNameOf(recording);
  const id = `req_${createHash('sha256').update(recording.file).digest('hex').slice(0, 32)}`;
  return withHeaders(kept, {
    ...(names.has('content-type') ? {} : { 'content-type': type }),
    ...(idName === undefined || names.has(idName) ? {} : { [idName]: id }),
  });
};

/**
 * The recorded answer, ready to be sent: status, headers and body bytes as recorded; content-length, content-encoding and transfer-encoding
 * computed anew. Gzip where the recording had it and the request accepts it. Streams go out one event a piece, bytes unchanged.
 */
export const replayAnswer = (recording: Recording, request: CapturedRequest): Answer => {
  const body = recordedBytes(recording);
  const headers = headersOf(recording);
  const { status } = recording.response;
  if (isBinary(recording)) return { status, headers, body: framesOf(body) };
  if (recording.stream && status < 400) return { status, headers, body: events(body) };
  const coded = Object.entries(recording.response.headers).some(([name, value]) => /^content-encoding$/i.test(name) && /gzip/i.test(value));
  if (!coded || !/\bgzip\b/.test(request.header('accept-encoding') ?? '')) return { status, headers, body };
  return { status, headers: withHeaders(headers, { 'content-encoding': 'gzip' }), body: gzipSync(body) };
};

/** Recorders kept some paths encoded and some not. */
const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};

const sameJson = (request: CapturedRequest, recorded: unknown): boolean => {
  try {
    return isDeepStrictEqual(request.json(), recorded);
  } catch {
    return false;
  }
};

/** The replays of one simulator; the newest that matches answers. */
export const replays = () => {
  let entries: { recording: Recording; options: ReplayOptions; left: number }[] = [];
  const fits = (request: CapturedRequest, recording: Recording, options: ReplayOptions): boolean =>
    request.method === recording.request.method &&
    decoded(request.path.replace(/\/{2,}/g, '/')) === decoded(options.path ?? recordedPath(recording)) &&
    (options.sameBody !== true || sameJson(request, recording.request.body)) &&
    (options.when?.(request) ?? true);
  return {
    add(recording: Recording, options: ReplayOptions = {}): () => void {
      const entry = { recording, options, left: options.times ?? Number.POSITIVE_INFINITY };
      entries.unshift(entry);
      return () => {
        entries = entries.filter((other) => other !== entry);
      };
    },
    take(request: CapturedRequest): Recording | undefined {
      const entry = entries.find(({ recording, options }) => fits(request, recording, options));
      if (entry === undefined) return undefined;
      entry.left -= 1;
      if (entry.left <= 0) entries = entries.filter((other) => other !== entry);
      return entry.recording;
    },
    clear(): void {
      entries = [];
    },
  };
};
