import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, constants } from 'node:http2';
import { connect as connectTcp } from 'node:net';

export interface Visit {
  readonly method?: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The whole body; undefined = it is written piece by piece with `write`. */
  readonly body: string | Uint8Array | undefined;
  /** Bytes announced for a body written in pieces; undefined = chunked over HTTP/1.1. */
  readonly announce?: number;
}
/** One request of a client that does what it likes: stops reading, uploads in pieces, goes. */
export interface Visitor {
  /** Everything received so far as latin1; over HTTP/1.1 status line, headers and chunk sizes too. */
  readonly seen: string;
  /** Status of the answer, 0 before its head. */
  readonly status: number;
  /** Resolves as soon as `fits` holds of what was received; rejects when the answer ends first. */
  until(fits: (visitor: Visitor) => boolean): Promise<void>;
  write(piece: string | Uint8Array): void;
  stopReading(): void;
  /** Goes at once; returns when, in `performance.now()` milliseconds. */
  leave(): number;
}
export type Open = (url: string, visit: Visit) => Promise<Visitor>;

interface Channel {
  write(piece: string | Uint8Array): void;
  pause(): void;
  leave(): void;
  status(): number;
}
const watched = (channel: Channel) => {
  let seen = '';
  let ended = false;
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const each of [...waiting]) each();
  };
  const visitor: Visitor = {
    get seen() {
      return seen;
    },
    get status() {
      return channel.status();
    },
    until: (fits) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (fits(visitor)) resolve();
          else if (ended) reject(new Error(`The answer ended first: ${seen}`));
          else return;
          waiting.delete(check);
        };
        waiting.add(check);
        check();
      }),
    write: channel.write,
    stopReading: channel.pause,
    leave() {
      const at = performance.now();
      channel.leave();
      return at;
    },
  };
  return {
    visitor,
    took(piece: Buffer): void {
      seen += piece.toString('latin1');
      look();
    },
    look,
    over(): void {
      ended = true;
      look();
    },
  };
};

/** A raw HTTP/1.1 connection for one request; `leave` closes the socket. */
export const openHttp1: Open = async (url, { method = 'POST', path, headers, body, announce }) => {
  const { hostname, port } = new URL(url);
  const socket = connectTcp(Number(port), hostname);
  const length = body === undefined ? announce : Buffer.byteLength(body);
  const { visitor, took, over } = watched({
    write: (piece) =>
      void socket.write(
        length === undefined ? Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), Buffer.from(piece), Buffer.from('\r\n')]) : piece,
      ),
    pause: () => void socket.pause(),
    leave: () => void socket.destroy(),
    status: () => Number(/^HTTP\/1\.1 (\d{3})/.exec(visitor.seen)?.[1] ?? 0),
  });
  socket.on('data', took).on('error', over).on('close', over);
  const framing = length === undefined ? 'transfer-encoding: chunked' : `content-length: ${length}`;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${method} ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\n${framing}\r\n${lines.join('')}\r\n`);
  if (body !== undefined) socket.write(body);
  return visitor;
};

const stream2 = (session: ClientHttp2Session, { method = 'POST', path, headers, body, announce }: Visit): ClientHttp2Stream => {
  const length = body === undefined ? announce : Buffer.byteLength(body);
  const stream = session.request({ ':method': method, ':path': path, ...headers, ...(length === undefined ? {} : { 'content-length': String(length) }) });
  if (body !== undefined) stream.end(body);
  return stream;
};
/** The same over cleartext HTTP/2; `leave` resets the stream (`reset`) or drops the connection (`drop`). */
export const openHttp2 =
  (how: 'reset' | 'drop'): Open =>
  async (url, visit) => {
    const session = connectHttp2(url);
    session.on('error', () => undefined);
    const stream = stream2(session, visit);
    let status = 0;
    const { visitor, took, look, over } = watched({
      write: (piece) => void stream.write(piece),
      pause: () => void stream.pause(),
      leave() {
        if (how === 'drop') return session.destroy();
        // `close` would end an upload under way before it resets it: the request would be whole.
        if (visit.body === undefined) stream.destroy();
        stream.close(constants.NGHTTP2_CANCEL, () => session.destroy());
      },
      status: () => status,
    });
    stream.on('response', (head) => {
      status = Number(head[':status']);
      look();
    });
    stream.on('data', took).on('error', over).on('close', over);
    return visitor;
  };

/** Whether `now` has stayed the same, above zero, since it was last asked: for polling until nothing moves any more. */
export const standstill = (now: () => number): (() => boolean) => {
  let before = 0;
  return () => {
    const at = now();
    const same = at > 0 && at === before;
    before = at;
    return same;
  };
};
