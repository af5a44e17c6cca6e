import { type Call, type ChatRequest, checkPairs, defined, type Fields, filled, type HeaderPairs, type Json, type Lost, lostTo } from '@llm-proxy-auth/plugin';
import { familyOf } from '../family.ts';
import { formOf } from '../form.ts';
import { GENERATE } from '../wire.ts';
import { foreignOutput, foreignReasoning, foreignSampling } from './foreign-config.ts';
import { calledIn, type Writing } from './foreign-parts.ts';
import { foreignTools } from './foreign-tools.ts';
import { foreignTurns } from './foreign-turns.ts';
import { foreignLabels } from './labels.ts';
import { type Memo, OWN } from './memo.ts';
import { ownBody } from './own.ts';

export interface Written {
  readonly body: Json;
  readonly headers?: HeaderPairs | undefined;
  readonly memo: Memo;
}
/** Ways in which the models of one cloud are reached: of `vertex-dummy`, signatures are not sent back. */
const VERTEX = 'vertex';
const UNSIGNED_PROFILE = 'vertex-dummy';
const TIER_HEADER = 'x-vertex-ai-llm-shared-request-type';
const TIERS: Readonly<Record<string, string>> = Object.freeze({ default: 'standard', standard: 'standard', flex: 'flex', priority: 'priority' });

export const isVertex = ({ profile }: Call['endpoint']): boolean => profile?.startsWith(VERTEX) === true;
/** The tier stands in the body, and on Vertex in a header. */
const tierOf = (r: ChatRequest, { endpoint }: Call, lost: Lost): { readonly body: Fields; readonly headers: HeaderPairs } => {
  if (r.tier === undefined || r.tier === 'auto') return { body: {}, headers: [] };
  const tier = TIERS[r.tier];
  if (tier === undefined) {
    lost('tier', 'the provider has no such tier');
    return { body: {}, headers: [] };
  }
  return isVertex(endpoint) ? { body: {}, headers: [TIER_HEADER, tier] } : { body: { serviceTier: tier }, headers: [] };
};
/** A request of another dialect, as the model's generation takes it. */
const foreignBody = (r: ChatRequest, call: Call, lost: Lost): Written => {
  const family = familyOf(call.like ?? call.model);
  const writing: Writing = { family, lost, called: calledIn(r.turns), unsigned: call.endpoint.profile === UNSIGNED_PROFILE };
  const { system, contents } = foreignTurns(r.turns, writing);
  const { tools, config, names, free } = foreignTools(r, writing);
  const output = foreignOutput(
    r,
    family,
    call,
    tools.some((tool) => tool.functionDeclarations !== undefined),
    lost,
  );
  const prompt = output.instruction === undefined ? system : [...system, { text: output.instruction }];
  const tier = tierOf(r, call, lost);
  const body = defined({
    contents,
    systemInstruction: prompt.length > 0 ? { parts: prompt } : undefined,
    tools: tools.length > 0 ? tools : undefined,
    toolConfig: config,
    generationConfig: filled({ ...foreignSampling(r, lost), ...output.fields, thinkingConfig: foreignReasoning(r.reasoning, family, lost) }),
    labels: foreignLabels(r, isVertex(call.endpoint), lost),
    ...tier.body,
  });
  return { body, headers: tier.headers, memo: { mine: false, names, free, ...(r.logprobs === undefined ? {} : { logprobs: true }) } };
};
/** True for a request that was read from this dialect. */
export const isOwn = (r: ChatRequest): boolean => formOf(r) !== undefined || r.rest?.from === GENERATE;
/** The body for a provider. What this dialect's own client sent goes back as it was; others' follow the model's generation. */
export const writeRequest = (r: ChatRequest, call: Call): Written => {
  const lost = lostTo(call.ledger);
  return isOwn(r) ? { body: ownBody(r, lost), memo: OWN } : foreignBody(r, call, lost);
};
/** The same, of a conversation in which calls of tools have their results, without which the vendor answers nothing. Throws 400 for another's. */
export const writePaired = (r: ChatRequest, call: Call): Written => {
  if (!isOwn(r)) checkPairs(r.turns);
  return writeRequest(r, call);
};
