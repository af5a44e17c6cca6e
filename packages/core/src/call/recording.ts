import type { Framing, Reach, Surface, Tap, UpstreamReply } from '@llm-proxy-auth/plugin';
import type { Instance } from '../graph.ts';
import type { ReplyHead } from './dispatch.ts';
import type { Exchange } from './exchange.ts';
import type { Attempting } from './reply/outcome.ts';
import { withOwn } from './reply/owned.ts';
import type { StreamBody } from './reply/stream.ts';
import { recordVerdict } from './stateful.ts';
import { wholeTap } from './whole-tap.ts';

/** A whole answer that is translated into the surface it came in: what the provider stored becomes the caller's, then it is sent. */
export const recordingReply =
  (a: Attempting, reach: Reach, answer: (reply: UpstreamReply, head: ReplyHead) => void) =>
  (reply: UpstreamReply, head: ReplyHead): void =>
    withOwn(a, reach, reply.body, () => answer(reply, head));

/** The same for a stream, which does not end before that is recorded. */
export const recordingStream = (x: Exchange, instance: Instance, surface: Surface<'chat'>, framing: Framing, body: StreamBody): StreamBody => {
  const streamed = surface.tap?.(framing, false);
  let tap: Tap | undefined = streamed === undefined ? undefined : wholeTap(streamed, framing);
  return {
    ...body,
    push(chunk) {
      tap?.bytes(chunk);
      return body.push(chunk);
    },
    fromWhole(reply) {
      tap = surface.tap?.('json', false);
      tap?.bytes(reply.body);
      return body.fromWhole(reply);
    },
    verdict: () => (tap === undefined ? undefined : recordVerdict(x, instance, tap.end())),
  };
};
