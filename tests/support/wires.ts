import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { Readable } from 'node:stream';
import { Pool } from 'undici';

export interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** An array goes out in chunks, without a length. */
  readonly body?: string | Uint8Array | readonly Uint8Array[];
}
/** What a raw client got. `cut`: the answer broke off; over HTTP/2 the stream was reset. */
export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly cut: boolean;
}
export interface Wire {
  ask(asked: Asked): Promise<Received>;
  close(): Promise<void>;
}

const isPieces = (body: Asked['body']): body is readonly Uint8Array[] => Array.isArray(body);

/** Keep-alive HTTP/1.1 connections without anything above them. */
export const wireHttp1 = (url: string, connections = 16): Wire => {
  const pool = new Pool(url, { connections, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  return {
    ask: ({ method = 'POST', path, headers, body }) =>
      new Promise((resolve) => {
        const pieces: Buffer[] = [];
        let status = 0;
        let got: Received['headers'] = {};
        const done = (cut: boolean): void => resolve({ status, headers: got, body: Buffer.concat(pieces), cut });
        pool.dispatch(
          { method: method as 'POST', path, headers, body: isPieces(body) ? Readable.from(body) : (body ?? null) },
          {
            onRequestStart: () => undefined,
            onResponseStart(_controller, code, received) {
              status = code;
              got = received;
            },
            onResponseData: (_controller, piece) => void pieces.push(piece),
            onResponseEnd: () => done(false),
            onResponseError: () => done(true),
          },
        );
      }),
    close: () => pool.destroy(),
  };
};

const ask2 = (session: ClientHttp2Session, { method = 'POST', path, headers, body }: Asked): Promise<Received> =>
  new Promise((resolve) => {
    const stream = session.request({ ':method': method, ':path': path, ...headers }, { endStream: body === undefined });
    const pieces: Buffer[] = [];
    let got: Received['headers'] = {};
    stream.on('response', (head) => {
      got = head as Received['headers'];
    });
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('error', () => undefined);
    stream.on('close', () => resolve({ status: Number(got[':status'] ?? 0), headers: got, body: Buffer.concat(pieces), cut: stream.rstCode !== 0 }));
    if (!isPieces(body)) stream.end(body);
    else Readable.from(body).pipe(stream);
  });
/** One cleartext HTTP/2 connection; it is replaced when the gateway ends it. */
export const wireHttp2 = (url: string): Wire => {
  let session: ClientHttp2Session | undefined;
  const live = (): ClientHttp2Session => {
    if (session === undefined || session.closed || session.destroyed) {
      session = connectHttp2(url);
      session.on('error', () => undefined);
    }
    return session;
  };
  return {
    ask: (asked) => ask2(live(), asked),
    close: async () => session?.destroy(),
  };
};

/** Runs `work` for every item, `width` at a time. */
export const spread = async <T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> => {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: width }, lane));
};
