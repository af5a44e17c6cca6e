import type { ChatEvent, ChatReply, Origin, Part } from './conversation.ts';
import type { StreamWriter } from './dialect.ts';
import { hideText } from './hidden-text.ts';

type Texts = Omit<StreamWriter, 'event'> & { event(e: ChatEvent): string };
const isShown = (part: Part): boolean => part.kind === 'thinking' && !part.redacted;
const hidden = (part: Part): readonly Part[] => {
  if (part.kind !== 'thinking' || part.redacted) return [part];
  return part.origin === undefined ? [] : [{ ...part, text: '', origin: hideText(part.origin, part.text) }];
};
/**
 * An answer for a client that did not ask for thoughts. Of those that are signed the proof stays, without a text to see, as vendors have it: a
 * later turn must bring both back, so that the proof holds the text.
 */
export const withoutThoughts = (reply: ChatReply): ChatReply =>
  reply.choices.some(({ parts }) => parts.some(isShown))
    ? { ...reply, choices: reply.choices.map((choice) => ({ ...choice, parts: choice.parts.flatMap(hidden) })) }
    : reply;

type PartEvent = Extract<ChatEvent, { type: 'part' }>;
interface Held {
  readonly begun: PartEvent;
  readonly origin: Origin | undefined;
  text: string;
}
/** The same of a stream, where thinking waits for its end, which says whether it is signed. */
export const writingNoThoughts = (writer: Texts): StreamWriter => {
  const held = new Map<string, Held>();
  const hold = (key: string, e: PartEvent): string => {
    const { part } = e;
    if (part.kind === 'thinking') held.set(key, { begun: { ...e, part: { ...part, text: '', origin: undefined } }, origin: part.origin, text: part.text });
    return '';
  };
  const event = (e: ChatEvent): string => {
    if (!('index' in e) || !('choice' in e)) return writer.event(e);
    const key = `${e.choice} ${e.index}`;
    if (e.type === 'part' && isShown(e.part)) return hold(key, e);
    const waiting = held.get(key);
    if (waiting === undefined) return writer.event(e);
    if (e.type === 'delta' && e.field === 'text') waiting.text += e.text;
    if (e.type !== 'part-end') return '';
    held.delete(key);
    const origin = e.origin ?? waiting.origin;
    return origin === undefined ? '' : writer.event(waiting.begun) + writer.event({ ...e, origin: hideText(origin, waiting.text) });
  };
  return {
    type: writer.type,
    event,
    error: (e) => writer.error(e),
    end: () => writer.end(),
    ...(writer.idle === undefined ? {} : { idle: () => writer.idle?.() ?? '' }),
  };
};
