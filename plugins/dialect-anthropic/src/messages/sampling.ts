import { type Call, type ChatRequest, defined, type Fields, type Lost } from '@llm-proxy-auth/plugin';
import type { Family } from '../families.ts';

const clamp = (value: number | undefined, path: string, lost: Lost): number | undefined => {
  if (value === undefined || (value >= 0 && value <= 1)) return value;
  lost(path, 'the provider takes 0 to 1', 'clamped');
  return Math.min(1, Math.max(0, value));
};
/** What the model refuses: by its family and the endpoint, or in their place by the configuration. */
const refuses = ({ sampling }: Family, { rejects, endpoint }: Call, name: string): boolean =>
  rejects === undefined ? sampling === 'none' || endpoint.capabilities.sampling === false : rejects.includes(name);
/** Sampling as far as the model takes it; with thinking only what leaves it as it is. */
export const fitSampling = (r: ChatRequest, family: Family, thinks: boolean, call: Call, lost: Lost): Fields => {
  const s = r.sampling;
  if (s === undefined) return {};
  const refuse = (value: number | undefined, path: string, why: string): undefined => {
    // 1 is what the model does anyway.
    if (value !== undefined && !(value === 1 && path !== 'sampling.topK')) lost(path, why);
    return undefined;
  };
  const taken = (value: number | undefined, path: string, name: string): number | undefined =>
    refuses(family, call, name) ? refuse(value, path, `${call.model} does not take it`) : value;
  const temperature = taken(s.temperature, 'sampling.temperature', 'temperature');
  const topP = taken(s.topP, 'sampling.topP', 'top_p');
  const topK = taken(s.topK, 'sampling.topK', 'top_k');
  const thinking = 'a model that thinks does not take it';
  const both = family.sampling === 'one' && call.rejects === undefined && temperature !== undefined && topP !== undefined;
  if (thinks)
    return defined({
      temperature: refuse(temperature, 'sampling.temperature', thinking),
      top_p: topP !== undefined && topP >= 0.95 && topP <= 1 ? topP : refuse(topP, 'sampling.topP', thinking),
      top_k: refuse(topK, 'sampling.topK', thinking),
    });
  return defined({
    temperature: clamp(temperature, 'sampling.temperature', lost),
    top_p: both ? refuse(topP, 'sampling.topP', 'the model takes temperature or top_p') : clamp(topP, 'sampling.topP', lost),
    top_k: topK,
  });
};
