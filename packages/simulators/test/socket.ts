import { connect, type Socket } from 'node:net';

type Exchange = {
  /** Everything the peer sent, as latin1 text so that one character is one byte. */
  readonly text: string;
  readonly ended: 'fin' | 'rst';
};

export type Line = {
  readonly socket: Socket;
  /** Resolves when the peer has ended or reset the connection. */
  readonly done: Promise<Exchange>;
  /** Resolves with what has come as soon as it contains the text. */
  until(text: string): Promise<string>;
};

/** A bare TCP connection that sends the given bytes and reads whatever comes. */
export const dial = (origin: string, bytes: string | Buffer): Line => {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  let received = '';
  let waiting: { text: string; give(all: string): void }[] = [];
  const { promise: done, resolve } = Promise.withResolvers<Exchange>();
  socket.on('data', (piece) => {
    received += piece.toString('latin1');
    const ready = waiting.filter(({ text }) => received.includes(text));
    waiting = waiting.filter((one) => !ready.includes(one));
    for (const { give } of ready) give(received);
  });
  socket.on('end', () => resolve({ text: received, ended: 'fin' }));
  socket.on('error', () => resolve({ text: received, ended: 'rst' }));
  socket.write(bytes);
  return {
    socket,
    done,
    until: (text) => (received.includes(text) ? Promise.resolve(received) : new Promise((give) => waiting.push({ text, give }))),
  };
};

/** A POST with a JSON body; `close: false` leaves the connection open for a next request. */
export const post = (path: string, body: object, { key = 'sk-simulator', close = true } = {}): string => {
  const text = JSON.stringify(body);
  const lines = [
    `POST ${path} HTTP/1.1`,
    'host: simulator',
    `authorization: Bearer ${key}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
  ];
  return `${[...lines, ...(close ? ['connection: close'] : [])].join('\r\n')}\r\n\r\n${text}`;
};

export const bodyOf = (text: string): string => text.slice(text.indexOf('\r\n\r\n') + 4);

/** The chunks of a chunked body; `complete` is false without the last chunk. */
export const chunksOf = (body: string): { chunks: string[]; complete: boolean } => {
  const chunks: string[] = [];
  for (let at = 0; at < body.length; ) {
    const line = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.slice(at, line), 16);
    if (line === -1) return { chunks, complete: false };
    if (size === 0) return { chunks, complete: body.slice(line) === '\r\n\r\n' };
    chunks.push(body.slice(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
  return { chunks, complete: false };
};
