import { asList, asObject, type Fields, type Lost } from '@llm-proxy-auth/plugin';

/** Gemini behind OCI fails where an answer of the past says nothing. */
export const POINT: readonly Fields[] = Object.freeze([Object.freeze({ type: 'TEXT', text: '.' })]);
/** How many messages from here on are results. */
const resultsAt = (messages: readonly Fields[], from: number): number => {
  let to = from;
  while (messages[to]?.role === 'TOOL') to++;
  return to - from;
};

/**
 * Messages for Gemini behind OCI, which fails where one answer of the past made several calls: each of them is an answer of its own, and
 * its result follows it. Results of no such call stay behind them, for the service to refuse.
 */
export const inTurn = (messages: readonly Fields[], lost: Lost): readonly Fields[] =>
  messages.flatMap((message, at): readonly Fields[] => {
    const calls = asList(message.toolCalls);
    if (calls.length < 2) return message.role === 'TOOL' && isSpread(messages, at) ? [] : [message];
    lost('turns.parts', 'calls that were made at once stand one after the other', 'emulated');
    const left = messages.slice(at + 1, at + 1 + resultsAt(messages, at + 1));
    const each = calls.flatMap((call, i) => {
      const found = left.findIndex(({ toolCallId }) => toolCallId === asObject(call)?.id);
      const one = i === 0 ? message : { role: message.role, content: POINT };
      return [{ ...one, toolCalls: [call] }, ...(found < 0 ? [] : left.splice(found, 1))];
    });
    return [...each, ...left];
  });
/** Whether a result answers an answer with several calls, which brings it itself. */
const isSpread = (messages: readonly Fields[], at: number): boolean => {
  let before = at;
  while (messages[before]?.role === 'TOOL') before--;
  return asList(messages[before]?.toolCalls).length > 1;
};
