import { createHash } from 'node:crypto';
import { count } from '../openai/tokens.ts';
import { type Prompt, type Turn, turn } from '../openai/turn.ts';
import type { Model } from './models.ts';
import { refuse } from './refusal.ts';

/** What the stand-ins of all formats share. One for each simulator. */
export type Context = {
  /** Unix milliseconds. */
  now(): number;
  readonly contextTokens: number;
  /** Never the same twice. */
  id(): string;
  /** The member `pad`: as many letters as the service takes to hide the sizes of events. */
  pad(): string;
};
export const context = (now: () => number, contextTokens = Number.POSITIVE_INFINITY): Context => {
  let serial = 0;
  const next = (): Buffer => {
    serial += 1;
    return createHash('sha256').update(String(serial)).digest();
  };
  return { now, contextTokens, id: () => next().toString('hex').slice(0, 24), pad: () => 'a'.repeat(1 + ((next()[0] ?? 0) % 11)) };
};

/** One answer of a model, before a format puts it into its words. */
export type Said = Turn & { readonly thought: string | undefined; readonly inputTokens: number };
/** Makes an answer. `thinks`: tokens of thinking before it. */
export const say = (call: Context, model: Model, prompt: Omit<Prompt, 'reasoning'>, thinks: boolean, choice = 0): Said => {
  if (prompt.inputTokens > call.contextTokens)
    throw refuse.byModel(`The maximum context length of ${model.id} is ${call.contextTokens} tokens, but the prompt has ${prompt.inputTokens}.`);
  const reasoning = thinks ? 16 : 0;
  const said = turn({ ...prompt, reasoning }, choice);
  const thought = `Thinking about: ${prompt.text.slice(0, 60) || 'the results'}`;
  return { ...said, thought: thinks ? thought : undefined, inputTokens: prompt.inputTokens };
};
export const usageOf = (inputTokens: number, answers: readonly Said[]) => {
  const completionTokens = answers.reduce((sum, { outputTokens }) => sum + outputTokens, 0);
  const reasoningTokens = answers.reduce((sum, one) => sum + one.reasoningTokens, 0);
  return {
    completionTokens,
    promptTokens: inputTokens,
    totalTokens: inputTokens + completionTokens,
    completionTokensDetails: { acceptedPredictionTokens: 0, reasoningTokens, rejectedPredictionTokens: 0 },
    promptTokensDetails: { cachedTokens: 0 },
  };
};
export const weigh = (...texts: readonly string[]): number => texts.reduce((sum, text) => sum + count(text), 0);

/** Events as lines of data: OCI leaves out the blank line behind some, here behind each third. */
export const events = (list: readonly object[]): Buffer[] =>
  list.map((event, at) => Buffer.from(`data: ${JSON.stringify(event)}\n${at % 3 === 2 ? '' : '\n'}`));
