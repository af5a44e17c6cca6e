import { asList, asNumber, asObject, type Fields, isObject, type Json, outputIn, stringifyJson, type Usage } from '@llm-proxy-auth/plugin';
import { OCI } from './name.ts';

const count = (v: Json): number => {
  const n = asNumber(v);
  return n !== undefined && Number.isSafeInteger(n) && n > 0 ? n : 0;
};
const COUNTS: readonly string[] = Object.freeze(['promptTokens', 'completionTokens', 'totalTokens']);
const isAbsent = (v: Json): boolean => v === undefined || v === null;
/**
 * `promptTokens` includes what was cached, `completionTokens` what was thought, but for Grok, and is left out where a model did nothing but
 * think: the total tells. Undefined where there is no usage, or one without counts.
 */
export const readUsage = (wire: Json): Usage | undefined => {
  if (!isObject(wire) || COUNTS.every((name) => isAbsent(wire[name]))) return undefined;
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
/** Usage of an answer, which may stand at its choices instead: they have their input in common. */
export const usageOf = (response: Fields): Usage | undefined => {
  const ofChoices = asList(response.choices).flatMap((choice) => readUsage(asObject(choice)?.usage) ?? []);
  const [first, ...others] = ofChoices;
  const whole = readUsage(response.usage);
  if (whole !== undefined || first === undefined || others.length === 0) return whole ?? first;
  const { raw: _raw, ...counted } = first;
  const sum = (name: 'output' | 'reasoning'): number => ofChoices.reduce((total, usage) => total + usage[name], 0);
  return { ...counted, output: sum('output'), reasoning: sum('reasoning') };
};
/** Usage of an answer that carried none. */
export const NO_USAGE: Usage = Object.freeze({ input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: true });
