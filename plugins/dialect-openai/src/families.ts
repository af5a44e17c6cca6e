/** What a family of models does not take; applied when a request of another dialect is translated. */
export interface Family {
  readonly system: 'system' | 'developer';
  /** The vendor's own models; `max_tokens` is what everybody else's understand. */
  readonly limit: 'max_completion_tokens' | 'max_tokens';
  /** Parameters the family refuses; `effort-none`: accepted only with reasoning switched off. */
  readonly refuses: ReadonlySet<string>;
  readonly samplingWithoutReasoning: boolean;
  readonly efforts: ReadonlySet<string> | undefined;
}
const PENALTIES = ['frequency_penalty', 'presence_penalty', 'logit_bias', 'top_logprobs'];
const SAMPLING = ['temperature', 'top_p', 'logprobs'];
const reasoning = (refuses: readonly string[], samplingWithoutReasoning: boolean, efforts?: readonly string[]): Family => ({
  system: 'developer',
  limit: 'max_completion_tokens',
  refuses: new Set(refuses),
  samplingWithoutReasoning,
  efforts: efforts === undefined ? undefined : new Set(efforts),
});
const plain = (limit: Family['limit'], refuses: readonly string[] = []): Family => ({
  system: 'system',
  limit,
  refuses: new Set(refuses),
  samplingWithoutReasoning: false,
  efforts: new Set(),
});

/** First match wins; tested on the base model id (`ft:` and a vendor's prefix taken off). */
const FAMILIES: readonly (readonly [RegExp, Family])[] = Object.freeze([
  [/^o\d+(?:-|$)/, reasoning([...SAMPLING, ...PENALTIES, 'stop', 'parallel_tool_calls'], false, ['low', 'medium', 'high'])],
  [/^gpt-5(?:\.\d+)?-chat/, plain('max_completion_tokens')],
  [/^gpt-5(?:-|$)/, reasoning([...SAMPLING, ...PENALTIES, 'stop'], false, ['minimal', 'low', 'medium', 'high'])],
  [/^gpt-5\.\d+/, reasoning([...SAMPLING, ...PENALTIES], true, ['none', 'low', 'medium', 'high', 'xhigh', 'max'])],
  [/^gpt-(?:[6-9]|\d{2})/, reasoning([...SAMPLING, ...PENALTIES], false, ['none', 'low', 'medium', 'high', 'xhigh', 'max'])],
  [/^gpt-4o(?:-mini)?-search-preview/, plain('max_completion_tokens', ['temperature'])],
  [/^(?:gpt-|chatgpt-)/, plain('max_completion_tokens')],
]);
const OTHER: Family = plain('max_tokens');
/** The rules for a model; unknown names are taken for a compatible server's, which refuse nothing we know of. */
export const familyOf = (model: string): Family => {
  const base = model.replace(/^ft:/, '').replace(/^openai\//, '');
  const known = FAMILIES.find(([pattern]) => pattern.test(base))?.[1];
  return known ?? { ...OTHER, efforts: undefined };
};
