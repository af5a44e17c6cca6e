import type { Simulator } from '@llm-proxy-auth/simulators';

/** One chat completion as a compatible server might send it; `choice` replaces members of its only choice. */
export const completion = (choice: object, fields: object = {}): object => ({
  id: 'chatcmpl-scripted',
  object: 'chat.completion',
  created: 1_790_000_000,
  model: 'gpt-4o-mini',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi', refusal: null }, logprobs: null, finish_reason: 'stop', ...choice }],
  usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 },
  ...fields,
});
/** One chunk with one choice. */
export const chunk = (delta: object, finish: string | null = null, fields: object = {}): object => ({
  id: 'chatcmpl-scripted',
  object: 'chat.completion.chunk',
  created: 1_790_000_000,
  model: 'gpt-4o-mini',
  choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  ...fields,
});
export const usageChunk = { ...chunk({}), choices: [], usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 } };
export const sse = (...events: readonly (object | string)[]): string =>
  events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join('');
export const role = chunk({ role: 'assistant', content: '', refusal: null });
/** Text in pieces between role and finish, `[DONE]` last. */
export const spoken = (...pieces: readonly string[]): string => sse(role, ...pieces.map((content) => chunk({ content })), chunk({}, 'stop'), '[DONE]');
/** The simulator answers the next request with these events. */
export const stream = (simulator: Simulator, body: string | Uint8Array, more: object = {}): void => {
  simulator.script({ body, headers: { 'content-type': 'text/event-stream; charset=utf-8' }, ...more });
};
/** The JSON payloads of an event stream; `[DONE]` left out. */
export const payloads = (text: string): Record<string, unknown>[] =>
  [...text.matchAll(/^data: (.*)$/gm)].flatMap(([, data]) => (data === undefined || data === '[DONE]' ? [] : [JSON.parse(data)]));
