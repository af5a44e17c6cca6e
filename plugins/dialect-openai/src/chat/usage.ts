import { parseJson, type Usage } from '@llm-proxy-auth/plugin';
import { asObject, type Fields, OPENAI } from '../wire.ts';

/** Usage as chat and completions write it: the provider's own object where it was one, else sums that include cached and reasoning tokens. */
export const writeUsage = (u: Usage): Fields => {
  const raw = u.raw?.dialect === OPENAI ? asObject(parseJson(u.raw.json)) : undefined;
  if (raw !== undefined && 'prompt_tokens' in raw) return raw;
  return {
    prompt_tokens: u.input,
    completion_tokens: u.output,
    total_tokens: u.input + u.output,
    prompt_tokens_details: { cached_tokens: u.cacheRead, cache_write_tokens: u.cacheWrite },
    completion_tokens_details: { reasoning_tokens: u.reasoning },
  };
};
