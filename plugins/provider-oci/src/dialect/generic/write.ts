import { type Call, type ChatRequest, type Fields, type Lost, loseResultNames, lostTo, some, withSafeNames } from '@llm-proxy-auth/plugin';
import { vendorOf } from '../../model-id.ts';
import type { Memo } from '../memo.ts';
import { genericNames } from '../tool-names.ts';
import { type Callable, callables, choiceOf, freeNames } from '../tools.ts';
import { inTurn, POINT } from './in-turn.ts';
import { writeMessages } from './messages.ts';
import { writeParams } from './params.ts';

const toolOf = ({ name, description, schema, strict }: Callable, lost: Lost): Fields => {
  if (strict === true) lost('tools.strict', 'the provider cannot be held to the schema of a tool');
  return { type: 'FUNCTION', name, ...some('description', description), parameters: schema };
};
const CHOICES: Readonly<Record<string, string>> = Object.freeze({ auto: 'AUTO', none: 'NONE', required: 'REQUIRED' });
const choice = (r: ChatRequest, tools: readonly Callable[]): Fields => {
  const chosen = choiceOf(r, tools);
  return typeof chosen === 'object' ? { type: 'FUNCTION', name: chosen.name } : { type: CHOICES[chosen] };
};
const parallel = (r: ChatRequest, call: Call, lost: Lost): boolean | undefined => {
  if (call.endpoint.capabilities.parallelTools !== false) return r.parallelTools;
  if (r.parallelTools === true) lost('parallelTools', 'several results at once break this model', 'clamped');
  return false;
};
const writeTools = (r: ChatRequest, tools: readonly Callable[], call: Call, lost: Lost): Fields => {
  if (tools.length === 0) return {};
  return {
    tools: tools.map((tool) => toolOf(tool, lost)),
    toolChoice: choice(r, tools),
    ...some('isParallelToolCalls', parallel(r, call, lost)),
  };
};

/** The body of a chat in the format GENERIC, without what the endpoint adds. */
export const writeGeneric = (asked: ChatRequest, call: Call): { readonly body: Fields; readonly memo: Memo } => {
  const lost = lostTo(call.ledger);
  const { request: r, names } = withSafeNames(asked, lost, genericNames(call.model));
  loseResultNames(r.turns, lost);
  const tools = callables(r, lost);
  const google = vendorOf(call.model) === 'google';
  const messages = writeMessages(r.turns, { lost, capabilities: call.endpoint.capabilities, silence: google ? POINT : null });
  const chatRequest = {
    apiFormat: 'GENERIC',
    messages: google ? inTurn(messages, lost) : messages,
    ...writeParams(r, call, lost),
    ...writeTools(r, tools, call, lost),
  };
  return { body: { chatRequest }, memo: { names, free: freeNames(tools), top: r.logprobs } };
};
