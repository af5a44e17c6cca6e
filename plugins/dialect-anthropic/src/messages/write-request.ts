import {
  ANSWER_TOOL,
  asObject,
  type Building,
  type Call,
  type ChatRequest,
  checkPairs,
  defined,
  type Fields,
  type HeaderPairs,
  isSaying,
  type Lost,
  lacksThinking,
  loseResultNames,
  lostTo,
  type Part,
  refuseSearch,
  refuseServerTool,
  takenStops,
  unsupported,
  wrappedTools,
} from '@llm-proxy-auth/plugin';
import { type Family, familyOf } from '../families.ts';
import { formOf } from '../form.ts';
import { restore } from '../remainder.ts';
import { ANTHROPIC, MESSAGES } from '../wire.ts';
import { fitHints } from './cache-hints.ts';
import { fitToolChoice, freeNames, writeTools } from './foreign-tools.ts';
import { type Memo, NO_MEMO } from './memo.ts';
import { fitOutput, type Output } from './output.ts';
import { writeOutputConfig, writeOwnParams } from './params.ts';
import { applyProfile } from './profile.ts';
import { fitReasoning, type Thinking } from './reasoning.ts';
import { safeNames } from './safe-names.ts';
import { fitSampling } from './sampling.ts';
import { writeOwnTools } from './tools.ts';
import { isOwnThinking, OWN, type Writing } from './write-blocks.ts';
import { writeOwnTurns, writeTurns } from './write-turns.ts';

export interface Written {
  readonly body: Fields;
  readonly headers: HeaderPairs;
  readonly memo: Memo;
}

const GONE = 'the thinking of the answer that called is gone, and the provider takes no budget without it';
const isForeign = (part: Part): boolean => part.kind === 'thinking' && part.origin !== undefined && !isOwnThinking(part);
/** The same for this dialect's own client, whose thinking another vendor signed. */
const goingOnOwn = (params: Fields, r: ChatRequest, lost: Lost): Fields => {
  if (!r.turns.some(({ parts }) => parts.some(isForeign)) || asObject(params.thinking)?.type !== 'enabled' || !lacksThinking(r.turns, isOwnThinking))
    return params;
  lost('reasoning', GONE);
  const { thinking: _thinking, ...others } = params;
  return others;
};
/** What this dialect's own client sent, as it came. */
const ownBody = (r: ChatRequest, call: Call, lost: Lost): Building => {
  const writing: Writing = { ...OWN, lost };
  const { system, messages } = writeOwnTurns(r.turns, writing);
  const tools = writeOwnTools(r.tools);
  for (const tool of r.tools) if (tool.kind === 'server' && tool.origin.dialect !== ANTHROPIC) refuseServerTool(tool, r, lost);
  const params = goingOnOwn(restore(writeOwnParams(r), formOf(r)?.left?.value), r, lost);
  return defined({
    model: call.model,
    ...params,
    ...(system === undefined ? {} : { system }),
    messages,
    ...(tools.length > 0 ? { tools } : {}),
  });
};

const limitOf = (r: ChatRequest, family: Family, lost: Lost): number => {
  if (r.maxTokens === undefined) {
    lost('maxTokens', `the provider wants a limit; ${family.maxOutput} is the model's`, 'defaulted');
    return family.maxOutput;
  }
  if (r.maxTokens <= 0) throw unsupported('maxTokens', 'The limit of tokens must be at least 1.');
  if (!family.limited || r.maxTokens <= family.maxOutput) return r.maxTokens;
  lost('maxTokens', `the model answers with ${family.maxOutput} tokens at most`, 'clamped');
  return family.maxOutput;
};
const TIERS: Readonly<Record<string, string>> = Object.freeze({ auto: 'auto', default: 'standard_only' });
const tierOf = (r: ChatRequest, lost: Lost): string | undefined => {
  if (r.tier === undefined) return undefined;
  const tier = TIERS[r.tier];
  if (tier !== undefined) return tier;
  const better = r.tier === 'priority' || r.tier === 'scale';
  lost('tier', 'the provider has no such tier', better ? 'clamped' : 'ignored');
  return better ? 'auto' : undefined;
};
const refuseShape = (r: ChatRequest): void => {
  if (r.choices !== 1) throw unsupported('choices', 'The provider gives one choice.');
  if (r.logprobs !== undefined) throw unsupported('logprobs', 'The provider gives no log probabilities.');
};
const namesOf = (tools: ChatRequest['tools'], lost: Lost): { readonly writing: Writing; readonly names: ReadonlyMap<string, string> } => {
  const names = safeNames(() => lost('tools.name', 'the provider takes letters, digits, _ and - in a name', 'emulated'));
  const ids = safeNames(() => lost('turns.parts.id', 'the provider takes letters, digits, _ and - in an id', 'emulated'));
  return { writing: { mine: false, lost, name: names.write, id: ids.write, wrapped: wrappedTools(tools) }, names: names.changed };
};
/** The prompt with what the model is asked for beside it. */
const asking = (system: string | readonly Fields[] | undefined, { instruction }: Output): Fields => {
  if (instruction === undefined) return system === undefined ? {} : { system };
  return { system: [...(Array.isArray(system) ? (system as readonly Fields[]) : []), { type: 'text', text: instruction }] };
};

/** A loop whose last answer lost its thinking is refused with a budget, and goes on without. */
const goingOn = (fitted: Thinking, r: ChatRequest, lost: Lost): Thinking => {
  if (fitted.thinking?.type !== 'enabled' || !lacksThinking(r.turns, isOwnThinking)) return fitted;
  lost('reasoning', GONE);
  return { ...fitted, thinking: undefined };
};
/** A request of another dialect, as the model's family and the endpoint take it. */
const foreignBody = (r: ChatRequest, call: Call, lost: Lost): { readonly body: Building; readonly memo: Memo } => {
  refuseShape(r);
  const family = familyOf(call.like ?? call.model);
  const { writing, names } = namesOf(r.tools, lost);
  checkPairs(r.turns);
  loseResultNames(r.turns, lost);
  refuseSearch(r, lost);
  if (r.metadata !== undefined) lost('metadata', 'the provider files nothing with a call but who its user is');
  const maxTokens = limitOf(r, family, lost);
  const { thinking, effort } = goingOn(fitReasoning(r.reasoning, family, maxTokens, lost), r, lost);
  const thinks = thinking?.type === 'enabled' || thinking?.type === 'adaptive';
  const output = fitOutput(r, family, thinks, call, lost);
  const { system, messages } = writeTurns(r.turns, family.midSystem && call.endpoint.profile === undefined, writing);
  const { jsonSchema } = call.endpoint.capabilities;
  const native = family.structured && (jsonSchema === undefined || jsonSchema === 'native');
  const tools = output.tool === undefined ? writeTools(r, native, writing) : [output.tool];
  const choice = output.tool === undefined ? fitToolChoice(r, tools, thinks, family, call, writing) : { type: 'tool', name: ANSWER_TOOL };
  const body = defined({
    model: call.model,
    max_tokens: maxTokens,
    ...asking(system, output),
    messages,
    tools: tools.length > 0 ? tools : undefined,
    tool_choice: choice,
    ...fitSampling(r, family, thinks, call, lost),
    stop_sequences: takenStops(r.stop, isSaying, lost),
    thinking,
    output_config: writeOutputConfig(effort, output.schema),
    metadata: r.user === undefined ? undefined : { user_id: r.user },
    service_tier: tierOf(r, lost),
  });
  return {
    body: fitHints(body, lost),
    memo: {
      names,
      free: freeNames(r.tools, writing),
      wrapped: new Set([...writing.wrapped].map(writing.name)),
      answer: output.tool === undefined ? undefined : ANSWER_TOOL,
      foreign: true,
    },
  };
};

/** The body for a provider. What this dialect's own client sent goes back as it was; others' follow the model's family. */
export const writeRequest = (r: ChatRequest, call: Call): Written => {
  const mine = formOf(r) !== undefined || r.rest?.from === MESSAGES;
  const lost = lostTo(call.ledger);
  const { body, memo } = mine ? { body: ownBody(r, call, lost), memo: NO_MEMO } : foreignBody(r, call, lost);
  const { betas, ...profiled } = applyProfile(call.stream ? { ...body, stream: true } : body, call, lost);
  return { ...profiled, memo: betas.length === 0 ? memo : { ...memo, betas: true } };
};
