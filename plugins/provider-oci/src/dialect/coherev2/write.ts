import {
  type Call,
  type ChatRequest,
  type Fields,
  type Lost,
  loseResultNames,
  lostTo,
  refuseSearch,
  some,
  unsupported,
  withSafeNames,
} from '@llm-proxy-auth/plugin';
import { formatOf, penalty } from '../cohere/write.ts';
import { limitOf } from '../limit.ts';
import type { Memo } from '../memo.ts';
import { COHEREV2_NAMES } from '../tool-names.ts';
import { type Callable, callables, choiceOf, freeNames } from '../tools.ts';
import { writeMessages } from './messages.ts';

const toolOf = ({ name, description, schema }: Callable): Fields => ({
  type: 'FUNCTION',
  function: { name, ...some('description', description), parameters: schema },
});
/** All tools are held to their schemas, or none. */
const strictness = (tools: readonly Callable[], lost: Lost): boolean | undefined => {
  const strict = tools.filter((tool) => tool.strict === true).length;
  if (strict === 0) return undefined;
  if (strict === tools.length) return true;
  lost('tools.strict', 'the provider is held to the schemas of all tools or of none');
  return undefined;
};
const writeTools = (r: ChatRequest, all: readonly Callable[], lost: Lost): Fields => {
  if (all.length === 0) return {};
  const chosen = choiceOf(r, all);
  const named = typeof chosen === 'object' ? chosen.name : undefined;
  if (named !== undefined && all.length > 1) lost('tools', 'the provider is told of the one tool alone that it must call', 'emulated');
  const tools = named === undefined ? all : all.filter(({ name }) => name === named);
  const choice = named !== undefined || chosen === 'required' ? 'REQUIRED' : chosen === 'none' ? 'NONE' : undefined;
  return { tools: tools.map(toolOf), ...some('toolsChoice', choice), ...some('isStrictToolsEnabled', strictness(tools, lost)) };
};
/** Tokens of thinking by effort, as other dialects count them. */
const BUDGETS: Readonly<Record<string, number>> = Object.freeze({ minimal: 1_024, low: 2_048, medium: 8_192, high: 24_576, xhigh: 32_768, max: 32_768 });
const thinkingOf = ({ reasoning }: ChatRequest, lost: Lost): Fields | undefined => {
  if (reasoning?.off === true) return { type: 'DISABLED' };
  const { effort, budget, summary } = reasoning ?? {};
  if (summary !== undefined) lost('reasoning.summary', 'the provider shows all that its models think, where they do', 'emulated');
  if (budget !== undefined) {
    if (effort !== undefined) lost('reasoning.effort', 'the provider takes a budget, not an effort');
    return { type: 'ENABLED', tokenBudget: budget };
  }
  if (effort === undefined) return reasoning?.off === false ? { type: 'ENABLED' } : undefined;
  const tokens = BUDGETS[effort.toLowerCase()];
  lost(
    'reasoning.effort',
    tokens === undefined ? 'the provider has no such effort' : `an effort is a budget here: ${tokens}`,
    tokens === undefined ? 'ignored' : 'emulated',
  );
  return { type: 'ENABLED', ...some('tokenBudget', tokens) };
};
const probabilities = ({ logprobs }: ChatRequest, lost: Lost): boolean | undefined => {
  if (logprobs === undefined) return undefined;
  if (logprobs > 0) lost('logprobs', 'the provider gives no alternatives, only the tokens chosen', 'clamped');
  return true;
};

/** The body of a chat in the format COHEREV2, without what the endpoint adds. */
export const writeCohereV2 = (asked: ChatRequest, call: Call): { readonly body: Fields; readonly memo: Memo } => {
  const lost = lostTo(call.ledger);
  const { request: r, names } = withSafeNames(asked, lost, COHEREV2_NAMES);
  if (r.choices > 1) throw unsupported('choices', 'The format of this model gives one answer.');
  loseResultNames(r.turns, lost);
  const tools = callables(r, lost);
  refuseSearch(r, lost);
  const { sampling } = r;
  const chatRequest = {
    apiFormat: 'COHEREV2',
    messages: writeMessages(r.turns, { lost, capabilities: call.endpoint.capabilities }),
    ...limitOf(r, call.model, lost),
    ...some('temperature', sampling?.temperature),
    ...some('topP', sampling?.topP),
    ...some('topK', sampling?.topK),
    ...some('seed', sampling?.seed),
    ...some('frequencyPenalty', penalty(sampling?.frequencyPenalty, 'sampling.frequencyPenalty', lost)),
    ...some('presencePenalty', penalty(sampling?.presencePenalty, 'sampling.presencePenalty', lost)),
    ...some('stopSequences', r.stop),
    ...some('responseFormat', formatOf(r, lost)),
    ...some('isLogProbsEnabled', probabilities(r, lost)),
    ...some('thinking', thinkingOf(r, lost)),
    ...writeTools(r, tools, lost),
    ...(call.stream ? { isStream: true, streamOptions: { isIncludeUsage: true } } : {}),
  };
  return { body: { chatRequest }, memo: { names, free: freeNames(tools), top: r.logprobs } };
};
