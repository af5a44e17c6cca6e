import { readFileSync } from 'node:fs';
import http2, { type ClientHttp2Session, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import net, { type Socket } from 'node:net';
import { createListener, type Listener, type ListenerOptions, type RequestHandler } from '../src/http/server.ts';

export const pem = (name: string): string => readFileSync(new URL(`./fixtures/tls/${name}.pem`, import.meta.url), 'utf8');
export const serverTls = { cert: pem('server'), key: pem('server-key') };

const opened: Listener[] = [];
/** A listener on a free loopback port; `closeAll` ends it. */
export const open = async (handler: RequestHandler, options: Partial<ListenerOptions> = {}): Promise<Listener> => {
  const listener = await createListener({ name: 'test', host: '127.0.0.1', port: 0, timeouts: { head: 5000, body: 10_000, minRate: 1 }, ...options, handler });
  await listener.listen();
  opened.push(listener);
  return listener;
};
export const closeAll = async (): Promise<void> => {
  await Promise.all(opened.splice(0).map((listener) => listener.close(0)));
};

export const connect = (listener: Listener, options: Partial<net.TcpNetConnectOpts> = {}): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = net.connect({ host: '127.0.0.1', port: listener.address.port, ...options }, () => resolve(socket));
    socket.once('error', reject);
    socket.on('error', () => undefined);
  });

/** Everything a socket receives until it closes, and how it closed. */
export const drained = (socket: Socket): Promise<{ text: string; reset: boolean }> =>
  new Promise((resolve) => {
    let text = '';
    let reset = false;
    socket.on('data', (piece) => {
      text += piece.toString('latin1');
    });
    socket.on('error', (error: Error & { code?: string }) => {
      reset ||= error.code === 'ECONNRESET';
    });
    socket.once('close', () => resolve({ text, reset }));
  });

/** Sends text over a fresh connection and returns what came back until the server closed it. */
export const exchange = async (listener: Listener, ...pieces: (string | Buffer)[]): Promise<{ text: string; reset: boolean }> => {
  const socket = await connect(listener);
  const answer = drained(socket);
  for (const piece of pieces) socket.write(piece, 'latin1' as never);
  return answer;
};

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
export const parseAnswer = (text: string): RawAnswer => {
  const end = text.indexOf('\r\n\r\n');
  const [line = '', ...rest] = text.slice(0, end).split('\r\n');
  const headers: Record<string, string> = {};
  for (const header of rest) headers[header.slice(0, header.indexOf(':')).toLowerCase()] = header.slice(header.indexOf(':') + 1).trim();
  return { status: Number(line.split(' ')[1]), headers, body: text.slice(end + 4) };
};

const sessions: ClientHttp2Session[] = [];
export const session = (listener: Listener, options: http2.SecureClientSessionOptions = {}): Promise<ClientHttp2Session> =>
  new Promise((resolve, reject) => {
    const client = http2.connect(listener.url, { rejectUnauthorized: false, ...options });
    sessions.push(client);
    client.once('connect', () => resolve(client));
    client.once('error', reject);
    client.on('error', () => undefined);
  });
export const closeSessions = (): void => {
  for (const client of sessions.splice(0)) client.destroy();
};

export interface StreamAnswer {
  readonly headers: IncomingHttpHeaders & { ':status'?: number };
  readonly body: string;
  readonly error: string | undefined;
  readonly rstCode: number;
}
/** One HTTP/2 request; resolves when its stream closed. */
export const ask = (client: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string): Promise<StreamAnswer> =>
  new Promise((resolve) => {
    const stream = client.request(headers, { endStream: body === undefined });
    let received: IncomingHttpHeaders = {};
    let text = '';
    let error: string | undefined;
    stream.on('response', (answer) => {
      received = answer;
    });
    stream.on('data', (piece: Buffer) => {
      text += piece.toString();
    });
    stream.on('error', (failure: Error & { code?: string }) => {
      error = failure.code ?? failure.message;
    });
    stream.on('close', () => resolve({ headers: received, body: text, error, rstCode: stream.rstCode ?? 0 }));
    if (body !== undefined) stream.end(body);
  });

export const code = (body: string): unknown => (JSON.parse(body) as { error: { code: string } }).error.code;
