import type { Surface, Tap } from '@llm-proxy-auth/plugin';
import type { ReplyHead } from './dispatch.ts';
import { CONTENT_TYPES, isEvents } from './pass.ts';
import { textOf } from './reply/outcome.ts';
import { wholeTap } from './whole-tap.ts';

const MEDIA = /^(?:audio|image|video)\/|^application\/octet-stream\b/i;

/**
 * Reads an answer that passes without the call having asked for a stream, the same in both modes: events where it is a stream all the same
 * (spoken text with `stream_format: sse`), else JSON, and of sound and pictures nothing.
 */
export const answerTap = (surface: Pick<Surface<'opaque'>, 'tap'> | undefined, head: ReplyHead): Tap | undefined => {
  const type = textOf(head, 'content-type');
  // Asked first, as most answers are: no pattern is needed for it.
  const framing = type === CONTENT_TYPES.json ? 'json' : isEvents(type) ? 'sse' : MEDIA.test(type) ? 'binary' : 'json';
  if (framing !== 'sse') return surface?.tap?.(framing, false, (name) => textOf(head, name));
  const tap = surface?.tap?.(framing, false);
  return tap === undefined ? undefined : wholeTap(tap, framing);
};
