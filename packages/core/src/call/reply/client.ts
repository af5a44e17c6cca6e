import { sever } from '../../http/sever.ts';
import type { Attempting } from './outcome.ts';

/** Writes to the client with back-pressure up to the provider; nothing is written once the client has gone. */
export const clientWriter = (a: Attempting) => {
  const { response } = a.x;
  let waiting = false;
  const resume = (): void => {
    waiting = false;
    a.flight.resume();
  };
  return (chunk: string | Uint8Array): void => {
    if (chunk.length === 0 || a.x.gone) return;
    if (a.x.plan.graph.settings.log.content) a.x.plan.content(a.x, 'reply', chunk);
    a.x.bytesOut += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
    const sink = response as { write(chunk: string | Uint8Array): boolean };
    if (sink.write(chunk) || waiting) return;
    waiting = true;
    a.flight.pause();
    response.once('drain', resume);
  };
};
/** A client that reads nothing for too long is cut. */
export const cutStalled = (a: Attempting): void => {
  a.x.gone = true;
  a.x.streamOutcome = 'client';
  sever(a.x.response);
};
