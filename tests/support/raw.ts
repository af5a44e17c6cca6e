import { type Agent, request as requestHttp1 } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';

export interface Sent {
  readonly method?: string;
  /** As it goes on the wire; nothing is normalised. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
}
export interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One request over HTTP/1.1, the target as it stands; without an agent over a connection of its own. */
export const ask = (url: string, { method = 'POST', path, headers = {}, body }: Sent, agent: Agent | false = false): Promise<Got> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const sent = requestHttp1({ host: hostname, port, method, path, headers: headers as Record<string, string | string[]>, agent }, (reply) => {
      const pieces: Buffer[] = [];
      reply.on('data', (piece: Buffer) => pieces.push(piece));
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, headers: reply.headers, text: Buffer.concat(pieces).toString() }));
      reply.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });

/** The same over HTTP/2 on the same port. */
export const ask2 = (url: string, { method = 'POST', path, headers = {}, body }: Sent): Promise<Got> =>
  new Promise((resolve, reject) => {
    const session = connectHttp2(url);
    session.on('error', reject);
    const stream = session.request({ ':method': method, ':path': path, ...headers } as Record<string, string>);
    const pieces: Buffer[] = [];
    let head: Got['headers'] = {};
    stream.on('response', (got) => {
      head = got as Got['headers'];
    });
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('error', (error) => {
      session.destroy();
      reject(error);
    });
    stream.on('end', () => {
      session.close();
      resolve({ status: Number(head[':status'] ?? 0), headers: head, text: Buffer.concat(pieces).toString() });
    });
    stream.end(body);
  });

/** Bytes on a socket as they are, and all bytes that come back until the other side closes or `quiet` ms pass without any. */
export const wire = (url: string, bytes: string | Uint8Array, quiet = 1_500): Promise<string> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const pieces: Buffer[] = [];
    socket.setTimeout(quiet, () => socket.destroy());
    socket.on('data', (piece) => pieces.push(piece));
    // A reset after the answer is a way to close; what came before it counts.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve(Buffer.concat(pieces).toString('latin1')));
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  });
export interface Answered {
  readonly status: number;
  readonly code: string | undefined;
  readonly close: boolean;
}
/** Every answer in what a socket brought. */
export const answersIn = (text: string): Answered[] =>
  [...text.matchAll(/HTTP\/1\.[01] (\d{3})[^\r\n]*\r\n([\s\S]*?)\r\n\r\n/g)].map(([, status, head = '']) => ({
    status: Number(status),
    code: /^x-lpa-code: (.*)$/im.exec(head)?.[1]?.trim(),
    close: /^connection: .*close/im.test(head),
  }));

/** Names of the headers that a simulator was sent, lower case. */
export const namesIn = (headers: readonly (readonly [name: string, value: string])[]): string[] => headers.map(([name]) => name.toLowerCase());
export const codeOf = (got: Got): string => String(got.headers['x-lpa-code'] ?? '');
export interface Part {
  /** The header lines of the part, without line ends at the edges. */
  readonly head: string;
  readonly body: string;
}
export const field = (name: string, body: string): Part => ({ head: `Content-Disposition: form-data; name="${name}"`, body });
export const file = (name: string, body: string, filename = 'a.jsonl'): Part => ({
  head: `Content-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: application/octet-stream`,
  body,
});
export const BOUNDARY = 'cut-here-7MA4YWxk';
export const form = (parts: readonly Part[], boundary = BOUNDARY): string =>
  `${parts.map(({ head, body }) => `--${boundary}\r\n${head}\r\n\r\n${body}\r\n`).join('')}--${boundary}--\r\n`;
export const FORM_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;
