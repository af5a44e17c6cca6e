import type { Finish } from '@llm-proxy-auth/plugin';

/** The reasons of the SDK's `StopReason`; one that it has not counts as `stop`. */
const READ: Readonly<Record<string, Finish>> = Object.freeze({
  end_turn: 'stop',
  tool_use: 'tool',
  max_tokens: 'length',
  stop_sequence: 'stop',
  guardrail_intervened: 'filter',
  content_filtered: 'filter',
  malformed_model_output: 'stop',
  malformed_tool_use: 'stop',
  model_context_window_exceeded: 'context',
});
const WRITE: Readonly<Record<Finish, string>> = Object.freeze({
  stop: 'end_turn',
  length: 'max_tokens',
  tool: 'tool_use',
  filter: 'content_filtered',
  refusal: 'content_filtered',
  pause: 'end_turn',
  context: 'model_context_window_exceeded',
});
/** Reasons that another word stands for. */
const OTHERS: ReadonlySet<Finish> = new Set(['refusal', 'pause']);
export const readFinish = (word: string | undefined): Finish => READ[word ?? ''] ?? 'stop';
export const writeFinish = (finish: Finish): string => WRITE[finish];
export const isOtherWord = (finish: Finish): boolean => OTHERS.has(finish);
/** The vendor's own word, where the conversation has another one for it. */
export const ownWord = (word: string | undefined): string | undefined => (word === undefined || WRITE[readFinish(word)] === word ? undefined : word);
