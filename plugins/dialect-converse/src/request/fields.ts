import { asObject, type Fields, type Lost, type Reasoning, some } from '@llm-proxy-auth/plugin';
import { nearestEffort } from '@llm-proxy-auth/plugin/claude';
import type { Additional } from '../form.ts';
import { isEmpty } from '../wire.ts';
import type { Family } from './families.ts';

/** What the fields of a model depend on. */
export interface Asking {
  readonly family: Family;
  readonly maxTokens: number | undefined;
  /** There are tools to choose from. */
  readonly tools: boolean;
  readonly lost: Lost;
}
const LEAST_BUDGET = 1024;
/** Budgets for efforts, for models that know budgets alone, and back. */
const BUDGETS: Readonly<Record<string, number>> = Object.freeze({ minimal: 1024, low: 2048, medium: 8192, high: 16_384, xhigh: 24_576, max: 32_768 });
const effortFor = (budget: number): string => (budget <= 2048 ? 'low' : budget <= 8192 ? 'medium' : 'high');

/** Where nobody said how many tokens, reasoning has at most three quarters of the limit: an answer is wanted, too. */
const budgetFields = (budget: number, { maxTokens, lost }: Asking, byEffort = false): Fields => {
  const limit = maxTokens === undefined ? budget : byEffort ? Math.floor(maxTokens * 0.75) : maxTokens - 1;
  const most = Math.min(budget, limit);
  if (most < LEAST_BUDGET) {
    lost('reasoning.budget', `the provider reasons with at least ${LEAST_BUDGET} tokens, which must be fewer than it may say`);
    return {};
  }
  if (most !== budget) lost('reasoning.budget', 'reasoning must leave tokens for the answer', 'clamped');
  return { thinking: { type: 'enabled', budget_tokens: most } };
};
/** The nearest effort that the model has a word for. */
const wordFor = (effort: string, words: readonly string[], lost: Lost): string | undefined => {
  const near = nearestEffort(effort, words);
  if (near === effort) return effort;
  if (near === undefined) lost('reasoning.effort', 'the provider has no such effort');
  else lost('reasoning.effort', `${near} stands for ${effort}`, 'clamped');
  return near;
};
const effortFields = (effort: string, { family, lost }: Asking): Fields => {
  const word = wordFor(effort, family.efforts, lost);
  if (word === undefined) return {};
  if (family.reasoning === 'nova') return { reasoningConfig: { type: 'enabled', maxReasoningEffort: word } };
  if (family.reasoning === 'gpt-oss') return { reasoning_effort: word };
  if (family.reasoning === 'gpt-5') return { reasoning: { effort: word } };
  const adaptive = family.reasoning === 'adaptive' || family.reasoning === 'adaptive-both';
  return { ...(adaptive ? { thinking: { type: 'adaptive' } } : {}), output_config: { effort: word } };
};
const offFields = ({ family, lost }: Asking): Fields => {
  if (family.reasoning === 'nova') return { reasoningConfig: { type: 'disabled' } };
  if (family.off !== undefined) return { thinking: { type: family.off } };
  if (family.reasoning === 'effort') {
    lost('reasoning.off', 'the provider always reasons; it is asked for its least effort', 'emulated');
    return { output_config: { effort: 'low' } };
  }
  lost('reasoning.off', 'the provider has no such parameter');
  return {};
};
const BUDGET: ReadonlySet<Family['reasoning']> = new Set(['budget', 'both', 'adaptive-both']);
/** Reasoning that is asked for without an amount, of which others than the newest want to know how much. */
const onFields = (asking: Asking): Fields => {
  const { family, lost } = asking;
  if (family.adaptive) return { thinking: { type: 'adaptive' } };
  if (family.reasoning === 'none') {
    lost('reasoning.off', 'the model does not reason');
    return {};
  }
  lost('reasoning.off', 'reasoning as the model sees fit is a medium one here', 'emulated');
  return BUDGET.has(family.reasoning) ? budgetFields(BUDGETS.medium ?? LEAST_BUDGET, asking, true) : effortFields('medium', asking);
};
const reasoningFields = ({ effort, budget, off }: Reasoning, asking: Asking): Fields => {
  const { family, lost } = asking;
  const { reasoning } = family;
  if (off === false && effort === undefined && budget === undefined) return onFields(asking);
  if (off === true) {
    if (effort !== undefined || budget !== undefined) lost('reasoning', 'reasoning is switched off');
    return offFields(asking);
  }
  if (reasoning === 'none') {
    if (effort !== undefined || budget !== undefined) lost('reasoning', 'the model does not reason');
    return {};
  }
  if (budget !== undefined && BUDGET.has(reasoning)) {
    if (effort === undefined) return budgetFields(budget, asking);
    if (reasoning === 'budget') lost('reasoning.effort', 'the budget says how much');
    return reasoning === 'budget' ? budgetFields(budget, asking) : { ...effortFields(effort, asking), ...budgetFields(budget, asking) };
  }
  if (effort !== undefined && reasoning === 'budget') {
    const most = BUDGETS[effort];
    lost('reasoning.effort', 'a budget stands for the effort', most === undefined ? 'ignored' : 'emulated');
    return most === undefined ? {} : budgetFields(most, asking, true);
  }
  if (budget !== undefined) lost('reasoning.budget', effort === undefined ? 'an effort stands for the budget' : 'the effort says how much', 'emulated');
  const wanted = effort ?? (budget === undefined ? undefined : effortFor(budget));
  return wanted === undefined ? {} : effortFields(wanted, asking);
};
/** What shows reasoning that newer models of Anthropic keep to themselves. */
const shownFields = (fields: Fields, reasoning: Reasoning, { family, lost }: Asking): Fields => {
  if (family.vendor !== 'anthropic' || family.reasoning === 'none' || reasoning.off === true || reasoning.summary === undefined) return fields;
  if (!family.adaptive) {
    lost('reasoning.summary', 'the model shows its reasoning anyhow', 'emulated');
    return fields;
  }
  if (reasoning.summary !== 'auto') lost('reasoning.summary', 'there is one kind of summary', 'emulated');
  return { ...fields, thinking: { ...(asObject(fields.thinking) ?? { type: 'adaptive' }), display: 'summarized' } };
};
const topKFields = (topK: number | undefined, thinks: boolean, { family, lost }: Asking): Fields => {
  if (topK === undefined) return {};
  if (thinks) {
    lost('sampling.topK', 'a model that reasons does not take it');
    return {};
  }
  if (family.vendor === 'amazon') return { inferenceConfig: { topK } };
  if ((family.vendor === 'anthropic' && family.sampling !== 'none') || family.vendor === 'cohere') return { top_k: topK };
  lost('sampling.topK', 'the model has no such parameter');
  return {};
};
const choiceFields = (said: Additional, { family, tools }: Asking): Fields => {
  const { toolChoice = 'auto', parallelTools } = said;
  if (parallelTools !== false || !tools || family.vendor !== 'anthropic' || toolChoice === 'none') return {};
  const named = typeof toolChoice === 'object' ? { type: 'tool', name: toolChoice.name } : { type: toolChoice === 'required' ? 'any' : 'auto' };
  return { tool_choice: { ...named, disable_parallel_tool_use: true } };
};

/** Claude reasons in this call because it was told to. */
export const thinksIn = (fields: Fields | undefined): boolean => {
  const type = asObject(fields?.thinking)?.type;
  return type === 'enabled' || type === 'adaptive';
};
/** The model reasons in this call because it was told to. */
export const reasonsIn = (fields: Fields): boolean => thinksIn(fields) || asObject(fields.reasoningConfig)?.type === 'enabled';
/** What asks for reasoning, empty for none. */
export const reasoningOf = (reasoning: Reasoning | undefined, asking: Asking): Fields =>
  reasoning === undefined ? {} : shownFields(reasoningFields(reasoning, asking), reasoning, asking);
/**
 * What each family of models takes in `additionalModelRequestFields` for what Converse has no parameter. `single`: the choice of a tool stands
 * among them, and must not stand in `toolConfig` too. `thought`: what asks for reasoning.
 */
export const additionalOf = (
  said: Additional,
  asking: Asking,
  thought: Fields = reasoningOf(said.reasoning, asking),
): { readonly fields: Fields | undefined; readonly single: boolean } => {
  const { family, lost } = asking;
  const user = said.user === undefined ? undefined : family.vendor === 'anthropic' ? { user_id: said.user } : undefined;
  if (said.user !== undefined && user === undefined) lost('user', 'the provider has no such parameter');
  const choice = choiceFields(said, asking);
  if (said.parallelTools === false && isEmpty(choice)) lost('parallelTools', 'the model has no such parameter');
  const fields = { ...topKFields(said.topK, thinksIn(thought), asking), ...thought, ...choice, ...some('metadata', user) };
  return { fields: isEmpty(fields) ? undefined : fields, single: !isEmpty(choice) };
};
