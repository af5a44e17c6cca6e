import type { ServerResponse } from 'node:http';
import { Transform } from 'node:stream';
import { GatewayError } from '@llm-proxy-auth/plugin';
import type { Exchange } from './exchange.ts';

/** Watches body bytes as they arrive; throws GatewayError to refuse. */
export interface Watcher {
  push(chunk: Uint8Array): void;
  end(): void;
}
const tooLarge = (limit: number): GatewayError => new GatewayError('body_too_large', `The request body is larger than ${limit} bytes.`);

/** Ends reading: what still comes is thrown away, and the connection is not used again. */
const stopReading = (x: Exchange): void => {
  x.request.removeAllListeners('data');
  x.request.resume();
  if (!x.http2) (x.response as ServerResponse).shouldKeepAlive = false;
};

/** Collects the body as the raw pieces that arrived. Throws `body_too_large`, `request_timeout`, `client_closed` and what the watcher throws. */
export const collect = (x: Exchange, limit: number, watcher: Watcher | undefined): Promise<Buffer[]> => {
  const said = x.head?.contentLength;
  if (x.gone) return Promise.reject(new GatewayError('client_closed', 'The client went before its request was whole.'));
  if (said !== undefined && said > limit) {
    stopReading(x);
    return Promise.reject(tooLarge(limit));
  }
  return new Promise((resolve, reject) => {
    const { request } = x;
    const pieces: Buffer[] = [];
    let size = 0;
    const finish = (): void => {
      x.interrupt = undefined;
      request.off('data', onData);
      request.off('end', onEnd);
    };
    const fail = (error: unknown): void => {
      finish();
      stopReading(x);
      reject(error);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      x.bytesIn = size;
      if (size > limit) return fail(tooLarge(limit));
      pieces.push(chunk);
      if (watcher === undefined) return;
      try {
        watcher.push(chunk);
      } catch (error) {
        fail(error);
      }
    };
    const onEnd = (): void => {
      finish();
      try {
        watcher?.end();
      } catch (error) {
        return reject(error);
      }
      resolve(pieces);
    };
    x.interrupt = (why) => {
      finish();
      reject(
        why === 'gone'
          ? new GatewayError('client_closed', 'The client went before its request was whole.')
          : new GatewayError('draining', 'The gateway stops; send the request again.', { retryAfterMs: 1_000 }),
      );
    };
    request.on('data', onData);
    request.on('end', onEnd);
  });
};

/** Pipes the body while the watcher looks on; its refusal destroys the stream, which aborts the upstream request. */
export const pipe = (x: Exchange, limit: number, watcher: Watcher | undefined): Transform => {
  let size = 0;
  const through = new Transform({
    highWaterMark: 262_144,
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      x.bytesIn = size;
      try {
        if (size > limit) throw tooLarge(limit);
        watcher?.push(chunk);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      try {
        watcher?.end();
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
  x.request.pipe(through);
  return through;
};
