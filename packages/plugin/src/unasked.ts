import type { ChatEvent, ChatReply, Part } from './conversation.ts';
import type { StreamWriter } from './dialect.ts';

type Texts = Omit<StreamWriter, 'event'> & { event(e: ChatEvent): string };
const isUnasked = (part: Part): boolean => part.kind === 'thinking' && part.origin === undefined;
/**
 * An answer for a client that did not ask for thoughts. Those that are signed stay whole: vendors sign the text as well, and what carries a
 * proof through a client of another format does not carry the text. A later turn that brings it back without would be refused.
 */
export const withoutThoughts = (reply: ChatReply): ChatReply =>
  reply.choices.some(({ parts }) => parts.some(isUnasked))
    ? { ...reply, choices: reply.choices.map((choice) => ({ ...choice, parts: choice.parts.filter((part) => !isUnasked(part)) })) }
    : reply;
/** The same of a stream, where thinking waits for its end, which says whether it is signed. */
export const writingNoThoughts = (writer: Texts): StreamWriter => {
  const held = new Map<string, ChatEvent[]>();
  const event = (e: ChatEvent): string => {
    if (!('index' in e) || !('choice' in e)) return writer.event(e);
    const key = `${e.choice} ${e.index}`;
    if (e.type === 'part' && isUnasked(e.part)) held.set(key, []);
    const waiting = held.get(key);
    if (waiting === undefined) return writer.event(e);
    waiting.push(e);
    if (e.type !== 'part-end') return '';
    held.delete(key);
    return e.origin === undefined ? '' : waiting.map((one) => writer.event(one)).join('');
  };
  return {
    type: writer.type,
    event,
    error: (e) => writer.error(e),
    end: () => writer.end(),
    ...(writer.idle === undefined ? {} : { idle: () => writer.idle?.() ?? '' }),
  };
};
