import { asNumber, asObject, isObject, type Json, stringifyJson, type Usage } from '@llm-proxy-auth/plugin';
import { OCI } from './name.ts';

const count = (v: Json): number => {
  const n = asNumber(v);
  return n !== undefined && Number.isSafeInteger(n) && n > 0 ? n : 0;
};
/** `promptTokens` includes what was cached, `completionTokens` what was thought. Undefined where there is no usage. */
export const readUsage = (wire: Json): Usage | undefined => {
  if (!isObject(wire)) return undefined;
  const [input, output] = [count(wire.promptTokens), count(wire.completionTokens)];
  return {
    input,
    output,
    cacheRead: Math.min(count(asObject(wire.promptTokensDetails)?.cachedTokens), input),
    cacheWrite: 0,
    reasoning: Math.min(count(asObject(wire.completionTokensDetails)?.reasoningTokens), output),
    estimated: false,
    raw: { json: stringifyJson(wire), dialect: OCI },
  };
};
/** Usage of an answer that carried none. */
export const NO_USAGE: Usage = Object.freeze({ input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: true });
