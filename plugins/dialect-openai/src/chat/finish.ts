import type { Finish, Json } from '@llm-proxy-auth/plugin';

/** The five of this API, then what compatible servers send instead. */
const READ: Readonly<Record<string, Finish>> = Object.freeze({
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool',
  function_call: 'tool',
  content_filter: 'filter',
  max_tokens: 'length',
  model_length: 'length',
  tool_use: 'tool',
  TOOL_CALLS: 'tool',
  safety: 'filter',
  guardrail: 'filter',
});
/** A reason this surface does not have counts as `stop`, or `tool` when tools were called. */
export const readFinish = (wire: Json, called: boolean): Finish => {
  const known = typeof wire === 'string' ? READ[wire] : undefined;
  return (known === undefined || known === 'stop') && called ? 'tool' : (known ?? 'stop');
};
const WRITE: Readonly<Record<Finish, string>> = Object.freeze({
  stop: 'stop',
  length: 'length',
  tool: 'tool_calls',
  filter: 'content_filter',
  refusal: 'content_filter',
  pause: 'stop',
  context: 'length',
});
/** Reasons this surface has a word for. */
export const FINISHES: ReadonlySet<Finish> = new Set(['stop', 'length', 'tool', 'filter']);
/** What was said in a choice, as far as its reason depends on it. */
export interface Said {
  readonly called: boolean;
  /** The request used `functions`. */
  readonly legacy: boolean;
}
/**
 * Agents go on while the reason is `tool_calls`: it must be so exactly when there are calls, whatever the provider said.
 */
export const writeFinish = (reason: Finish, said: Said): string => {
  const word = WRITE[reason];
  if (word === 'tool_calls' && !said.called) return 'stop';
  const calls = said.called && (word === 'stop' || word === 'tool_calls');
  return calls ? (said.legacy ? 'function_call' : 'tool_calls') : word;
};
