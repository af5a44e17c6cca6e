import { type ChatEvent, type ChatReply, eventsOf } from '@llm-proxy-auth/plugin';

/** The events of an answer that streams, each of its texts in two pieces cut between characters. */
export const play = (reply: ChatReply): readonly ChatEvent[] =>
  eventsOf(reply).flatMap((event): readonly ChatEvent[] => {
    if (event.type !== 'delta' || event.logprobs !== undefined) return [event];
    const characters = [...event.text];
    const middle = Math.ceil(characters.length / 2);
    const pieces = [characters.slice(0, middle).join(''), characters.slice(middle).join('')];
    return pieces.filter((text) => text !== '').map((text) => ({ ...event, text }));
  });
