import { asList, type Building, type Call, defined, type Fields, type HeaderPairs, isObject, type Lost, some, unsupported } from '@llm-proxy-auth/plugin';
import { BETAS, betasIn, fitBetas, type Vendor } from './betas.ts';
import { hintsIn, MOST_HINTS } from './cache-hints.ts';
import { hoist } from './mid-system.ts';

/** A variant of this dialect: what leaves the body, what enters it, and what cannot be said there. */
interface Profile {
  /** `anthropic_version` of the body. */
  readonly version: string;
  /** The body has no `stream`: the path says it. */
  readonly streamInPath: boolean;
  /** Betas stand in the body, not in a header. */
  readonly betasInBody: boolean;
  /** Fields that are refused there. */
  readonly without: readonly string[];
  /** Fields that are refused without a beta that may not be taken. */
  readonly withBeta: Readonly<Record<string, string>>;
  /** Members of tools that are refused. */
  readonly toolsWithout: readonly string[];
  /** Server tools, which run at the vendor itself. */
  readonly serverTools: readonly RegExp[];
  /** Kinds of sources of images and documents that it does not fetch. */
  readonly sources: ReadonlySet<string>;
  /** System turns among the messages. */
  readonly midSystem: boolean;
}
const ALONE = [
  'service_tier',
  'inference_geo',
  'speed',
  'container',
  'diagnostics',
  'mcp_servers',
  'fallbacks',
  'fallback_credit_token',
  'billing_policy',
  'thread',
];
const WITH_BETA = Object.freeze({ context_management: 'context-management-2025-06-27', compaction: 'compact-2026-01-12' });
export const PROFILES: Readonly<Record<Exclude<Vendor, 'anthropic'>, Profile>> = Object.freeze({
  'bedrock-invoke': {
    version: 'bedrock-2023-05-31',
    streamInPath: true,
    betasInBody: true,
    without: ALONE,
    withBeta: WITH_BETA,
    toolsWithout: ['eager_input_streaming', 'allowed_callers'],
    serverTools: [/^web_search_/, /^web_fetch_/, /^code_execution_/, /^mcp_toolset/, /^advisor_/],
    sources: new Set(['url', 'file']),
    midSystem: false,
  },
  vertex: {
    version: 'vertex-2023-10-16',
    streamInPath: false,
    betasInBody: false,
    without: ALONE,
    withBeta: WITH_BETA,
    toolsWithout: ['eager_input_streaming', 'allowed_callers'],
    serverTools: [/^web_fetch_/, /^code_execution_/, /^mcp_toolset/, /^advisor_/],
    sources: new Set(['file']),
    midSystem: false,
  },
});
const isProfile = (name: string | undefined): name is keyof typeof PROFILES => name !== undefined && Object.hasOwn(PROFILES, name);
/** The header of a guardrail that an instance wants, and the member by which a client would say what alone it sees. */
const GUARDRAIL = 'x-amzn-bedrock-guardrailidentifier';
const GUARDRAIL_MEMBER = 'amazon-bedrock-guardrailConfig';
const FINE_GRAINED = 'fine-grained-tool-streaming-2025-05-14';

const checkSources = (blocks: unknown, profile: Profile): void => {
  for (const block of asList(blocks)) {
    if (!isObject(block)) continue;
    const source = isObject(block.source) ? block.source : {};
    if ((block.type === 'image' || block.type === 'document') && typeof source.type === 'string' && profile.sources.has(source.type))
      throw unsupported('turns.parts.media', `This provider takes no ${block.type} by ${source.type === 'url' ? 'URL' : 'file id'}; send its bytes.`);
    checkSources(block.content, profile);
    checkSources(source.content, profile);
  }
};
/** Members of hints that only the vendor's own API knows (`scope`) are left out. */
const plainHint = (block: Fields, path: string, lost: Lost): Fields => {
  const hint = block.cache_control;
  if (!isObject(hint) || Object.keys(hint).every((key) => key === 'type' || key === 'ttl')) return block;
  lost(path, 'this provider takes type and ttl of a hint alone');
  return { ...block, cache_control: { type: hint.type, ...(hint.ttl === undefined ? {} : { ttl: hint.ttl }) } };
};
const plainHints = (blocks: unknown, lost: Lost): unknown =>
  Array.isArray(blocks) ? blocks.map((block: unknown) => (isObject(block) ? plainHint(block, 'turns.parts.cache', lost) : block)) : blocks;

interface Fitted {
  readonly tools: readonly unknown[];
  readonly betas: readonly string[];
}
const fitTools = (tools: readonly unknown[], choice: unknown, profile: Profile, lost: Lost): Fitted => {
  const betas = new Set<string>();
  const kept = tools.flatMap((tool): readonly unknown[] => {
    if (!isObject(tool)) return [tool];
    const { type } = tool;
    if (typeof type === 'string' && profile.serverTools.some((pattern) => pattern.test(type))) {
      if (!isObject(choice) || choice.type !== 'none')
        throw unsupported('tools', `The tool ${JSON.stringify(type)} runs at Anthropic; this provider does not have it.`);
      lost('tools', `this provider has no ${type}`);
      return [];
    }
    const fields: Building = { ...plainHint(tool, 'tools.cache', lost) };
    if (fields.eager_input_streaming === true) betas.add(FINE_GRAINED);
    for (const name of profile.toolsWithout) {
      if (name !== 'eager_input_streaming' && fields[name] !== undefined && fields[name] !== null) lost(`tools.rest.${name}`, 'this provider does not take it');
      delete fields[name];
    }
    return [fields];
  });
  return { tools: kept, betas: [...betas] };
};
const isThought = (block: unknown): boolean => isObject(block) && (block.type === 'thinking' || block.type === 'redacted_thinking');
/** A hint on the whole request, which only the vendor's own API takes, stands where that puts it: on the last block that may have one. */
const hintAtEnd = (body: Building, lost: Lost): Building => {
  const { cache_control: hint, ...rest } = body;
  if (hint === undefined) return body;
  if (!isObject(hint)) return rest;
  const messages = asList(rest.messages);
  const last = messages.at(-1);
  const content = isObject(last) ? last.content : undefined;
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : asList(content);
  const at = blocks.findLastIndex((block) => isObject(block) && !isThought(block));
  const block = blocks[at];
  const full = hintsIn(rest) >= MOST_HINTS;
  const fits = isObject(last) && isObject(block) && !full;
  lost(
    'rest.fields.cache_control',
    fits ? 'the hint stands on the last block' : 'there is no block that may have one more hint',
    fits ? 'emulated' : 'ignored',
  );
  if (!fits) return rest;
  return { ...rest, messages: messages.with(-1, { ...last, content: blocks.with(at, { cache_control: hint, ...block }) }) };
};
const withoutFields = (body: Building, profile: Profile, kept: readonly string[], isGuarded: boolean, lost: Lost): Building => {
  const left: Building = { ...body };
  const drop = (name: string): void => {
    const value = left[name];
    delete left[name];
    // What says the default asks for nothing.
    if (value !== undefined && value !== null && value !== 'standard')
      lost(name === 'service_tier' ? 'tier' : `rest.fields.${name}`, 'this provider does not take it');
  };
  for (const name of isGuarded ? [...profile.without, GUARDRAIL_MEMBER] : profile.without) drop(name);
  for (const [name, beta] of Object.entries(profile.withBeta)) if (!kept.includes(beta)) drop(name);
  return left;
};

/** A format under its old name moves to the new one; a model without formats is not told. */
const withFormat = (body: Building, call: Call, lost: Lost): Building => {
  const { output_format: format, ...rest } = body;
  if (format === undefined) return body;
  const config = isObject(rest.output_config) ? rest.output_config : {};
  if (format === null || config.format !== undefined) return rest;
  if (call.endpoint.capabilities.jsonSchema === 'native') return { ...rest, output_config: { ...config, format } };
  lost('rest.fields.output_format', 'this model has no formats here');
  return rest;
};
/** Tools that stand for nothing without their beta. */
const TOOL_BETAS: readonly (readonly [tool: RegExp, beta: RegExp])[] = Object.freeze([
  [/^computer_/, /^computer-use-/],
  [/^tool_search_/, /^tool-search-tool-/],
]);
/** Betas that a member of the body or a tool needs, which would be refused without them. */
const needed = (betas: readonly string[], body: Fields, profile: Profile): readonly string[] => {
  const types = asList(body.tools).map((tool) => (isObject(tool) && typeof tool.type === 'string' ? tool.type : ''));
  const members = Object.entries(profile.withBeta).filter(([name]) => body[name] !== undefined && body[name] !== null);
  return betas.filter(
    (beta) => members.some(([, needs]) => needs === beta) || TOOL_BETAS.some(([tool, needs]) => needs.test(beta) && types.some((type) => tool.test(type))),
  );
};
interface Profiled {
  readonly body: Building;
  readonly headers: HeaderPairs;
  /** Betas that were kept. */
  readonly betas: readonly string[];
}
/** The body and headers as the endpoint's profile wants them; without a profile the body is the API's own. */
export const applyProfile = (body: Building, call: Call, lost: Lost): Profiled => {
  const { profile: name } = call.endpoint;
  if (!isProfile(name)) return { body, headers: [], betas: [] };
  const profile = PROFILES[name];
  const { model: _model, stream, anthropic_beta, ...rest } = body;
  for (const message of asList(rest.messages)) if (isObject(message)) checkSources(message.content, profile);
  const fitted = fitTools(asList(rest.tools), rest.tool_choice, profile, lost);
  const fit = fitBetas([...betasIn(call.inbound.headers), ...asList(anthropic_beta).filter((beta) => typeof beta === 'string'), ...fitted.betas], name);
  // One of them is refused, and nobody says which: those that nothing needs are left out.
  const kept = call.refused?.has(BETAS) === true ? needed(fit.kept, rest, profile) : fit.kept;
  for (const beta of [...fit.left, ...fit.kept.filter((one) => !kept.includes(one))]) lost('rest.fields.anthropic_beta', `this provider does not take ${beta}`);
  const named = withFormat(profile.midSystem ? rest : hoist(rest, kept, lost), call, lost);
  const plain: Building = withoutFields(hintAtEnd(named, lost), profile, kept, call.endpoint.headers?.includes(GUARDRAIL) === true, lost);
  const messages = asList(plain.messages).map((message) => (isObject(message) ? { ...message, content: plainHints(message.content, lost) } : message));
  return {
    body: defined({
      anthropic_version: profile.version,
      ...plain,
      ...(plain.system === undefined ? {} : { system: plainHints(plain.system, lost) }),
      messages,
      ...(fitted.tools.length > 0 ? { tools: fitted.tools, ...some('tool_choice', rest.tool_choice) } : {}),
      ...(rest.tools !== undefined && fitted.tools.length === 0 ? { tools: undefined, tool_choice: undefined } : {}),
      ...(profile.streamInPath || stream === undefined ? {} : { stream }),
      ...(profile.betasInBody && kept.length > 0 ? { anthropic_beta: kept } : {}),
    }),
    headers: profile.betasInBody || kept.length === 0 ? [] : ['anthropic-beta', kept.join(',')],
    betas: kept,
  };
};
