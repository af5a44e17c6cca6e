import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Answer } from './answer.ts';
import { type Capture, type CapturedRequest, capture } from './captured.ts';
import { deliver, spoil } from './deliver.ts';
import { departure } from './departure.ts';
import { type Rule, type Script, script } from './fault.ts';
import { type Match, type RequestLog, requestLog } from './request-log.ts';

export type PeerOptions = {
  /** 0 or absent: any free port. */
  readonly port?: number;
  readonly host?: string;
  /** PEM texts: serves HTTPS instead of HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** How many of the latest requests `requests` keeps with their bodies; 1000 if absent. */
  readonly keepRequests?: number;
};

/** A scriptable HTTP/1.1 service on a real socket. */
export type Peer = {
  /** `http://127.0.0.1:49152`, without a trailing slash. */
  readonly origin: string;
  /** The latest requests in order of arrival, also those still arriving. */
  readonly requests: readonly CapturedRequest[];
  /** Adds a fault; the function returned takes it back. */
  script(rule: Rule): () => void;
  /** Forgets scripts and captured requests. */
  clear(): void;
  /** The first request, past or future, that matches, has wholly arrived and was not handed out by this function before. Rejects after `timeout` ms (5000). */
  waitForRequest(match?: Match, timeout?: number): Promise<CapturedRequest>;
  /** As `waitForRequest`, but as soon as the head is there. */
  waitForHead(match?: Match, timeout?: number): Promise<CapturedRequest>;
  /** As `waitForRequest`, for requests whose peer closed before our end. */
  waitForAbort(match?: Match, timeout?: number): Promise<CapturedRequest>;
  /** Destroys all connections and stops listening. */
  close(): Promise<void>;
};

export type Service = {
  answer(request: CapturedRequest): Answer | Promise<Answer>;
  /** The service's own error envelope for a status that a script asks for. */
  errorBody(status: number): unknown;
};

const receive = async (request: IncomingMessage, captured: Capture): Promise<boolean> => {
  try {
    for await (const piece of request) captured.append(piece);
    captured.completed();
    return true;
  } catch {
    return false; // the peer left during the upload: the response's `close` records the abort
  }
};

const listening = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(port, host, () => done((server.address() as AddressInfo).port));
  });

/** Takes one request from its head to the end of the answer. */
const conversation = (service: Service, rules: Script, log: RequestLog) => {
  let number = 0;
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    number += 1;
    const captured = capture(request, number);
    const { view } = captured;
    const peer = departure(response);
    response.socket?.setNoDelay(true);
    response.on('error', () => undefined); // a write after the peer left; `close` follows
    response.on('close', () => {
      if (response.writableFinished || view.progress === 'cut') return;
      captured.abort();
      log.aborted.push(view);
    });
    log.head(view);
    if (!rules.leavesBodyUnread(view) && !(await receive(request, captured))) return log.whole.push(view);
    const fault = rules.take(view);
    log.whole.push(view);
    await deliver(response, spoil(await service.answer(view), fault, service.errorBody), fault, captured, peer);
  };
};

export const peer = async (service: Service, options: PeerOptions = {}): Promise<Peer> => {
  const { host = '127.0.0.1', keepRequests = 1000 } = options;
  const rules = script();
  const log = requestLog(keepRequests);
  const serve = conversation(service, rules, log);
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    serve(request, response).catch((cause: unknown) => response.destroy(cause instanceof Error ? cause : new Error(String(cause))));
  };
  const limits = { maxHeaderSize: 65_536, requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 60_000 };
  const server = options.tls === undefined ? createServer(limits, handler) : createSecureServer({ ...limits, ...options.tls }, handler);
  const port = await listening(server, options.port ?? 0, host);
  return {
    origin: `${options.tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    requests: log.requests,
    script: rules.add,
    clear: () => {
      rules.clear();
      log.clear();
    },
    waitForRequest: log.whole.next,
    waitForHead: log.heads.next,
    waitForAbort: log.aborted.next,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
};
