import { asNumber, asObject, type Fields, stringifyJson, type Usage } from '@llm-proxy-auth/plugin';
import { noUsage, readUsage } from '../usage.ts';

/**
 * What ranking took: `usage` (`prompt_tokens`, or `total_tokens` alone: nothing is written, so all of it was read), or what the
 * Cohere API counts in `meta.tokens` or `meta.billed_units`. Search units are no tokens and count for nothing here.
 */
export const usageOf = (answer: Fields): Usage => {
  const usage = asObject(answer.usage);
  if (usage !== undefined && asNumber(usage.prompt_tokens ?? usage.input_tokens ?? usage.total_tokens) !== undefined)
    return readUsage({ prompt_tokens: usage.input_tokens ?? usage.total_tokens, ...usage }, stringifyJson(usage)) ?? noUsage;
  const meta = asObject(answer.meta);
  const counted = [asObject(meta?.tokens), asObject(meta?.billed_units)].find((one) => asNumber(one?.input_tokens ?? one?.total_tokens) !== undefined);
  if (counted === undefined) return noUsage;
  const { raw: _raw, ...read } = readUsage({ input_tokens: counted.input_tokens ?? counted.total_tokens }, '{}') ?? noUsage;
  return read;
};
