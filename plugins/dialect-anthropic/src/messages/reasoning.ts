import type { ChatRequest, Fields, Lost } from '@llm-proxy-auth/plugin';
import { nearestEffort } from '@llm-proxy-auth/plugin/claude';
import type { Family } from '../families.ts';

/** Least thinking that can be asked for, in tokens. */
const LEAST = 1024;
/** What an effort costs where a budget must be said; `max` is what the answer leaves. */
const BUDGETS: Readonly<Record<string, number>> = Object.freeze({ minimal: 1024, low: 2048, medium: 8192, high: 16_384, xhigh: 32_000 });
/** Least budget (tokens) for each effort, largest first. */
const EFFORTS: readonly (readonly [number, string])[] = Object.freeze([
  [8193, 'high'],
  [2049, 'medium'],
  [0, 'low'],
]);

export interface Thinking {
  readonly thinking?: Fields | undefined;
  readonly effort?: string | undefined;
}
const off = (family: Family, lost: Lost): Thinking => {
  if (family.off === 'disabled' || family.off === 'between_tools') {
    if (family.off === 'between_tools') lost('reasoning.off', 'the model thinks between tools all the same', 'emulated');
    return { thinking: { type: family.off } };
  }
  if (family.off === 'absent') return {};
  lost('reasoning.off', 'the model always thinks', 'emulated');
  return { effort: family.efforts[0] };
};
const display = (summary: string | undefined, lost: Lost): Fields => {
  if (summary === undefined) return {};
  if (summary !== 'auto') lost('reasoning.summary', 'the provider shows thinking or does not', 'clamped');
  return { display: 'summarized' };
};
/** Most of a limit of tokens that thinking may have where nobody said how many: an answer is wanted, too. */
const mostOf = (maxTokens: number): number => Math.floor(maxTokens * 0.75);
const budgeted = (wanted: number, maxTokens: number, shown: Fields, path: string, lost: Lost): Thinking => {
  const most = path === 'reasoning.budget' ? maxTokens - 1 : mostOf(maxTokens);
  const budget = Math.max(LEAST, Math.min(wanted, most));
  if (most < LEAST) {
    lost(path, 'the limit of tokens leaves no room for thinking');
    return {};
  }
  if (budget !== wanted) lost(path, `thinking has from ${LEAST} tokens to what the limit leaves beside an answer`, 'clamped');
  return { thinking: { type: 'enabled', budget_tokens: budget, ...shown } };
};
const byEffort = (asked: string, family: Family, maxTokens: number, shown: Fields, lost: Lost): Thinking => {
  if (family.efforts.length === 0) {
    if (!family.budget) {
      lost('reasoning.effort', 'the model does not think');
      return {};
    }
    lost('reasoning.effort', 'an effort is a budget of tokens here', 'emulated');
    return budgeted(BUDGETS[asked] ?? Math.max(LEAST, mostOf(maxTokens)), maxTokens, shown, 'reasoning.effort', lost);
  }
  const effort = nearestEffort(asked, family.efforts);
  if (effort !== asked) lost('reasoning.effort', `the model has no effort ${asked}`, effort === undefined ? 'ignored' : 'clamped');
  const on = family.adaptive === 'asked' || (family.adaptive === 'default' && Object.keys(shown).length > 0);
  return { effort, ...(on ? { thinking: { type: 'adaptive', ...shown } } : {}) };
};

/** Reasoning of another dialect in the forms that the family takes. `maxTokens`: the limit of the answer, thinking included. */
export const fitReasoning = (r: ChatRequest['reasoning'], family: Family, maxTokens: number, lost: Lost): Thinking => {
  if (r === undefined) return {};
  if (r.off === true) return off(family, lost);
  const shown = display(r.summary, lost);
  if (r.budget !== undefined) {
    if (family.budget) return { ...budgeted(r.budget, maxTokens, shown, 'reasoning.budget', lost), effort: effortBeside(r.effort, family, lost) };
    const effort = EFFORTS.find(([least]) => (r.budget ?? 0) >= least)?.[1] ?? 'low';
    lost('reasoning.budget', `a thinking budget is an effort here: ${effort}`, 'emulated');
    return byEffort(r.effort ?? effort, family, maxTokens, shown, lost);
  }
  if (r.effort !== undefined) return byEffort(r.effort, family, maxTokens, shown, lost);
  if (r.off === undefined && r.summary === undefined) return {};
  if (family.adaptive !== 'no') return { thinking: { type: 'adaptive', ...shown } };
  if (r.off === false && family.budget) {
    lost('reasoning.off', 'thinking needs a budget here', 'emulated');
    return budgeted(BUDGETS.medium ?? LEAST, maxTokens, shown, 'reasoning.off', lost);
  }
  if (r.off === false) lost('reasoning.off', 'the model does not think');
  if (r.summary !== undefined) lost('reasoning.summary', 'the model shows thinking when it thinks');
  return {};
};
const effortBeside = (effort: string | undefined, family: Family, lost: Lost): string | undefined => {
  if (effort === undefined) return undefined;
  const chosen = nearestEffort(effort, family.efforts);
  if (chosen !== effort) lost('reasoning.effort', 'the budget says it', chosen === undefined ? 'ignored' : 'clamped');
  return chosen;
};
