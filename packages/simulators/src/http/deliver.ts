import { gzipSync } from 'node:zlib';
import { type Answer, json, withHeaders } from './answer.ts';
import type { Capture } from './captured.ts';
import type { Departure } from './departure.ts';
import type { Fault } from './fault.ts';
import type { Outlet } from './outlet.ts';
import { rechunk } from './rechunk.ts';

const bytes = (value: string | Uint8Array): Buffer => (typeof value === 'string' ? Buffer.from(value) : Buffer.from(value));

const isWhole = (body: Answer['body']): body is Buffer => Buffer.isBuffer(body);

/** How a service words an error for which a script gives only the status. */
export type ErrorWords = {
  errorBody(status: number): unknown;
  /** Beside content-type. */
  errorHeaders?(status: number): Readonly<Record<string, string>>;
};

/** The answer as the fault wants it: status, headers, body and coding; where bytes stop is not decided here. */
export const spoil = (answer: Answer, fault: Fault, words: ErrorWords): Answer => {
  let { status, headers, body } = answer;
  if (fault.redirect !== undefined) {
    status = 307;
    headers = withHeaders(headers, { location: fault.redirect });
    body = Buffer.alloc(0);
  }
  if (fault.status !== undefined) {
    status = fault.status;
    if (fault.body === undefined && fault.redirect === undefined && status >= 400) {
      headers = withHeaders(headers, { 'content-type': 'application/json', ...words.errorHeaders?.(status) });
      body = json(words.errorBody(status));
    }
  }
  if (fault.body !== undefined) {
    const given = fault.body;
    const plain = typeof given === 'string' || given instanceof Uint8Array;
    if (!plain) headers = withHeaders(headers, { 'content-type': 'application/json' });
    body = plain ? bytes(given) : json(given);
  }
  if (fault.malformed !== undefined) {
    const frames = isWhole(body) ? [body] : [...body];
    frames.splice(fault.malformed.before, 0, bytes(fault.malformed.frame));
    body = frames;
  }
  if (fault.endWith !== undefined) body = [...(isWhole(body) ? [body] : body)].slice(0, fault.endWith.after).concat(bytes(fault.endWith.frame));
  if (fault.gzip === true) {
    const packed = gzipSync(isWhole(body) ? body : Buffer.concat([...body]));
    headers = withHeaders(headers, { 'content-encoding': 'gzip' });
    body = isWhole(body) ? packed : [packed];
  }
  if (fault.rechunk !== undefined) body = rechunk(isWhole(body) ? body : Buffer.concat([...body]), fault.rechunk);
  return { status, headers: withHeaders(headers, fault.headers ?? {}), body };
};

const after =
  (milliseconds: number) =>
  (done: () => void): (() => void) => {
    const timer = setTimeout(done, milliseconds);
    return () => clearTimeout(timer);
  };

const settled =
  (promise: Promise<unknown>) =>
  (done: () => void): undefined => {
    promise.then(done, done);
  };

const sever = async (response: Outlet, how: 'fin' | 'rst', capture: Capture): Promise<void> => {
  const over = response.sever(how);
  capture.moved('cut');
  await over;
};

/** One write, awaited until the kernel has taken it or the peer has gone: back-pressure. */
const put = (response: Outlet, piece: Buffer, peer: Departure): Promise<void> =>
  peer.or((done) => {
    response.write(piece, done);
    return undefined;
  });

/** Writes the pieces up to cut and stall positions. True when everything was written and the peer is still there. */
const pour = async (response: Outlet, pieces: Iterable<Buffer>, fault: Fault, capture: Capture, peer: Departure): Promise<boolean> => {
  const cutAt = fault.cut === undefined || fault.cut.at === 'head' ? Number.POSITIVE_INFINITY : fault.cut.at;
  let stallAt = fault.stall?.at ?? Number.POSITIVE_INFINITY;
  let sent = 0;
  const stall = (): Promise<void> => {
    stallAt = Number.POSITIVE_INFINITY;
    return peer.or(settled(fault.stall?.until ?? new Promise(() => undefined)));
  };
  for (const whole of pieces) {
    let piece = whole;
    while (piece.length > 0) {
      if (sent >= stallAt) await stall();
      if (peer.gone || sent >= cutAt) return !peer.gone && sent < cutAt;
      if (fault.delayChunk !== undefined) await peer.or(after(fault.delayChunk));
      const next = piece.subarray(0, Math.min(stallAt, cutAt) - sent);
      capture.sent(next.length);
      await put(response, next, peer);
      sent += next.length;
      piece = piece.subarray(next.length);
    }
  }
  if (stallAt !== Number.POSITIVE_INFINITY) await stall();
  return !peer.gone && cutAt === Number.POSITIVE_INFINITY;
};

const head = (response: Outlet, answer: Answer, fault: Fault): void => {
  const headers: string[] = answer.headers.flat();
  const names = new Set(answer.headers.map(([name]) => name.toLowerCase()));
  const closeDelimited = fault.closeDelimited === true;
  if (!closeDelimited && isWhole(answer.body) && !names.has('content-length') && answer.status !== 204 && answer.status !== 304) {
    headers.push('content-length', String(answer.body.length));
  }
  response.head(answer.status, headers, closeDelimited);
};

/** Sends the answer, with the fault's delays, cuts and leftovers. Returns when it is sent, severed or the peer has gone. */
export const deliver = async (response: Outlet, answer: Answer, fault: Fault, capture: Capture, peer: Departure): Promise<void> => {
  if (fault.holdHead !== undefined) await peer.or(settled(fault.holdHead));
  if (fault.delayHead !== undefined) await peer.or(after(fault.delayHead));
  if (peer.gone) return;
  if (fault.raw !== undefined) {
    response.raw(bytes(fault.raw));
    return sever(response, fault.cut?.how ?? 'fin', capture);
  }
  if (fault.cut?.at === 'head') return sever(response, fault.cut.how, capture);
  head(response, answer, fault);
  capture.moved('head');
  if (capture.view.method !== 'HEAD') {
    const whole = await pour(response, isWhole(answer.body) ? [answer.body] : answer.body, fault, capture, peer);
    if (peer.gone) return;
    capture.moved('body');
    if (!whole && fault.cut !== undefined) return sever(response, fault.cut.how, capture);
  }
  await peer.or((done) => {
    response.end(done);
    return undefined;
  });
  if (!response.finished) return;
  capture.moved('ended');
  if (fault.extraAfterEnd !== undefined) response.raw(bytes(fault.extraAfterEnd));
};
