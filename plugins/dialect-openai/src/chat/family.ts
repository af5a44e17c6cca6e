import type { Building, Call, ChatRequest, Fields } from '@llm-proxy-auth/plugin';
import { type Family, familyOf } from '../families.ts';

/** Least thinking budget (tokens) for each effort, largest first. */
const EFFORTS: readonly (readonly [number, string])[] = Object.freeze([
  [16_384, 'high'],
  [4_096, 'medium'],
  [0, 'low'],
]);
const effortOf = (params: Building, r: ChatRequest): string | undefined => {
  if (typeof params.reasoning_effort === 'string') return params.reasoning_effort;
  const budget = r.reasoning?.budget;
  return budget === undefined ? undefined : EFFORTS.find(([least]) => budget >= least)?.[1];
};
/** Models that may do without reasoning want to be told how much; the others reason as they see fit, or not at all. */
const onOf = (family: Family, call: Call): string | undefined => {
  if (family.efforts?.includes('none') === true) {
    call.ledger.note('emulated', 'reasoning.off', 'reasoning as the model sees fit is an effort here: medium');
    return 'medium';
  }
  if (family.efforts === undefined) call.ledger.note('defaulted', 'reasoning.off', 'whether it reasons is for the model to say');
  else if (family.efforts.length === 0) call.ledger.note('ignored', 'reasoning.off', `${call.model} does not reason`);
  return undefined;
};
/** The effort nearest to what was asked that the family has. */
const nearest = (effort: string, has: readonly string[]): string | undefined => {
  const order = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];
  const at = order.indexOf(effort);
  const ranked = order.filter((e) => has.includes(e)).sort((a, b) => Math.abs(order.indexOf(a) - at) - Math.abs(order.indexOf(b) - at));
  return at < 0 ? undefined : ranked[0];
};

/** Places in the conversation by the parameters of chat. */
const PLACES: Readonly<Record<string, string>> = Object.freeze({
  temperature: 'sampling.temperature',
  top_p: 'sampling.topP',
  frequency_penalty: 'sampling.frequencyPenalty',
  presence_penalty: 'sampling.presencePenalty',
  logit_bias: 'sampling.logitBias',
  logprobs: 'logprobs',
  top_logprobs: 'logprobs',
  stop: 'stop',
  parallel_tool_calls: 'parallelTools',
});
/** What the configuration says that a model refuses, as far as it is a family's to refuse; the rest is taken out of the whole body. */
const told = (rejects: readonly string[] | undefined): readonly string[] | undefined =>
  rejects?.filter((name) => name === 'reasoning_effort' || Object.hasOwn(PLACES, name));
const reasoningPlace = ({ reasoning }: ChatRequest): string => {
  if (reasoning?.off === true) return 'reasoning.off';
  if (reasoning?.effort !== undefined) return 'reasoning.effort';
  return reasoning?.budget === undefined ? 'reasoning.off' : 'reasoning.budget';
};
/** Takes out of a translated request what the model's family refuses, with a note for each. */
export const applyFamily = (params: Building, r: ChatRequest, call: Call): Fields => {
  const family = familyOf(call.like ?? call.model);
  const kept: Building = { ...params };
  const drop = (name: string): void => {
    const value = kept[name];
    if (value === undefined) return;
    delete kept[name];
    // 1 is the default that these models insist on.
    if (value === 1 && (name === 'temperature' || name === 'top_p')) return;
    call.ledger.note('ignored', PLACES[name] ?? reasoningPlace(r), `${call.model} does not take it`);
  };
  const said = effortOf(params, r);
  const effort = said === undefined && r.reasoning?.off === false ? onOf(family, call) : said;
  const chosen = effort === undefined || family.efforts === undefined ? effort : nearest(effort, family.efforts);
  delete kept.reasoning_effort;
  if (chosen !== undefined) kept.reasoning_effort = chosen;
  if (effort !== undefined && chosen === undefined) call.ledger.note('ignored', reasoningPlace(r), `${call.model} does not take it`);
  else if (chosen !== effort) call.ledger.note('clamped', reasoningPlace(r), `${call.model} has no effort ${effort}`);
  else if (chosen !== undefined && said !== undefined && params.reasoning_effort === undefined)
    call.ledger.note('emulated', 'reasoning.budget', `a thinking budget is an effort here: ${chosen}`);
  const free = call.rejects === undefined && kept.reasoning_effort === 'none' ? family.withoutReasoning : undefined;
  for (const name of told(call.rejects) ?? family.rejects) if (free?.includes(name) !== true) drop(name);
  return kept;
};
