import type { ServerResponse } from 'node:http';
import { constants, Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';

/** What the delivery needs of a response, in either version of HTTP. */
export type Outlet = {
  /** The answer is over or the peer has gone. */
  onClose(listener: () => void): void;
  /** `headers` is flat: name, value, name, value. `closeDelimited` means nothing in HTTP/2. */
  head(status: number, headers: string[], closeDelimited: boolean): void;
  /** Calls back when the kernel has taken the bytes. */
  write(piece: Buffer, done: () => void): void;
  end(done: () => void): void;
  /** True when all bytes were handed over. */
  readonly finished: boolean;
  /** Bytes outside of HTTP. HTTP/2 has no place for them: there nothing is sent. */
  raw(bytes: Buffer): void;
  /** Ends the connection (`fin`), or breaks it (`rst`: a TCP reset; in HTTP/2 RST_STREAM with INTERNAL_ERROR). */
  sever(how: 'fin' | 'rst'): Promise<void>;
};

const flushed = (socket: Socket): Promise<void> => new Promise((done) => socket.write('', () => done()));

const first = (response: ServerResponse, socket: Socket): Outlet => ({
  onClose: (listener) => response.on('close', listener),
  head: (status, headers, closeDelimited) => {
    if (closeDelimited) {
      response.useChunkedEncodingByDefault = false;
      response.shouldKeepAlive = false;
    }
    response.writeHead(status, headers);
    response.flushHeaders();
  },
  write: (piece, done) => response.write(piece, done),
  end: (done) => response.end(done),
  get finished() {
    return response.writableFinished;
  },
  raw: (bytes) => socket.write(bytes),
  sever: async (how) => {
    await flushed(socket);
    if (how === 'fin') socket.end();
    else if ('encrypted' in socket) socket.destroy();
    else socket.resetAndDestroy();
  },
});

const second = (response: Http2ServerResponse): Outlet => {
  const { stream } = response;
  let ended = false; // a reset by the peer ends the writable side too, so that its own state tells nothing
  return {
    onClose: (listener) => response.on('close', listener),
    head: (status, headers) => {
      // Pairs instead of the flat list: Node's own types know no other form here.
      for (let at = 0; at + 1 < headers.length; at += 2) response.appendHeader(headers[at] ?? '', headers[at + 1] ?? '');
      response.writeHead(status);
    },
    write: (piece, done) => response.write(piece, done),
    end: (done) => {
      ended = true;
      response.end(done);
    },
    get finished() {
      return ended && stream.rstCode === constants.NGHTTP2_NO_ERROR;
    },
    raw: () => undefined,
    sever: (how) => {
      if (how === 'fin') stream.session?.destroy();
      else stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      return Promise.resolve();
    },
  };
};

/** undefined when the peer left before the handler ran. */
export const outlet = (response: ServerResponse | Http2ServerResponse): Outlet | undefined => {
  if (response instanceof Http2ServerResponse) return response.stream.destroyed ? undefined : second(response);
  return response.socket === null ? undefined : first(response, response.socket);
};
