import type { Fields, Lost, Reasoning } from '@llm-proxy-auth/plugin';

/** Efforts of watsonx.ai by those of others; a word that nobody here knows goes as it is. */
const EFFORTS: Readonly<Record<string, string>> = Object.freeze({
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
});
/** Least budget of thinking tokens for each effort, largest first. */
const BUDGETS: readonly (readonly [least: number, effort: string])[] = Object.freeze([
  [16_384, 'high'],
  [4_096, 'medium'],
  [0, 'low'],
]);

/** `reasoning_effort` and `include_reasoning`. Thinking cannot be switched off: as little as possible is asked for, and none is shown. */
export const writeReasoning = (reasoning: Reasoning | undefined, lost: Lost): Fields => {
  if (reasoning === undefined) return {};
  const { off, effort, budget, summary } = reasoning;
  const shown = summary === undefined ? {} : { include_reasoning: true };
  if (off === true || effort === 'none') {
    lost(off === true ? 'reasoning.off' : 'reasoning.effort', 'the model is told to think little and not to show it', 'emulated');
    return { reasoning_effort: 'low', include_reasoning: false };
  }
  if (effort !== undefined) {
    if (budget !== undefined) lost('reasoning.budget', 'the provider takes an effort, not a budget');
    const word = EFFORTS[effort] ?? effort;
    if (word !== effort) lost('reasoning.effort', `the provider has no effort ${effort}; ${word} is used`, 'clamped');
    return { reasoning_effort: word, ...shown };
  }
  if (budget === undefined && off === false) lost('reasoning.off', 'how much is thought is for the model to say', 'defaulted');
  if (budget === undefined) return shown;
  const word = BUDGETS.find(([least]) => budget >= least)?.[1];
  lost('reasoning.budget', `a thinking budget is an effort here: ${word}`, 'emulated');
  return { reasoning_effort: word, ...shown };
};
