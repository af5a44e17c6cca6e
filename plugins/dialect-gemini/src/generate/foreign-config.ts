import { type Call, type ChatRequest, defined, type Fields, filled, type Lost, some } from '@llm-proxy-auth/plugin';
import type { Family } from '../family.ts';
import { lightSchema } from '../schema/light.ts';
import { writeSchema } from '../schema/write.ts';

/** What an effort costs where a budget must be said; Google's own compatible endpoint uses the same numbers. */
const BUDGETS: Readonly<Record<string, number>> = Object.freeze({ minimal: 512, low: 1024, medium: 8192, high: 24_576, xhigh: 32_768, max: 32_768 });
/** Least budget (tokens) for each level, largest first. */
const LEVELS: readonly (readonly [number, string])[] = Object.freeze([
  [8193, 'high'],
  [1025, 'medium'],
  [0, 'low'],
]);
const ORDER: readonly string[] = Object.freeze(['minimal', 'low', 'medium', 'high']);
const HIGHER: ReadonlySet<string> = new Set(['xhigh', 'max']);

const budgeted = (wanted: number, path: string, { budget: [least, most] }: Family, lost: Lost): Fields => {
  const thinkingBudget = Math.max(least, Math.min(wanted, most));
  if (thinkingBudget !== wanted) lost(path, `the model thinks with ${least} to ${most} tokens`, 'clamped');
  return { thinkingBudget };
};
const levelled = (effort: string, { least, medium }: Family, lost: Lost): Fields => {
  const known = HIGHER.has(effort) ? 'high' : effort;
  const at = ORDER.indexOf(known);
  if (at < 0) {
    lost('reasoning.effort', 'the model has no such effort');
    return {};
  }
  const level = known === 'minimal' && least === 'LOW' ? 'low' : known === 'medium' && !medium ? 'high' : known;
  if (level !== effort) lost('reasoning.effort', `${level} stands for ${effort}`, 'clamped');
  return { thinkingLevel: level.toUpperCase() };
};
const off = (family: Family, lost: Lost): Fields => {
  if (family.thinking === 'none') return {};
  if (family.off) return { thinkingBudget: 0 };
  lost('reasoning.off', 'the model always thinks; it is asked for its least', 'emulated');
  return family.thinking === 'budget' ? { thinkingBudget: family.budget[0] } : { thinkingLevel: family.least };
};
/** Reasoning of another dialect in the words of the model's generation, which takes a budget or a level and never both. */
export const foreignReasoning = (r: ChatRequest['reasoning'], family: Family, lost: Lost): Fields | undefined => {
  if (r === undefined) return undefined;
  const { effort, budget, summary } = r;
  if (r.off === true) {
    if (effort !== undefined || budget !== undefined || summary !== undefined) lost('reasoning', 'reasoning is switched off');
    return filled(off(family, lost));
  }
  if (family.thinking === 'none') {
    if (effort !== undefined || budget !== undefined || summary !== undefined || r.off === false) lost('reasoning', 'the model does not think');
    return undefined;
  }
  if (summary !== undefined && summary !== 'auto') lost('reasoning.summary', 'thoughts are shown or they are not', 'clamped');
  const shown = summary === undefined ? {} : { includeThoughts: true };
  if (family.thinking === 'budget') {
    if (budget !== undefined) {
      if (effort !== undefined) lost('reasoning.effort', 'the budget says it', 'emulated');
      return { ...shown, ...budgeted(budget, 'reasoning.budget', family, lost) };
    }
    const cost = effort === undefined ? undefined : BUDGETS[effort];
    if (effort !== undefined) lost('reasoning.effort', 'an effort is a budget of tokens here', cost === undefined ? 'ignored' : 'emulated');
    if (cost !== undefined) return { ...shown, ...budgeted(cost, 'reasoning.effort', family, lost) };
    return filled({ ...shown, ...(r.off === false ? { thinkingBudget: -1 } : {}) });
  }
  if (budget !== undefined) lost('reasoning.budget', effort === undefined ? 'a level stands for the budget' : 'the effort says it', 'emulated');
  const wanted = effort ?? (budget === undefined ? undefined : LEVELS.find(([least]) => budget >= least)?.[1]);
  return filled({ ...shown, ...(wanted === undefined ? {} : levelled(wanted, family, lost)) });
};

const JSON_ONLY = 'Reply with a single JSON object only, without any text around it.';
export interface ForeignOutput {
  readonly fields: Fields;
  /** What the prompt asks for because there is no parameter for it. */
  readonly instruction?: string | undefined;
}
/** The form of the answer; models that take none beside functions are asked for it in the prompt. */
export const foreignOutput = (r: ChatRequest, family: Family, call: Call, functions: boolean, lost: Lost): ForeignOutput => {
  const { output } = r;
  if (output === undefined) return { fields: {} };
  const asked = functions && !family.formWithTools;
  if (output !== 'json') {
    if (output.name !== 'response') lost('output.name', 'a schema has no name here', 'emulated');
    if (output.description !== undefined) lost('output.description', 'a schema has no description here');
    if (output.strict) lost('output.strict', 'the answer always follows the schema', 'emulated');
  }
  if (asked || call.endpoint.capabilities.jsonSchema === 'none') {
    lost('output', 'the prompt asks for the form of the answer', 'emulated');
    const follows = output === 'json' ? '' : ` It follows this JSON schema: ${JSON.stringify(output.schema)}`;
    return { fields: {}, instruction: JSON_ONLY + follows };
  }
  if (output === 'json') return { fields: { responseMimeType: 'application/json' } };
  const schema = family.jsonSchema
    ? { responseJsonSchema: lightSchema(output.schema, 'output.schema', lost) }
    : { responseSchema: writeSchema(output.schema, 'output.schema', lost) };
  return { fields: { responseMimeType: 'application/json', ...schema } };
};
const MOST_CANDIDATES = 8;
/** What remains of `generationConfig`. */
export const foreignSampling = (r: ChatRequest, lost: Lost): Fields => {
  const { temperature, topP, topK, seed, frequencyPenalty, presencePenalty } = r.sampling ?? {};
  const hottest = temperature === undefined ? undefined : Math.max(0, Math.min(2, temperature));
  if (hottest !== temperature) lost('sampling.temperature', 'the provider takes 0 to 2', 'clamped');
  const count = Math.min(r.choices, MOST_CANDIDATES);
  if (count !== r.choices) lost('choices', `the provider answers ${MOST_CANDIDATES} times at most`, 'clamped');
  const alternatives = r.logprobs === undefined ? 0 : Math.min(r.logprobs, 20);
  if (r.logprobs !== undefined && alternatives !== r.logprobs) lost('logprobs', 'the provider gives 20 alternatives at most', 'clamped');
  const seeded = seed === undefined ? undefined : Math.trunc(seed) & 0x7fffffff;
  if (seeded !== seed) lost('sampling.seed', 'the provider takes 31 bits', 'clamped');
  return defined({
    temperature: hottest,
    topP,
    topK,
    seed: seeded,
    presencePenalty,
    frequencyPenalty,
    ...some('maxOutputTokens', r.maxTokens),
    ...some('stopSequences', r.stop),
    ...some('candidateCount', count > 1 ? count : undefined),
    ...(r.logprobs === undefined ? {} : { responseLogprobs: true, ...(alternatives > 0 ? { logprobs: alternatives } : {}) }),
  });
};
