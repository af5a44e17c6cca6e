import { GatewayError, type NativeCall, type Tap } from '@llm-proxy-auth/plugin';
import { beginWait, sendWhole, upstreamRequestId } from '../answer.ts';
import type { Sink } from '../dispatch.ts';
import { ownReply } from '../stateful.ts';
import { type Attempting, cutOutcome, DONE, type ReplyHead } from './outcome.ts';
import { passing, relaySink } from './relay.ts';
import { wholeSink } from './whole.ts';

/** An answer that creates ids or lists them is read; its bytes stay as they are unless a list is cut. */
const readSink = (a: Attempting, native: NativeCall, head: ReplyHead, tap: Tap | undefined): Sink =>
  wholeSink(a, (reply) => {
    tap?.bytes(reply.body);
    const usage = tap?.end().usage;
    if (usage !== undefined) a.x.usage = usage;
    void ownReply(a.x, a.instance, native.reach, reply.body).then(
      (bytes) => {
        // Nothing of this page is the caller's: the next one is asked for.
        if (bytes === undefined) return a.resolve(DONE);
        beginWait(a.x);
        sendWhole(a.x, reply.status, passing(a, { ...head, 'content-length': undefined }, undefined), bytes);
        a.resolve(DONE);
      },
      (error: unknown) =>
        a.resolve({
          is: 'failed',
          class: 'other',
          error: error instanceof GatewayError ? error : new GatewayError('internal_error', 'The answer could not be recorded.', { cause: error }),
        }),
    );
  });

/** Transparent answers with ids of the caller's; what is no success passes like any other answer. */
export const ownedSink = (a: Attempting, native: NativeCall, tap: Tap | undefined): Sink => {
  let sink: Sink | undefined;
  return {
    head(status, headers) {
      a.x.upstreamRequestId = upstreamRequestId(headers);
      sink = status >= 300 ? relaySink(a, undefined, true) : readSink(a, native, headers, tap);
      sink.head(status, headers);
    },
    data: (chunk) => sink?.data(chunk),
    end: () => sink?.end(),
    cut: (why, error) => (sink === undefined ? a.resolve(cutOutcome(a.instance, why, error)) : sink.cut(why, error)),
  };
};
