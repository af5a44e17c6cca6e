import { asNumber, asObject, isObject, type Json, outputIn, stringifyJson, type Usage } from '@llm-proxy-auth/plugin';
import { OCI } from './name.ts';

const count = (v: Json): number => {
  const n = asNumber(v);
  return n !== undefined && Number.isSafeInteger(n) && n > 0 ? n : 0;
};
const isAbsent = (v: Json): boolean => v === undefined || v === null;
/**
 * `promptTokens` includes what was cached, `completionTokens` what was thought, but for Grok, and is left out where a model did nothing but
 * think: the total tells. Undefined where there is no usage.
 */
export const readUsage = (wire: Json): Usage | undefined => {
  if (!isObject(wire)) return undefined;
  const [input, total] = [count(wire.promptTokens), count(wire.totalTokens)];
  const thought = count(asObject(wire.completionTokensDetails)?.reasoningTokens);
  const said = isAbsent(wire.completionTokens) && !isAbsent(wire.promptTokens) ? Math.max(thought, total - input) : count(wire.completionTokens);
  const output = outputIn({ input, said, thought, total });
  return {
    input,
    output,
    cacheRead: Math.min(count(asObject(wire.promptTokensDetails)?.cachedTokens), input),
    cacheWrite: 0,
    reasoning: Math.min(thought, output),
    estimated: false,
    raw: { json: stringifyJson(wire), dialect: OCI },
  };
};
/** Usage of an answer that carried none. */
export const NO_USAGE: Usage = Object.freeze({ input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: true });
