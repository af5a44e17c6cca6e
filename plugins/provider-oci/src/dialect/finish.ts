import type { Finish, Json } from '@llm-proxy-auth/plugin';

/** Reasons of all formats, in lower case; the service writes those of its own formats large. Another one counts as `stop`. */
const FINISH: Readonly<Record<string, Finish>> = Object.freeze({
  stop: 'stop',
  end_turn: 'stop',
  eos: 'stop',
  complete: 'stop',
  stop_sequence: 'stop',
  length: 'length',
  max_tokens: 'length',
  error_limit: 'length',
  tool_calls: 'tool',
  tool_call: 'tool',
  tool_use: 'tool',
  function_call: 'tool',
  content_filter: 'filter',
  safety: 'filter',
  error_toxic: 'filter',
});
/** An empty word is none: some models say it while they go on. */
export const isReason = (word: Json): word is string => typeof word === 'string' && word !== '';
/** False for a reason that nobody here knows. */
export const isKnownWord = (word: string): boolean => FINISH[word.toLowerCase()] !== undefined;
/** Reasons that say that there is no answer. */
const FAILED: ReadonlySet<string> = new Set(['error', 'user_cancel']);
export const isFailure = (word: string): boolean => FAILED.has(word.toLowerCase());
/** Some models say that they stopped where they called: what is there counts. */
export const readFinish = (word: string, calls: boolean): Finish => {
  const read = FINISH[word.toLowerCase()] ?? 'stop';
  return read === 'stop' && calls ? 'tool' : read;
};
/** The word that each reason has in a format, for telling which of its words say more. */
const USUAL: Readonly<Partial<Record<Finish, ReadonlySet<string>>>> = Object.freeze({
  stop: new Set(['stop', 'COMPLETE']),
  length: new Set(['length', 'MAX_TOKENS']),
  tool: new Set(['tool_calls', 'TOOL_CALL']),
  filter: new Set(['content_filter', 'ERROR_TOXIC']),
});
/** The vendor's own word, where another is the usual one. */
export const ownWord = (word: string, finish: Finish): string | undefined => (USUAL[finish]?.has(word) === true ? undefined : word);
