import { type Call, type ChatRequest, type Fields, type Lost, some } from '@llm-proxy-auth/plugin';
import { limitOf } from '../limit.ts';
import { inlined } from '../schema.ts';
import { steering } from './steering.ts';

/** Least thinking budget (tokens) for each effort, largest first. */
const BUDGETS: readonly (readonly [number, string])[] = Object.freeze([
  [16_384, 'HIGH'],
  [4_096, 'MEDIUM'],
  [0, 'LOW'],
]);
/** The words of the SDK; another vendor's stronger ones are the strongest. */
const EFFORTS: Readonly<Record<string, string>> = Object.freeze({
  none: 'NONE',
  minimal: 'MINIMAL',
  low: 'LOW',
  medium: 'MEDIUM',
  high: 'HIGH',
  xhigh: 'HIGH',
  max: 'HIGH',
});
const effortOf = ({ reasoning }: ChatRequest, lost: Lost): string | undefined => {
  if (reasoning?.off === true) return 'NONE';
  const { effort, budget, summary } = reasoning ?? {};
  if (summary !== undefined) lost('reasoning.summary', 'the provider shows all that its models reason, where they do', 'emulated');
  if (effort !== undefined) {
    const word = EFFORTS[effort.toLowerCase()];
    if (word === undefined) lost('reasoning.effort', 'the provider has no such effort');
    else if (word !== effort.toUpperCase()) lost('reasoning.effort', `the strongest effort here is ${word}`, 'clamped');
    if (budget !== undefined) lost('reasoning.budget', 'the provider takes an effort, not a budget');
    return word;
  }
  if (budget === undefined && reasoning?.off === false) lost('reasoning.off', 'how much is thought is for the model to say', 'defaulted');
  if (budget === undefined) return undefined;
  const word = BUDGETS.find(([least]) => budget >= least)?.[1];
  lost('reasoning.budget', `a thinking budget is an effort here: ${word}`, 'emulated');
  return word;
};
const TIERS: ReadonlySet<string> = new Set(['auto', 'default', 'priority']);
const tierOf = ({ tier }: ChatRequest, lost: Lost): string | undefined => {
  if (tier === undefined || TIERS.has(tier)) return tier?.toUpperCase();
  lost('tier', 'the provider has no such tier');
  return undefined;
};
const formatOf = ({ output }: ChatRequest, lost: Lost): Fields | undefined => {
  if (output === undefined) return undefined;
  if (output === 'json') return { type: 'JSON_OBJECT' };
  const { name, description, schema, strict } = output;
  return { type: 'JSON_SCHEMA', jsonSchema: { name, ...some('description', description), schema: inlined(schema, 'output.schema', lost), isStrict: strict } };
};
const logProbsOf = ({ logprobs }: ChatRequest): number | undefined => (logprobs === undefined ? undefined : Math.max(1, logprobs));

/** Everything but messages and tools. */
export const writeParams = (r: ChatRequest, call: Call, lost: Lost): Fields => {
  const { sampling } = r;
  return {
    ...limitOf(r, call.model, lost),
    ...some('temperature', sampling?.temperature),
    ...some('topP', sampling?.topP),
    ...some('topK', sampling?.topK),
    ...some('seed', sampling?.seed),
    ...some('frequencyPenalty', sampling?.frequencyPenalty),
    ...some('presencePenalty', sampling?.presencePenalty),
    ...some('logitBias', sampling?.logitBias),
    ...some('stop', r.stop),
    ...some('numGenerations', r.choices === 1 ? undefined : r.choices),
    ...some('logProbs', logProbsOf(r)),
    ...some('responseFormat', formatOf(r, lost)),
    ...some('reasoningEffort', effortOf(r, lost)),
    ...some('serviceTier', tierOf(r, lost)),
    ...steering(r, lost),
    ...(call.stream ? { isStream: true, streamOptions: { isIncludeUsage: true } } : {}),
  };
};
