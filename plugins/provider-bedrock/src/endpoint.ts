import { type Ask, type Endpoint, GatewayError, type Json } from '@llm-proxy-auth/plugin';
import { encode } from '@llm-proxy-auth/plugin/sigv4';
import { capabilitiesOf, EMBEDDING, OPENAI } from './capabilities.ts';
import type { Config } from './config.ts';
import { guardrailBody, guardrailHeaders, unsaid } from './guardrail.ts';
import { checkModelId, type ModelId, readModelId } from './model-id.ts';
import { type Owner, refusedArn } from './own-arn.ts';

type Api = NonNullable<Config['api']>;
export interface EndpointOptions extends Owner {
  /** The foundation model that a name of the account stands for, where it is known. */
  readonly stands?: ((model: string) => string | undefined) | undefined;
  readonly api: Api | undefined;
  readonly guardrail: Config['guardrail'];
  readonly betas: readonly string[];
}

/** Families that cannot be reached through an API, even when the instance asks for it. */
const WITHOUT: Readonly<Record<Api, (family: string) => boolean>> = Object.freeze({
  converse: () => false,
  'anthropic-invoke': (family) => family !== 'anthropic' && family !== 'unknown',
  openai: (family) => family === 'anthropic' || family === 'amazon',
});
/** Where the client speaks the very API that the model has, bytes pass; everything else goes through Converse, which has every model. */
const byModel = (family: string, client: string): Api => {
  if (family === 'anthropic' && client === 'anthropic') return 'anthropic-invoke';
  return family === 'openai' && client === 'openai' ? 'openai' : 'converse';
};
const apiFor = (model: ModelId, client: string, wanted: Api | undefined): Api =>
  wanted === undefined ? byModel(model.family, client) : WITHOUT[wanted](model.family) ? 'converse' : wanted;

const OPENAI_PATHS: Readonly<Record<string, string>> = Object.freeze({ chat: '/openai/v1/chat/completions', responses: '/openai/v1/responses' });

/** Betas reach Claude through Converse as a field of the model. */
const claudeMembers = (model: ModelId, betas: readonly string[]): Readonly<Record<string, Json>> =>
  betas.length === 0 || model.family !== 'anthropic' ? {} : { additionalModelRequestFields: { anthropic_beta: betas } };
const members = (wanted: Readonly<Record<string, Json>>): Pick<Endpoint, 'members'> => (Object.keys(wanted).length === 0 ? {} : { members: wanted });

const chatEndpoints = ({ guardrail, betas }: EndpointOptions): Readonly<Record<Api, (ask: Ask, model: ModelId) => Endpoint>> => ({
  converse: (ask, model) => ({
    dialect: 'converse',
    surface: 'converse',
    method: 'POST',
    path: `/model/${encode(ask.model)}/${ask.stream ? 'converse-stream' : 'converse'}`,
    capabilities: capabilitiesOf(model),
    ...members({ ...(guardrail === undefined ? {} : { guardrailConfig: guardrailBody(guardrail) }), ...claudeMembers(model, betas) }),
  }),
  'anthropic-invoke': (ask, model) => ({
    dialect: 'anthropic',
    surface: 'messages',
    method: 'POST',
    path: `/model/${encode(ask.model)}/${ask.stream ? 'invoke-with-response-stream' : 'invoke'}`,
    framing: ask.stream ? 'aws-eventstream' : 'json',
    profile: 'bedrock-invoke',
    headers: guardrailHeaders(guardrail),
    capabilities: capabilitiesOf(model),
    ...members(betas.length === 0 ? {} : { anthropic_beta: betas }),
  }),
  openai: (ask) => {
    const surface = ask.dialect === 'openai' && ask.surface === 'responses' ? 'responses' : 'chat';
    return {
      dialect: 'openai',
      surface,
      method: 'POST',
      path: OPENAI_PATHS[surface] ?? '',
      headers: guardrailHeaders(guardrail),
      capabilities: OPENAI,
      ...unsaid(guardrail),
    };
  },
});

const EMBEDDINGS: readonly { readonly has: RegExp; readonly surface: string; readonly batch: number }[] = Object.freeze([
  { has: /^amazon\.titan-embed-/, surface: 'titan-embed', batch: 1 },
  { has: /^amazon\.nova-[a-z0-9-]*embeddings/, surface: 'nova-embed', batch: 1 },
  { has: /^cohere\.embed-/, surface: 'cohere-embed', batch: 96 },
]);
/** The surface is told what a name of the account stands for by the profile, since the id does not say. */
const invoked = (id: string, base: string | undefined, surface: string): Endpoint => ({
  dialect: 'bedrock-invoke',
  surface,
  method: 'POST',
  path: `/model/${encode(id)}/invoke`,
  capabilities: EMBEDDING,
  ...(base === undefined || readModelId(id).base !== undefined ? {} : { profile: base }),
});
/** Embeddings go through InvokeModel, by the model that an id says or a profile is known to stand for. */
const embeddings = (ask: Ask, { base }: ModelId): Endpoint | undefined => {
  const found = EMBEDDINGS.find(({ has }) => base !== undefined && has.test(base));
  if (found === undefined) return undefined;
  const { surface, batch } = found;
  return { ...invoked(ask.model, base, surface), batch };
};
const RERANK = /^(amazon|cohere)\.rerank-/;
/** Rerank goes through InvokeModel, which is of the same host; the API of agents has it too, at another. */
const rerank = (ask: Ask, { base }: ModelId): Endpoint | undefined => {
  const vendor = RERANK.exec(base ?? '')?.[1];
  if (vendor === undefined) return undefined;
  return invoked(ask.model, base, `${vendor}-rerank`);
};

/**
 * CountTokens knows foundation models, not the profiles of a geography ("The provided model doesn't support counting tokens"). It counts
 * what the call itself would be: a body of InvokeModel or of Converse.
 */
const counting = (ask: Ask, model: ModelId, wanted: Api | undefined): Endpoint => {
  const invokes = ask.dialect !== 'converse' && apiFor(model, ask.dialect, wanted) === 'anthropic-invoke';
  return {
    ...(invokes ? { dialect: 'anthropic', surface: 'count_tokens', profile: 'bedrock-invoke' } : { dialect: 'converse', surface: 'count-tokens' }),
    method: 'POST',
    path: `/model/${encode(model.base ?? ask.model)}/count-tokens`,
    capabilities: capabilitiesOf(model),
  };
};

/** AWS would refuse it as no model of the region or account; told here, in words that say so. */
const checkOwn = (id: string, owner: Owner): void => {
  const refusal = refusedArn(id, owner);
  if (refusal !== undefined) throw new GatewayError(refusal.refuse as GatewayError['code'], refusal.message, { param: refusal.param });
};
/** False for models that make no text or pictures: vectors, and an order of what they were given. */
export const generates = ({ base = '' }: ModelId): boolean => !EMBEDDINGS.some(({ has }) => has.test(base)) && !RERANK.test(base);

const OPERATIONS: ReadonlySet<Ask['operation']> = new Set(['chat', 'countTokens', 'embeddings', 'rerank']);
const modelOf = (id: string, stands: EndpointOptions['stands']): ModelId => {
  const named = readModelId(id);
  const base = named.base === undefined ? stands?.(id) : undefined;
  return base === undefined ? named : { ...named, base, family: readModelId(base).family };
};
/** Which API of Bedrock serves an operation for a model. */
export const endpoints = (options: EndpointOptions): ((ask: Ask) => Endpoint | undefined) => {
  const chat = chatEndpoints(options);
  return (ask) => {
    if (!OPERATIONS.has(ask.operation)) return undefined;
    const model = modelOf(checkModelId(ask.model), options.stands);
    checkOwn(ask.model, options);
    if (ask.operation === 'countTokens') return counting(ask, model, options.api);
    if (ask.operation === 'embeddings') return embeddings(ask, model);
    if (ask.operation === 'rerank') return rerank(ask, model);
    const endpoint = chat[apiFor(model, ask.dialect, options.api)](ask, model);
    // Profiles of every geography, of an account and none at all: one model, which reads in each what it signed in another.
    return model.base === undefined || model.base === ask.model ? endpoint : { ...endpoint, signer: model.base };
  };
};
