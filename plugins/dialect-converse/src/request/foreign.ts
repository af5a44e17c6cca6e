import {
  asList,
  asObject,
  asText,
  type Call,
  type Capabilities,
  type ChatRequest,
  checkPairs,
  defined,
  type Fields,
  isSaying,
  type Lost,
  lacksThinking,
  loseResultNames,
  lostTo,
  type Part,
  refuseSearch,
  some,
  type Tool,
  type Turn,
  takenStops,
  unsupported,
  wrappedTools,
} from '@llm-proxy-auth/plugin';
import { SEQUENCE_PATHS } from '../reply/finish.ts';
import { isEmpty } from '../wire.ts';
import { type Family, familyOf } from './families.ts';
import { type Asking, additionalOf, reasoningOf, reasonsIn, thinksIn } from './fields.ts';
import { cachePoints, foreignBlocks, ownThinking, type Writing } from './foreign-blocks.ts';
import { foreignTools, type Memo } from './foreign-tools.ts';
import { fitOutput } from './output.ts';
import { FORCED, SCHEMAS } from './refusal.ts';
import { foreignMetadata } from './request-metadata.ts';
import { writeToolChoice } from './tools.ts';
import { documentNames } from './words.ts';

const MOST_CACHE_POINTS = 4;

/** What the family takes, less what the provider says that the endpoint cannot; `told`: what the configuration says that it refuses instead. */
const limited = (family: Family, { sampling, reasoning, tools, forcedTool, jsonSchema }: Partial<Capabilities>, told: Call['rejects']): Family => ({
  ...family,
  forced: family.forced && forcedTool !== false,
  answers: family.answers && forcedTool !== false && tools !== false,
  schemas: family.schemas && (jsonSchema === undefined || jsonSchema === 'native'),
  ...(told !== undefined ? { sampling: 'any' } : sampling === false ? { sampling: 'none' } : {}),
  ...(reasoning === false ? { reasoning: 'none', off: undefined } : {}),
});
/** What the family takes, less what the model was found to refuse. */
const learned = (family: Family, refused: Call['refused']): Family => ({
  ...family,
  schemas: family.schemas && refused?.has(SCHEMAS) !== true,
  forced: family.forced && refused?.has(FORCED) !== true,
  answers: family.answers && refused?.has(FORCED) !== true,
});
const lacking = ({ images, documents, audioIn }: Partial<Capabilities>): ReadonlySet<Part['kind']> =>
  new Set([
    ...(images === false ? (['image', 'video'] as const) : []),
    ...(documents === false ? (['document'] as const) : []),
    ...(audioIn === false ? (['audio'] as const) : []),
  ]);
/** What changes the shape of the answer is refused rather than left out. */
const refuse = (r: ChatRequest, { plain }: Family, { tools }: Partial<Capabilities>): void => {
  if ((tools === false || plain) && r.tools.length > 0) throw unsupported('tools', 'The model of this call takes no tools.');
  if (r.choices > 1) throw unsupported('choices', 'The provider of this call gives one answer.');
  if (r.logprobs !== undefined) throw unsupported('logprobs', 'The provider of this call gives no probabilities of tokens.');
};
const marks = (turns: readonly Turn[], tools: readonly Tool[]): number =>
  turns.reduce((sum, turn) => sum + turn.parts.filter((part) => part.cache !== undefined).length, tools.filter((tool) => tool.cache !== undefined).length);

const writeSystem = (turns: readonly Turn[], leading: number, writing: Writing): readonly Fields[] => {
  const systems = turns.filter((turn) => turn.role === 'system');
  if (systems.length > 1 || leading < systems.length) writing.lost('turns', 'what the system says is one list before the conversation', 'emulated');
  return systems.flatMap((turn) => {
    const texts = turn.parts.filter((part): part is Extract<Part, { kind: 'text' }> => part.kind === 'text');
    if (texts.length < turn.parts.length) writing.lost('turns.parts', 'the system says text alone');
    return foreignBlocks(texts, false, writing).others;
  });
};
/** An answer that is to be continued may not end with white space. */
const trimmed = (blocks: readonly Fields[], lost: Lost): readonly Fields[] => {
  const last = blocks.at(-1);
  if (typeof last?.text !== 'string' || last.text === last.text.trimEnd()) return blocks;
  lost('turns.parts.text', 'an answer to be continued may not end with white space', 'clamped');
  return [...blocks.slice(0, -1), { ...last, text: last.text.trimEnd() }];
};
const idIn = (block: Fields | undefined, kind: 'toolUse' | 'toolResult'): string | undefined => asText(asObject(block?.[kind])?.toolUseId);
/** Results in the order of the calls they answer, each with the cache point behind it; of two for one call the last, which corrects the first. */
const ordered = (results: readonly Fields[], before: Draft | undefined, lost: Lost): readonly Fields[] => {
  const groups = new Map<string, readonly Fields[]>();
  let at = '';
  for (const block of results) {
    const id = idIn(block, 'toolResult');
    if (id !== undefined && groups.has(id)) lost('turns.parts', 'of several results of one call the last counts');
    at = id ?? at;
    groups.set(at, id === undefined ? [...(groups.get(at) ?? []), block] : [block]);
  }
  const calls = (before?.others ?? []).flatMap((block) => idIn(block, 'toolUse') ?? []);
  const known = calls.filter((id) => groups.has(id));
  const sorted = [...known, ...[...groups.keys()].filter((id) => !known.includes(id))];
  if (sorted.some((id, i) => id !== [...groups.keys()][i])) lost('turns.parts', 'results stand in the order of their calls', 'emulated');
  return sorted.flatMap((id) => groups.get(id) ?? []);
};
interface Draft {
  readonly role: 'user' | 'assistant';
  readonly results: readonly Fields[];
  readonly others: readonly Fields[];
}
const merged = (a: Draft, b: Draft): Draft => ({ role: a.role, results: [...a.results, ...b.results], others: [...a.others, ...b.others] });
/** Messages whose roles alternate and whose results stand first. */
const writeMessages = (turns: readonly Turn[], writing: Writing): readonly Fields[] => {
  const drafts: Draft[] = [];
  for (const { role, parts } of turns) {
    if (role === 'system') continue;
    const draft: Draft = { role, ...foreignBlocks(parts, role === 'user', writing) };
    if (draft.results.length + draft.others.length === 0) continue;
    const last = drafts.at(-1);
    if (last?.role !== role) drafts.push(draft);
    else {
      if (role === 'user' && last.others.length > 0) writing.lost('turns', 'roles alternate: turns that follow one another are one', 'emulated');
      drafts[drafts.length - 1] = merged(last, draft);
    }
  }
  if (drafts[0]?.role === 'assistant') throw unsupported('turns', 'The provider of this call wants conversations that the user begins.');
  if (drafts.length === 0) throw unsupported('turns', 'Nothing of this conversation can be said to the provider of this call.');
  return drafts.map(({ role, results, others: blocks }, i) => {
    if (blocks.some(({ document }) => document !== undefined) && !blocks.some(({ text }) => text !== undefined))
      throw unsupported('turns.parts', 'The provider of this call wants a text beside a document, which says what is wanted of it.');
    return {
      role,
      content: [
        ...ordered(results, drafts[i - 1], writing.lost),
        ...(role === 'assistant' && i === drafts.length - 1 ? trimmed(blocks, writing.lost) : blocks),
      ],
    };
  });
};
const TIERS: ReadonlySet<string> = new Set(['default', 'flex', 'priority', 'reserved']);
const tierOf = (tier: string | undefined, lost: Lost): Fields | undefined => {
  if (tier === undefined || TIERS.has(tier)) return tier === undefined ? undefined : { type: tier };
  lost('tier', 'the provider has no such tier', tier === 'auto' ? 'defaulted' : 'ignored');
  return undefined;
};
/** Less than this is refused of a model that reasons. */
const LEAST_TOP_P = 0.95;
const writeSampling = (r: ChatRequest, family: Family, thinks: boolean, told: Call['rejects'], lost: Lost): Fields => {
  const { temperature, topP } = r.sampling ?? {};
  const both = family.sampling === 'one' && temperature !== undefined && topP !== undefined;
  const drops = (name: string): boolean => family.sampling === 'none' || told?.includes(name) === true;
  const keepsTemperature = temperature !== undefined && !drops('temperature') && !(thinks && temperature !== 1);
  const keepsTopP = topP !== undefined && !drops('topP') && !both && !(thinks && topP < LEAST_TOP_P);
  if (temperature !== undefined && !keepsTemperature)
    lost('sampling.temperature', drops('temperature') ? 'the model takes no sampling parameters' : 'a model that reasons takes 1 alone');
  if (topP !== undefined && !keepsTopP)
    lost(
      'sampling.topP',
      drops('topP')
        ? 'the model takes no sampling parameters'
        : both
          ? 'the model takes one of temperature and top-p'
          : `a model that reasons takes ${LEAST_TOP_P} or more`,
    );
  if (keepsTemperature && temperature > 1) lost('sampling.temperature', 'the provider takes at most 1', 'clamped');
  return { ...some('temperature', keepsTemperature ? Math.min(1, temperature) : undefined), ...some('topP', keepsTopP ? topP : undefined) };
};
const nested = (o: Fields): Fields | undefined => (isEmpty(o) ? undefined : defined(o));

/** A loop whose last answer lost its thinking is refused with a budget, and goes on without. */
const goingOn = (thought: Fields, r: ChatRequest, writing: Writing): Fields => {
  if (asObject(thought.thinking)?.type !== 'enabled' || !lacksThinking(r.turns, (part) => ownThinking(part, writing) !== undefined)) return thought;
  writing.lost('reasoning', 'the thinking of the answer that called is gone, and the provider takes no budget without it');
  const { thinking: _thinking, ...others } = thought;
  return others;
};
/** What is left out is the model's own maximum, which counts against the quota while the call runs. */
const limitOf = ({ maxTokens }: ChatRequest, { most }: Family, lost: Lost): number | undefined => {
  if (maxTokens === undefined) lost('maxTokens', "the provider takes the model's maximum, and holds it against the quota of tokens", 'defaulted');
  else if (maxTokens <= 0) throw unsupported('maxTokens', 'The limit of tokens must be at least 1.');
  if (maxTokens === undefined || most === undefined || maxTokens <= most) return maxTokens;
  lost('maxTokens', `the model answers with ${most} tokens at most`, 'clamped');
  return most;
};
interface Said {
  readonly system: readonly Fields[] | undefined;
  readonly messages: readonly Fields[];
}
/** A model without a prompt of the system is told at the beginning of what the user says. */
const writeTurns = (r: ChatRequest, words: readonly (string | undefined)[], writing: Writing): Said => {
  const { family, lost } = writing;
  const leading = r.turns.findIndex((turn) => turn.role !== 'system');
  const told = words.flatMap((text) => (text === undefined ? [] : [{ text }]));
  const system = [...writeSystem(r.turns, leading < 0 ? r.turns.length : leading, writing), ...told];
  if (told.length > 0) lost('turns', 'what has no parameter is asked for in words', 'emulated');
  const messages = writeMessages(r.turns, writing);
  if (system.length === 0 || family.plain === undefined) return { system: system.length === 0 ? undefined : system, messages };
  lost('turns', 'the model knows no system, so that the user says it', 'emulated');
  const [first, ...others] = messages;
  return { system: undefined, messages: [{ ...first, content: [...system, ...asList(first?.content)] }, ...others] };
};
const NOT_ONE: ReadonlySet<string> = new Set();
const writingFor = (r: ChatRequest, family: Family, capabilities: Partial<Capabilities>, lost: Lost): Writing => {
  const caches = capabilities.cache !== false && family.plain === undefined;
  const cachePoint = cachePoints(caches ? marks(r.turns, r.tools) : 0, caches ? MOST_CACHE_POINTS : 0, lost);
  const wrapped = family.vendor === 'anthropic' ? wrappedTools(r.tools) : NOT_ONE;
  return { family, lost, lacks: lacking(capabilities), documentName: documentNames(lost), cachePoint, wrapped };
};
/** The body for a conversation of another dialect, and what is undone in the answer. */
export const writeForeign = (r: ChatRequest, call: Call): { readonly body: Fields; readonly memo: Memo } => {
  const { capabilities, profile } = call.endpoint;
  const lost = lostTo(call.ledger);
  const family = learned(limited(familyOf(call.like ?? call.model, call.like === undefined ? profile : undefined), capabilities, call.rejects), call.refused);
  refuse(r, family, capabilities);
  checkPairs(r.turns);
  loseResultNames(r.turns, lost);
  refuseSearch(r, lost);
  const maxTokens = limitOf(r, family, lost);
  const writing = writingFor(r, family, capabilities, lost);
  const asking: Asking = { family, maxTokens, tools: r.tools.length > 0, lost };
  const thought = goingOn(reasoningOf(r.reasoning, asking), r, writing);
  const output = fitOutput(r, reasonsIn(thought), writing);
  const { tools, choice, told, memo } = foreignTools(r, writing, thinksIn(thought), output.tool);
  const said = defined({ topK: r.sampling?.topK, toolChoice: choice, parallelTools: r.parallelTools, user: r.user });
  const { fields, single } = additionalOf(said, { ...asking, tools: tools.length > 0 }, thought);
  const stop = capabilities.stopSequences === 0 ? undefined : takenStops(r.stop, family.vendor === 'anthropic' ? isSaying : (one) => one !== '', lost);
  const { system, messages } = writeTurns(r, [told, output.told], writing);
  const toolConfig = { tools, ...some('toolChoice', single || choice === 'auto' ? undefined : writeToolChoice(choice)) };
  const body = defined({
    system,
    messages,
    inferenceConfig: nested({ maxTokens, ...writeSampling(r, family, thinksIn(thought), call.rejects, lost), ...some('stopSequences', stop) }),
    toolConfig: tools.length === 0 ? undefined : toolConfig,
    additionalModelRequestFields: fields,
    additionalModelResponseFieldPaths: family.vendor === 'anthropic' && (stop?.length ?? 0) > 1 ? SEQUENCE_PATHS : undefined,
    outputConfig: output.config === undefined ? undefined : { textFormat: output.config },
    serviceTier: tierOf(r.tier, lost),
    requestMetadata: foreignMetadata(r, lost),
  });
  const forced = typeof choice === 'object' || choice === 'required';
  const held = output.config !== undefined || tools.some(({ toolSpec }) => asObject(toolSpec)?.strict === true);
  return { body, memo: { ...memo, foreign: true, stop, forced, held } };
};
