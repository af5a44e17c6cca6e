import type { Surface, Tap } from '@llm-proxy-auth/plugin';
import type { ReplyHead } from './dispatch.ts';
import { isEvents } from './pass.ts';
import { textOf } from './reply/outcome.ts';
import { wholeTap } from './whole-tap.ts';

/** As it is mostly written. */
const JSON_TYPE = 'application/json';
const MEDIA = /^(?:audio|image|video)\/|^application\/octet-stream\b/i;

/**
 * Reads an answer that passes without the call having asked for a stream, the same in both modes: events where it is a stream all the same
 * (spoken text with `stream_format: sse`), else JSON, and of sound and pictures nothing.
 */
export const answerTap = (surface: Pick<Surface<'opaque'>, 'tap'> | undefined, head: ReplyHead): Tap | undefined => {
  const type = textOf(head, 'content-type');
  if (type === JSON_TYPE || !isEvents(type))
    return surface?.tap?.(type !== JSON_TYPE && MEDIA.test(type) ? 'binary' : 'json', false, (name) => textOf(head, name));
  const tap = surface?.tap?.('sse', false);
  return tap === undefined ? undefined : wholeTap(tap, 'sse');
};
