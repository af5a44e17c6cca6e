import type { ServerResponse } from 'node:http';
import type { Tap } from '@llm-proxy-auth/plugin';
import { replyHeaderPasses } from '../../http/credential-slots.ts';
import { namedHops } from '../../http/head.ts';
import { type HeaderLines, headerValueIsSafe } from '../../http/header-lines.ts';
import { sever } from '../../http/sever.ts';
import { beginWait, endWait, holdsSecret, ONE_WRITE, ownHeaders, sendBody, sendHead, upstreamRequestId } from '../answer.ts';
import type { Cut, ReplyHead, Sink } from '../dispatch.ts';
import { ClientWriter, cutStalled } from './client.ts';
import { type Attempting, credentialRejected, cutError, cutOutcome, DONE, statusOutcome, textOf } from './outcome.ts';
import { wholeRest } from './whole.ts';

/** Which reply headers pass: everything but hop-by-hop, cookies and ours, or only what `only` lets through. */
export const passing = (a: Attempting, headers: ReplyHead, only: ((name: string) => boolean) | undefined): HeaderLines => {
  const out = ownHeaders(a.x);
  const secrets = a.x.plan.graph.secrets();
  const hops = namedHops(textOf(headers, 'connection'));
  for (const name in headers) {
    if (!replyHeaderPasses(name) || hops?.has(name) || only?.(name) === false) continue;
    const value = headers[name];
    for (const each of typeof value === 'string' ? [value] : (value ?? []))
      if (headerValueIsSafe(each) && !holdsSecret(secrets, name, each)) out.put(name, each);
  }
  return out;
};

/** `Location` is passed on only when it stays at the same provider; then it is rewritten to come back to us. */
const location = (a: Attempting, headers: ReplyHead): ReplyHead | undefined => {
  const target = textOf(headers, 'location');
  if (target === '') return headers;
  const { base } = a.instance.provider;
  if (!target.startsWith(`${base.origin}${base.path}/`)) return undefined;
  return { ...headers, location: `/transparent/${a.instance.name}${base.prefix}${target.slice(base.origin.length + base.path.length)}` };
};

/** What watches the answer, or who chooses it by the answer's head. */
type Watching = Tap | ((headers: ReplyHead) => Tap | undefined) | undefined;
/**
 * Bytes as they come: transparent mode and opaque answers. Nothing is held, added or parsed; a cut is passed on as a cut.
 * `errorsPass` is transparent mode: an error of the provider goes through untouched unless it concerns our own credential.
 * A class without closures: what a request allocates must die young (see receive.ts).
 */
class RelaySink implements Sink {
  readonly #a: Attempting;
  #tap: Tap | undefined;
  readonly #tapOf: ((headers: ReplyHead) => Tap | undefined) | undefined;
  readonly #errorsPass: boolean;
  readonly #only: ((name: string) => boolean) | undefined;
  readonly #writer: ClientWriter;
  #rest: Pick<Sink, 'data' | 'end' | 'cut'> | undefined;
  #status = 0;
  /** Waits for the pieces of the same read, so that head and body can be one write. */
  #waiting: HeaderLines | undefined;
  #length = -1;
  #started = false;

  constructor(a: Attempting, tap: Watching, errorsPass: boolean, only: ((name: string) => boolean) | undefined) {
    this.#a = a;
    this.#tap = typeof tap === 'function' ? undefined : tap;
    this.#tapOf = typeof tap === 'function' ? tap : undefined;
    this.#errorsPass = errorsPass;
    this.#only = only;
    this.#writer = new ClientWriter(a);
  }
  head(status: number, headers: ReplyHead, at: number): void {
    const { x } = this.#a;
    x.upstreamRequestId = upstreamRequestId(headers);
    endWait(x, at);
    const redirect = status >= 300 && status < 400 && status !== 304;
    const safe = redirect && this.#errorsPass ? location(this.#a, headers) : headers;
    const mustRead = status === 401 || status === 403 || (status >= 300 && !this.#errorsPass) || safe === undefined;
    if (mustRead) return this.#read(status, headers, safe === undefined);
    this.#begin(status, safe);
    // The body of a small answer comes with its head, or soon: else `tick` sends the head alone.
    if (this.#length < 0 || this.#length > ONE_WRITE || x.http2) queueMicrotask(() => this.#flushHead());
  }
  tick(): void {
    this.#flushHead();
  }
  data(chunk: Buffer, at: number): void {
    if (this.#rest !== undefined) return this.#rest.data(chunk, at);
    const { x } = this.#a;
    if (x.firstByteAt === 0) x.firstByteAt = at;
    this.#tap?.bytes(chunk);
    if (this.#waiting !== undefined && chunk.length === this.#length && chunk.length <= ONE_WRITE && !x.http2) this.#writeWhole(chunk);
    else {
      // Not flushed: node:http sends it with the bytes that follow.
      this.#sendHead();
      this.#writer.write(chunk);
    }
  }
  end(): void {
    if (this.#rest !== undefined) return this.#rest.end();
    this.#flushHead();
    const { x } = this.#a;
    const verdict = this.#tap?.end();
    if (verdict?.usage !== undefined) x.usage = verdict.usage;
    if (x.stream) x.streamOutcome = verdict === undefined || verdict.complete ? 'complete' : verdict.error === undefined ? 'truncated' : 'failed';
    beginWait(x);
    if (!x.gone && !x.response.writableEnded) x.response.end();
    this.#a.resolve(DONE);
  }
  cut(why: Cut, error: unknown): void {
    if (this.#rest !== undefined) return this.#rest.cut(why, error);
    const a = this.#a;
    const { x } = a;
    if (!this.#started) return a.resolve(cutOutcome(a.instance, why, error));
    const verdict = this.#tap?.end();
    if (verdict?.usage !== undefined) x.usage = verdict.usage;
    if (why === 'stall') cutStalled(a);
    else if (x.gone) x.streamOutcome = x.stream && verdict?.complete === true ? 'complete' : 'client';
    else {
      this.#flushHead();
      x.error = cutError(a.instance, why);
      x.code = x.error.code;
      x.streamOutcome = 'truncated';
      sever(x.response);
    }
    a.resolve(DONE);
  }
  #begin(status: number, told: ReplyHead): void {
    // RFC 9110 8.6: a 204 has no length, whatever its provider says.
    const headers = status === 204 ? { ...told, 'content-length': undefined } : told;
    const length = headers['content-length'];
    this.#started = true;
    this.#tap ??= this.#tapOf?.(headers);
    this.#status = status;
    this.#length = typeof length === 'string' ? Number(length) : -1;
    this.#waiting = passing(this.#a, headers, this.#only);
  }
  #sendHead(): boolean {
    const headers = this.#waiting;
    if (headers === undefined) return false;
    this.#waiting = undefined;
    const { x } = this.#a;
    if (x.gone || x.response.headersSent) return false;
    sendHead(x, this.#status, headers);
    return true;
  }
  #flushHead(): void {
    const { x } = this.#a;
    if (this.#sendHead() && !x.http2) (x.response as ServerResponse).flushHeaders();
  }
  #writeWhole(chunk: Buffer): void {
    const headers = this.#waiting;
    this.#waiting = undefined;
    const { x } = this.#a;
    if (headers === undefined || x.gone) return;
    sendBody(x, this.#status, headers, chunk, chunk.length);
  }
  /** Answers that concern us: refused credentials, and errors that do not pass. */
  #read(status: number, headers: ReplyHead, strayed: boolean): void {
    const a = this.#a;
    this.#rest = wholeRest(a, status, headers, (reply) => {
      const rejected = credentialRejected(a.instance, reply);
      if (rejected !== undefined) return a.resolve(rejected);
      if (!this.#errorsPass || strayed) return a.resolve(statusOutcome(a.x, a.instance, reply));
      this.#begin(status, { ...headers, 'content-length': undefined });
      this.#flushHead();
      a.x.bytesOut += reply.body.length;
      a.x.response.end(reply.body);
      a.resolve(DONE);
    });
  }
}
export const relaySink = (a: Attempting, tap: Watching, errorsPass: boolean, only?: (name: string) => boolean): Sink => new RelaySink(a, tap, errorsPass, only);
