import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';

export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** How far our answer came. `cut` means a script ended the connection. */
export type Progress = 'waiting' | 'head' | 'body' | 'ended' | 'cut';

/** One request exactly as it stood on the wire. Times are `performance.now()` milliseconds. */
export type CapturedRequest = {
  /** 1, 2, 3 … in order of arrival. */
  readonly number: number;
  /** `1.1`, `2.0`. In HTTP/2 the header pairs begin with the pseudo-headers (`:method`, `:authority` …). */
  readonly httpVersion: string;
  readonly method: string;
  /** The raw request target, query included, nothing decoded. */
  readonly target: string;
  /** The target up to the first `?`, nothing decoded. */
  readonly path: string;
  /** Names as spelled by the peer, in order, duplicates kept. */
  readonly headers: HeaderPairs;
  /** First value of a header, any case. */
  header(name: string): string | undefined;
  /** The body bytes that have arrived so far. */
  readonly body: Buffer;
  /** Hex SHA-256 of `body`. */
  readonly sha256: string;
  /** `body` as JSON; throws SyntaxError. */
  json(): unknown;
  /** True once the whole body has arrived. */
  readonly complete: boolean;
  readonly progress: Progress;
  /** Body of our answer where it was made in one piece; empty otherwise. */
  readonly answer: Buffer;
  /** Answer body bytes handed to the socket so far, before transfer coding. */
  readonly bytesSent: number;
  readonly receivedAt: number;
  /** When the peer closed before our end, or undefined. */
  readonly abortedAt: number | undefined;
  /** Resolves with `abortedAt`; stays pending when the peer never closes early. */
  readonly aborted: Promise<number>;
  /** Port of the peer's end of the connection: equal for two requests on one connection. */
  readonly peerPort: number;
};

/** The writing end of a captured request; only the peer holds it. */
export type Capture = {
  readonly view: CapturedRequest;
  append(piece: Buffer): void;
  completed(): void;
  answered(body: Buffer): void;
  moved(progress: Progress): void;
  sent(bytes: number): void;
  abort(): void;
};

const pairs = (raw: readonly string[]): HeaderPairs => {
  const found: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) found.push([raw[at] ?? '', raw[at + 1] ?? '']);
  return found;
};

/** Body bytes as they came, joined when somebody asks. */
const collected = () => {
  let pieces: Buffer[] = [];
  return {
    append: (piece: Buffer): void => {
      pieces.push(piece);
    },
    joined: (): Buffer => {
      if (pieces.length !== 1) pieces = [Buffer.concat(pieces)];
      return pieces[0] ?? Buffer.alloc(0);
    },
  };
};

type State = { complete: boolean; answer: Buffer; progress: Progress; bytesSent: number; abortedAt: number | undefined };

const viewOf = (request: IncomingMessage | Http2ServerRequest, number: number, state: State, body: () => Buffer, aborted: Promise<number>): CapturedRequest => {
  const target = request.url ?? '';
  const headers = pairs(request.rawHeaders);
  return {
    number,
    httpVersion: request.httpVersion,
    method: request.method ?? '',
    target,
    path: target.split('?', 1)[0] ?? '',
    headers,
    header: (name) => headers.find(([given]) => given.toLowerCase() === name.toLowerCase())?.[1],
    get body() {
      return body();
    },
    get sha256() {
      return createHash('sha256').update(body()).digest('hex');
    },
    json: () => JSON.parse(body().toString('utf8')),
    get complete() {
      return state.complete;
    },
    get progress() {
      return state.progress;
    },
    get answer() {
      return state.answer;
    },
    get bytesSent() {
      return state.bytesSent;
    },
    receivedAt: performance.now(),
    get abortedAt() {
      return state.abortedAt;
    },
    aborted,
    peerPort: request.socket.remotePort ?? 0,
  };
};

export const capture = (request: IncomingMessage | Http2ServerRequest, number: number): Capture => {
  const state: State = { complete: false, answer: Buffer.alloc(0), progress: 'waiting', bytesSent: 0, abortedAt: undefined };
  const { append, joined } = collected();
  const { promise: aborted, resolve } = Promise.withResolvers<number>();
  return {
    view: viewOf(request, number, state, joined, aborted),
    append,
    completed: () => {
      state.complete = true;
    },
    answered: (body) => {
      state.answer = body;
    },
    moved: (progress) => {
      state.progress = progress;
    },
    sent: (bytes) => {
      state.bytesSent += bytes;
    },
    abort: () => {
      state.abortedAt = performance.now();
      resolve(state.abortedAt);
    },
  };
};
