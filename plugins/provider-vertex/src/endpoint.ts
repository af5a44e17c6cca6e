import { type Ask, type Endpoint, type Json, NO_CHAT } from '@llm-proxy-auth/plugin';
import { claude, GEMINI, OPENAI } from './capabilities.ts';
import type { Config } from './config.ts';
import { type Home, type ModelName, readModelName } from './model-name.ts';
import type { Ranking } from './places.ts';

export interface EndpointOptions extends Home {
  /** `/v1/projects/{project}/locations/{location}` */
  readonly parent: string;
  readonly ranking?: Ranking | undefined;
  readonly thoughtSignatures: Config['thoughtSignatures'];
  readonly betas: readonly string[];
  /** Of bodies in Gemini's format. */
  readonly judge?: Endpoint['judge'];
  /** Of bodies in OpenAI's. */
  readonly judgeChat?: Endpoint['judge'];
  /** Of instances and parameters. */
  readonly judgePrediction?: Endpoint['judge'];
}
/** A model as one segment; `@` and `:` stay, as Google's own SDKs send them. */
const encode = (id: string): string => encodeURIComponent(id).replaceAll('%40', '@').replaceAll('%3A', ':');

type Served = (ask: Ask, model: ModelName, options: EndpointOptions) => Endpoint | undefined;
const place = ({ parent }: EndpointOptions, { publisher, id, endpoint }: ModelName): string =>
  endpoint ? `${parent}/endpoints/${encode(id)}` : `${parent}/publishers/${publisher}/models/${encode(id)}`;
/** What speaks Gemini already passes; calls of other clients carry what only they and this provider need. */
const profile = (ask: Ask, { thoughtSignatures }: EndpointOptions, passes = ask.dialect === 'gemini'): Pick<Endpoint, 'profile'> =>
  passes ? {} : { profile: thoughtSignatures === 'dummy' ? 'vertex-dummy' : 'vertex' };

const gemini: Served = (ask, model, options) => ({
  dialect: 'gemini',
  surface: 'generate',
  method: 'POST',
  // Without alt=sse a stream is one JSON array.
  path: `${place(options, model)}:${ask.stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  ...profile(ask, options),
  judge: options.judge,
  capabilities: GEMINI,
});
const countGemini: Served = (ask, model, options) => ({
  dialect: 'gemini',
  surface: 'count',
  method: 'POST',
  path: `${place(options, model)}:countTokens`,
  // Clients of the Gemini API wrap what is counted, which Vertex does not read.
  ...profile(ask, options, false),
  judge: options.judge,
  capabilities: GEMINI,
});

const claudeHeaders = ({ betas }: EndpointOptions): Pick<Endpoint, 'headers'> => (betas.length === 0 ? {} : { headers: ['anthropic-beta', betas.join(',')] });
const messages: Served = (ask, model, options) => ({
  dialect: 'anthropic',
  surface: 'messages',
  method: 'POST',
  path: `${place(options, model)}:${ask.stream ? 'streamRawPredict' : 'rawPredict'}`,
  profile: 'vertex',
  ...claudeHeaders(options),
  capabilities: claude(model.id),
});
/** One place for all models, which stand in the body; the names for the newest version of one are not known there. */
const countMessages: Served = (_ask, model, options) => ({
  dialect: 'anthropic',
  surface: 'count_tokens',
  method: 'POST',
  path: `${options.parent}/publishers/anthropic/models/count-tokens:rawPredict`,
  profile: 'vertex',
  ...claudeHeaders(options),
  members: { model: model.id.replace(/@(?:default|latest)$/, '') },
  capabilities: claude(model.id),
});

const named = (ask: Ask, name: string): { readonly members?: Readonly<Record<string, Json>> } => (ask.model === name ? {} : { members: { model: name } });
/** The vendor's own chat format, which is OpenAI's; its name of the model stands in the body too. */
const raw: Served = (ask, model, options) => ({
  dialect: 'openai',
  surface: 'chat',
  method: 'POST',
  path: `${place(options, model)}:${ask.stream ? 'streamRawPredict' : 'rawPredict'}`,
  judge: options.judgeChat,
  ...named(ask, model.id),
  capabilities: OPENAI,
});
const openapi: Served = (ask, model, { parent, judgeChat }) => ({
  dialect: 'openai',
  surface: 'chat',
  method: 'POST',
  path: `${parent}/endpoints/openapi/chat/completions`,
  judge: judgeChat,
  ...named(ask, `${model.publisher}/${model.id}`),
  capabilities: OPENAI,
});

/** Texts of one call; the older models take 250, `gemini-embedding-001` one. */
const BATCH = 250;
const ONE: ReadonlySet<string> = new Set(['gemini-embedding-001']);
/** Models of the second kind take one input at `embedContent`; the older ones are asked by `predict`. */
const embedsContent = ({ id }: ModelName): boolean => id.endsWith('-maas') || (id.includes('gemini') && !ONE.has(id));
const embeddings: Served = (ask, model, options) => {
  const content = embedsContent(model);
  const surface = content ? 'embed' : 'predict';
  return {
    dialect: 'gemini',
    surface,
    method: 'POST',
    path: `${place(options, model)}:${content ? 'embedContent' : 'predict'}`,
    batch: content || ONE.has(model.id) ? 1 : BATCH,
    judge: content ? options.judge : options.judgePrediction,
    ...profile(ask, options, ask.dialect === 'gemini' && ask.surface === surface),
    capabilities: NO_CHAT,
  };
};
const openEmbeddings: Served = (ask, model, { parent, judgeChat }) => ({
  dialect: 'openai',
  surface: 'embeddings',
  method: 'POST',
  path: `${parent}/endpoints/openapi/embeddings`,
  judge: judgeChat,
  ...named(ask, `${model.publisher}/${model.id}`),
  capabilities: NO_CHAT,
});

/** The one configuration that there is; only the first version of the API is stable. */
const RANK = 'rankingConfigs/default_ranking_config:rank';
const rank: Served = (ask, { id, publisher }, { project, location, ranking }) =>
  ranking === undefined || publisher !== 'google'
    ? undefined
    : {
        dialect: 'gemini',
        surface: 'rank',
        method: 'POST',
        ...ranking,
        path: `/v1/projects/${project}/locations/${location}/${RANK}`,
        ...named(ask, id),
        capabilities: NO_CHAT,
      };

const nothing: Served = () => undefined;
/** Which API of Vertex serves an operation for a model. */
const SERVED: Readonly<Record<'chat' | 'countTokens' | 'embeddings' | 'rerank', Readonly<Record<ModelName['api'], Served>>>> = Object.freeze({
  chat: { gemini, claude: messages, raw, openapi, embeddings: nothing },
  countTokens: { gemini: countGemini, claude: countMessages, raw: nothing, openapi: nothing, embeddings: countGemini },
  embeddings: { gemini: embeddings, claude: nothing, raw: nothing, openapi: openEmbeddings, embeddings },
  rerank: { gemini: rank, claude: nothing, raw: nothing, openapi: nothing, embeddings: nothing },
});

export const endpoints =
  (options: EndpointOptions): ((ask: Ask) => Endpoint | undefined) =>
  (ask) => {
    const { operation } = ask;
    if (operation === 'models' || operation === 'opaque') return undefined;
    const model = readModelName(ask.model, options);
    return SERVED[operation][model.api](ask, model, options);
  };
