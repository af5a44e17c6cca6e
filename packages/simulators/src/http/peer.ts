import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Answer } from './answer.ts';
import { type Capture, type CapturedRequest, capture } from './captured.ts';
import { deliver, type ErrorWords, spoil } from './deliver.ts';
import { departure } from './departure.ts';
import { type Rule, type Script, script } from './fault.ts';
import { listen } from './listener.ts';
import { outlet } from './outlet.ts';
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

/** A scriptable HTTP service on a real socket. */
export type Peer = {
  /** `http://127.0.0.1:49152`, without a trailing slash. */
  readonly origin: string;
  /** The latest requests in order of arrival, also those still arriving. */
  readonly requests: readonly CapturedRequest[];
  /** Adds a fault; the function returned takes it back. */
  script(rule: Rule): () => void;
  /** Forgets scripts and captured requests. */
  clear(): void;
  /** The first request, past or future, that matches, has wholly arrived and was not handed out by this function before. Rejects after `timeout` ms (20,000). */
  waitForRequest(match?: Match, timeout?: number): Promise<CapturedRequest>;
  /** As `waitForRequest`, but as soon as the head is there. */
  waitForHead(match?: Match, timeout?: number): Promise<CapturedRequest>;
  /** As `waitForRequest`, for requests whose peer closed before our end. */
  waitForAbort(match?: Match, timeout?: number): Promise<CapturedRequest>;
  /** Destroys all connections and stops listening. */
  close(): Promise<void>;
};

export type Service = ErrorWords & {
  answer(request: CapturedRequest): Answer | Promise<Answer>;
  /** Serves HTTP/2 beside HTTP/1.1. */
  readonly http2?: true;
};

const receive = async (request: IncomingMessage | Http2ServerRequest, captured: Capture): Promise<boolean> => {
  try {
    for await (const piece of request) captured.append(piece);
    captured.completed();
    return true;
  } catch {
    return false; // the peer left during the upload: the response's `close` records the abort
  }
};

/** Takes one request from its head to the end of the answer. */
const conversation = (service: Service, rules: Script, log: RequestLog) => {
  let number = 0;
  return async (request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse): Promise<void> => {
    number += 1;
    const captured = capture(request, number);
    const { view } = captured;
    const way = outlet(response);
    if (way === undefined) return;
    const peer = departure(way);
    if (view.httpVersion === '1.1') response.socket?.setNoDelay(true);
    response.on('error', () => undefined); // a write after the peer left; `close` follows
    way.onClose(() => {
      if (way.finished || view.progress === 'cut') return;
      captured.abort();
      log.aborted.push(view);
    });
    log.head(view);
    if (!rules.leavesBodyUnread(view) && !(await receive(request, captured))) return log.whole.push(view);
    const fault = rules.take(view);
    log.whole.push(view);
    const answer = spoil(await service.answer(view), fault, service);
    if (Buffer.isBuffer(answer.body)) captured.answered(answer.body);
    await deliver(way, answer, fault, captured, peer);
  };
};

export const peer = async (service: Service, options: PeerOptions = {}): Promise<Peer> => {
  const { host = '127.0.0.1', keepRequests = 1000, port = 0, tls } = options;
  const rules = script();
  const log = requestLog(keepRequests);
  const serve = conversation(service, rules, log);
  const listener = await listen(
    (request, response) => {
      serve(request, response).catch((cause: unknown) => response.destroy(cause instanceof Error ? cause : new Error(String(cause))));
    },
    { port, host, tls, http2: service.http2 === true },
  );
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${listener.port}`,
    requests: log.requests,
    script: rules.add,
    clear: () => {
      rules.clear();
      log.clear();
    },
    waitForRequest: log.whole.next,
    waitForHead: log.heads.next,
    waitForAbort: log.aborted.next,
    close: listener.close,
  };
};
