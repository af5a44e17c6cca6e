import { type Call, type ChatRequest, type Fields, type Lost, loseResultNames, lostTo, refuseSearch, some, unsupported } from '@llm-proxy-auth/plugin';
import { limitOf } from '../limit.ts';
import type { Memo } from '../memo.ts';
import { inlined } from '../schema.ts';
import { type Callable, callables, choiceOf, freeNames } from '../tools.ts';
import { writeConversation } from './history.ts';
import { definitionsOf } from './parameters.ts';

/** Letters, digits and `_`, no digit first. */
const plain = (name: string): string => name.replaceAll(/[^A-Za-z0-9_]/g, '_').replace(/^(?=[0-9]|$)/, '_');
/** Names that the provider takes, each its own, and the client's names by them. */
const naming = (r: ChatRequest, tools: readonly Callable[]): { readonly toolName: (name: string) => string; readonly names: ReadonlyMap<string, string> } => {
  const known = new Map<string, string>();
  const taken = new Map<string, string>();
  const toolName = (name: string): string => {
    const found = known.get(name);
    if (found !== undefined) return found;
    let made = plain(name);
    for (let n = 2; taken.has(made); n++) made = `${plain(name)}_${n}`;
    known.set(name, made);
    taken.set(made, name);
    return made;
  };
  for (const { name } of tools) toolName(name);
  for (const { parts } of r.turns) for (const part of parts) if (part.kind === 'toolCall') toolName(part.name);
  return { toolName, names: taken };
};
const toolOf = ({ name, description, schema, strict }: Callable, toolName: (name: string) => string, lost: Lost): Fields => {
  if (toolName(name) !== name) lost('tools.name', 'the provider takes letters, digits and _ alone', 'emulated');
  if (strict === true) lost('tools.strict', 'the provider cannot be held to the schema of a tool');
  const definitions = definitionsOf(schema, lost);
  return {
    name: toolName(name),
    description: description ?? '',
    ...some('parameterDefinitions', Object.keys(definitions).length === 0 ? undefined : definitions),
  };
};
/** Penalties go from 0 to 1 here. */
export const penalty = (value: number | undefined, param: string, lost: Lost): number | undefined => {
  if (value === undefined || (value >= 0 && value <= 1)) return value;
  lost(param, 'penalties go from 0 to 1 here', 'clamped');
  return value < 0 ? 0 : 1;
};
/** JSON by a schema, which has no name here. */
export const formatOf = ({ output }: ChatRequest, lost: Lost): Fields | undefined => {
  if (output === undefined) return undefined;
  if (output === 'json') return { type: 'JSON_OBJECT' };
  const { schema, name: _name, description, strict } = output;
  if (description !== undefined) lost('output.description', 'a schema has no description here');
  if (!strict) lost('output.strict', 'the provider always keeps to the schema', 'emulated');
  lost('output.name', 'a schema has no name here', 'emulated');
  return { type: 'JSON_OBJECT', schema: inlined(schema, 'output.schema', lost) };
};
/** What changes the shape of the answer is refused rather than left out. */
const refuse = (r: ChatRequest): void => {
  if (r.choices > 1) throw unsupported('choices', 'The format of this model gives one answer.');
  if (r.logprobs !== undefined) throw unsupported('logprobs', 'The format of this model gives no probabilities of tokens.');
};

/** The body of a chat in the format COHERE, without what the endpoint adds. */
export const writeCohere = (r: ChatRequest, call: Call): { readonly body: Fields; readonly memo: Memo } => {
  const lost = lostTo(call.ledger);
  refuse(r);
  loseResultNames(r.turns, lost);
  const all = callables(r, lost);
  refuseSearch(r, lost);
  const choice = all.length === 0 ? 'auto' : choiceOf(r, all);
  if (choice !== 'auto' && choice !== 'none') throw unsupported('toolChoice', 'The format of this model cannot be made to call a tool.');
  const { toolName, names } = naming(r, all);
  const tools = choice === 'none' ? [] : all.map((tool) => toolOf(tool, toolName, lost));
  if (choice === 'none') lost('toolChoice', 'the provider is not told of tools that must not be called', 'emulated');
  const { message, chatHistory, toolResults, preambleOverride, documents } = writeConversation(r.turns, { lost, toolName });
  const { sampling } = r;
  const chatRequest = {
    apiFormat: 'COHERE',
    message,
    ...some('chatHistory', chatHistory.length === 0 ? undefined : chatHistory),
    ...some('preambleOverride', preambleOverride),
    ...some('documents', documents.length === 0 ? undefined : documents),
    ...limitOf(r, call.model, lost),
    ...some('temperature', sampling?.temperature),
    ...some('topP', sampling?.topP),
    ...some('topK', sampling?.topK),
    ...some('seed', sampling?.seed),
    ...some('frequencyPenalty', penalty(sampling?.frequencyPenalty, 'sampling.frequencyPenalty', lost)),
    ...some('presencePenalty', penalty(sampling?.presencePenalty, 'sampling.presencePenalty', lost)),
    ...some('stopSequences', r.stop),
    ...some('responseFormat', formatOf(r, lost)),
    ...some('tools', tools.length === 0 ? undefined : tools),
    ...some('toolResults', toolResults),
    ...(call.stream ? { isStream: true, streamOptions: { isIncludeUsage: true } } : {}),
  };
  const free = new Set([...freeNames(all)].map(toolName));
  return { body: { chatRequest }, memo: { names, free, top: undefined } };
};
