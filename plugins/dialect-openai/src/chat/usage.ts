import { asObject, type Fields, type Json, parseJson, some, type Usage } from '@llm-proxy-auth/plugin';
import { OPENAI } from '../wire.ts';

/** Details are integers or absent and never more than what they are part of, whatever the provider said. */
const details = (wire: Json, most: Readonly<Record<string, number>>): Fields =>
  Object.fromEntries(
    Object.entries(asObject(wire) ?? {})
      .filter(([, n]) => n !== null)
      .map(([name, n]) => [name, typeof n === 'number' ? Math.min(n, most[name] ?? n) : n]),
  );
const repaired = (raw: Fields, u: Usage): Fields => {
  const bounds: Readonly<Record<string, Readonly<Record<string, number>>>> = {
    prompt_tokens_details: { cached_tokens: u.cacheRead, cache_write_tokens: u.cacheWrite },
    completion_tokens_details: { reasoning_tokens: u.reasoning },
  };
  const members = Object.entries(raw).filter(([name, v]) => !(name in bounds && v === null));
  return Object.fromEntries(members.map(([name, v]) => [name, bounds[name] === undefined ? v : details(v, bounds[name])]));
};
/** The usage object of a provider of this API, as it came. */
export const ownUsage = (u: Usage): Fields | undefined => {
  const raw = u.raw?.dialect === OPENAI ? asObject(parseJson(u.raw.json)) : undefined;
  return raw !== undefined && 'prompt_tokens' in raw ? raw : undefined;
};
/** Usage as chat and completions write it: the provider's own object where it was one, else sums that include cached and reasoning tokens. */
export const writeUsage = (u: Usage): Fields => {
  const raw = ownUsage(u);
  if (raw !== undefined) return repaired(raw, u);
  return {
    prompt_tokens: u.input,
    completion_tokens: u.output,
    total_tokens: u.input + u.output,
    prompt_tokens_details: {
      cached_tokens: u.cacheRead,
      cache_write_tokens: u.cacheWrite,
      ...some('audio_tokens', u.audioIn),
      ...some('image_tokens', u.imageIn),
    },
    // Not every provider counts them apart; none is what such a one says too.
    ...(u.reasoning > 0 || u.audioOut !== undefined
      ? { completion_tokens_details: { reasoning_tokens: u.reasoning, ...some('audio_tokens', u.audioOut) } }
      : {}),
  };
};
