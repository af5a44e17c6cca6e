import type { Tap } from '@llm-proxy-auth/plugin';
import { replyHeaderPasses } from '../../http/credential-slots.ts';
import { sever } from '../../http/sever.ts';
import { beginWait, endWait, headerValueIsSafe, ownHeaders, sendHead, upstreamRequestId } from '../answer.ts';
import type { Sink } from '../dispatch.ts';
import { clientWriter, cutStalled } from './client.ts';
import { type Attempting, credentialRejected, cutError, cutOutcome, DONE, type ReplyHead, statusOutcome, textOf } from './outcome.ts';
import { wholeRest } from './whole.ts';

/** Which reply headers pass: everything but hop-by-hop, cookies and ours, or only what `only` lets through. */
const passing = (a: Attempting, headers: ReplyHead, only: ((name: string) => boolean) | undefined): string[] => {
  const out = ownHeaders(a.x);
  for (const name in headers) {
    if (!replyHeaderPasses(name) || only?.(name) === false) continue;
    const value = headers[name];
    for (const each of typeof value === 'string' ? [value] : (value ?? [])) if (headerValueIsSafe(each)) out.push(name, each);
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

/**
 * Bytes as they come: transparent mode and opaque answers. Nothing is held, added or parsed; a cut is passed on as a cut.
 * `errorsPass` is transparent mode: an error of the provider goes through untouched unless it concerns our own credential.
 */
export const relaySink = (a: Attempting, tap: Tap | undefined, errorsPass: boolean, only?: (name: string) => boolean): Sink => {
  const write = clientWriter(a);
  const { x } = a;
  let rest: Pick<Sink, 'data' | 'end' | 'cut'> | undefined;
  let started = false;
  const start = (status: number, headers: ReplyHead): void => {
    started = true;
    const out = passing(a, headers, only);
    sendHead(x, status, out);
  };
  const sendReply = (status: number, headers: ReplyHead, body: Uint8Array): void => {
    start(status, headers);
    x.bytesOut += body.length;
    x.response.end(body);
    a.resolve(DONE);
  };
  return {
    head(status, headers) {
      x.upstreamRequestId = upstreamRequestId(headers);
      endWait(x);
      const redirect = status >= 300 && status < 400 && status !== 304;
      const safe = redirect && errorsPass ? location(a, headers) : headers;
      const mustRead = status === 401 || status === 403 || (status >= 300 && !errorsPass) || safe === undefined;
      if (!mustRead) return start(status, safe ?? headers);
      rest = wholeRest(a, status, headers, (reply) => {
        const rejected = credentialRejected(a.instance, reply);
        if (rejected !== undefined) return a.resolve(rejected);
        if (!errorsPass || safe === undefined) return a.resolve(statusOutcome(x, a.instance, reply));
        sendReply(status, { ...headers, 'content-length': undefined }, reply.body);
      });
    },
    data(chunk) {
      if (rest !== undefined) return rest.data(chunk);
      if (x.firstByteAt === 0) x.firstByteAt = performance.now();
      tap?.bytes(chunk);
      write(chunk);
    },
    end() {
      if (rest !== undefined) return rest.end();
      const verdict = tap?.end();
      if (verdict?.usage !== undefined) x.usage = verdict.usage;
      if (x.stream) x.streamOutcome = verdict === undefined || verdict.complete ? 'complete' : verdict.error === undefined ? 'truncated' : 'failed';
      beginWait(x);
      if (!x.gone) x.response.end();
      a.resolve(DONE);
    },
    cut(why, error) {
      if (rest !== undefined) return rest.cut(why, error);
      if (!started) return a.resolve(cutOutcome(a.instance, why));
      const verdict = tap?.end();
      if (verdict?.usage !== undefined) x.usage = verdict.usage;
      if (why === 'stall') cutStalled(a);
      else if (x.gone) x.streamOutcome = 'client';
      else {
        x.error = cutError(a.instance, why);
        x.code = x.error.code;
        x.streamOutcome = 'truncated';
        sever(x.response);
      }
      a.resolve(DONE);
    },
  };
};
