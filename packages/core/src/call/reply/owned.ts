import { type Framing, GatewayError, type NativeCall, type Reach, type Tap } from '@llm-proxy-auth/plugin';
import { beginWait, sendWhole } from '../answer.ts';
import type { ReplyHead, Sink } from '../dispatch.ts';
import { isEvents } from '../pass.ts';
import { owningTap, ownReply } from '../stateful.ts';
import { wholeTap } from '../whole-tap.ts';
import { byHead } from './by-head.ts';
import { type Attempting, DONE, textOf } from './outcome.ts';
import { passing, relaySink } from './relay.ts';
import { wholeSink } from './whole.ts';

/** Records what an answer created and cuts its list, then sends it; when nothing of a page is the caller's, the next one is asked for. */
export const withOwn = (a: Attempting, reach: Reach, body: Uint8Array, send: (bytes: Uint8Array) => void): void => {
  void ownReply(a.x, a.instance, reach, body).then(
    (bytes) => (bytes === undefined ? a.resolve(DONE) : send(bytes)),
    (error: unknown) =>
      a.resolve({
        is: 'failed',
        class: 'other',
        accounted: a.x.usage !== undefined,
        error: error instanceof GatewayError ? error : new GatewayError('internal_error', 'The answer could not be recorded.', { cause: error }),
      }),
  );
};
/** An answer that creates ids or lists them is read; its bytes stay as they are unless a list is cut. */
const readSink = (a: Attempting, native: NativeCall, head: ReplyHead, tap: Tap | undefined): Sink =>
  wholeSink(a, (reply) => {
    tap?.bytes(reply.body);
    const usage = tap?.end().usage;
    if (usage !== undefined) a.x.usage = usage;
    withOwn(a, native.reach, reply.body, (bytes) => {
      beginWait(a.x);
      sendWhole(a.x, reply.status, passing(a, { ...head, 'content-length': undefined }, undefined), bytes);
      a.resolve(DONE);
    });
  });

const streamedSink = (a: Attempting, tap: Tap | undefined): Sink =>
  relaySink(a, tap === undefined ? undefined : owningTap(a.x, a.instance, wholeTap(tap, 'sse')), true);

/**
 * Transparent answers with ids of the caller's; what is no success passes like any other answer, and so does a stored answer that
 * is read as a stream.
 */
export const ownedSink = (a: Attempting, native: NativeCall, tapOf: (framing: Framing) => Tap | undefined): Sink =>
  byHead(a, (status, head) => {
    if (status >= 300) return relaySink(a, undefined, true);
    return isEvents(textOf(head, 'content-type')) ? streamedSink(a, tapOf('sse')) : readSink(a, native, head, tapOf('json'));
  });
