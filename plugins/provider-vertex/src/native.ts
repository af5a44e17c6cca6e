import { type Framing, type Native, type NativeCall, type NativeHead, type Operation, type Reach, type Refusal, rememberNative } from '@llm-proxy-auth/plugin';
import { endpointName, type Home, qualifiedName } from './model-name.ts';
import type { PathModel } from './own-model.ts';
import { type Format, type Judge, pinnedTo } from './pinned.ts';
import type { Ranking } from './places.ts';

interface Entry {
  readonly method: string;
  /**
   * `{P}` is the instance's project and location, `{x}` one segment; a verb follows the last colon. `{model}` is the call's model,
   * `{publisher}` any but those that stand before it.
   */
  readonly path: string;
  readonly operation: Operation;
  readonly framing: Framing;
  readonly stream?: true;
  readonly reach: Reach;
  readonly surface?: readonly [dialect: string, surface: string];
  readonly modelIn?: 'body';
  /** Served where documents are ranked alone. */
  readonly ranks?: true;
}
const models: Reach = { class: 'models' };
const control: Reach = { class: 'control' };
const cacheIn = (within: string): readonly string[] => [`${within}/cachedContent`, `${within}/cached_content`];
/** Pointers to the cache that a prompt continues, and to that of a prompt that is counted. */
const CACHES = cacheIn('');
export const COUNTED_CACHES: readonly string[] = Object.freeze([...CACHES, ...cacheIn('/generateContentRequest'), ...cacheIn('/generate_content_request')]);
/**
 * A cache that a prompt continues is its maker's, in both spellings that the API reads. Google names resources by the project's number, so
 * that the last segment counts.
 */
const withCache: Reach = { class: 'inference', ids: { request: CACHES, reply: [], tail: true } };
const counted: Reach = { class: 'inference', ids: { request: COUNTED_CACHES, reply: [], tail: true } };
/** Where OpenAI's format names the same: its clients merge `extra_body` into the body, and Google reads it there too. */
const openapi: Reach = {
  class: 'inference',
  ids: { request: ['', '/google', '/extra_body', '/extra_body/google'].flatMap(cacheIn), reply: [], tail: true },
};
const inference: Reach = { class: 'inference' };
const elsewhere: Reach = { class: 'inference', modelElsewhere: true };
const made: Reach = { class: 'stateful', ids: { request: [], reply: ['/name'], tail: true }, modelElsewhere: true };
const owned: Reach = { class: 'stateful', ids: { request: ['{id}'], reply: [], tail: true } };
const asked: Reach = { class: 'stateful', ids: { request: ['/operationName', '/operation_name'], reply: [], tail: true }, free: true };
/** What it starts is its starter's; the model stands in the path. */
const started: Reach = { class: 'stateful', ids: { request: [], reply: ['/name'], tail: true } };

const GENERATE = ['gemini', 'generate'] as const;
const MESSAGES = ['anthropic', 'messages'] as const;
const CHAT = ['openai', 'chat'] as const;
const post = (path: string, operation: Operation, more: Partial<Entry> = {}): Entry => ({
  method: 'POST',
  path,
  operation,
  framing: 'json',
  reach: inference,
  ...more,
});
const other = (method: string, path: string, reach: Reach): Entry => ({
  method,
  path,
  operation: reach === models ? 'models' : 'opaque',
  framing: 'json',
  reach,
});
const GOOGLE = '{P}/publishers/google/models/{model}';
const CLAUDE = '{P}/publishers/anthropic/models';
const OTHERS = '{P}/publishers/{publisher}/models/{model}';
const DEPLOYED = '{P}/endpoints/{model}';

/** The closed table of transparent mode, below the version: what is not here does not exist. A literal stands before a parameter of its place. */
export const TABLE: readonly Entry[] = Object.freeze([
  post(`${GOOGLE}:generateContent`, 'chat', { surface: GENERATE, reach: withCache }),
  post(`${GOOGLE}:streamGenerateContent`, 'chat', { surface: GENERATE, reach: withCache, stream: true, framing: 'json-array' }),
  post(`${GOOGLE}:countTokens`, 'countTokens', { surface: ['gemini', 'count'], reach: counted }),
  post(`${GOOGLE}:computeTokens`, 'opaque'),
  post(`${GOOGLE}:embedContent`, 'embeddings', { surface: ['gemini', 'embed'] }),
  post(`${GOOGLE}:predict`, 'embeddings', { surface: ['gemini', 'predict'] }),
  post(`${GOOGLE}:predictLongRunning`, 'opaque', { reach: started }),
  post(`${GOOGLE}:fetchPredictOperation`, 'opaque', { reach: asked }),

  post(`${CLAUDE}/count-tokens:rawPredict`, 'countTokens', { surface: ['anthropic', 'count_tokens'], modelIn: 'body' }),
  post(`${CLAUDE}/{model}:rawPredict`, 'chat', { surface: MESSAGES }),
  post(`${CLAUDE}/{model}:streamRawPredict`, 'chat', { surface: MESSAGES, stream: true, framing: 'sse' }),

  post(`${OTHERS}:rawPredict`, 'chat', { surface: CHAT }),
  post(`${OTHERS}:streamRawPredict`, 'chat', { surface: CHAT, stream: true, framing: 'sse' }),
  post(`${OTHERS}:predict`, 'opaque'),

  post('{P}/endpoints/openapi/chat/completions', 'chat', { surface: CHAT, modelIn: 'body', framing: 'sse', reach: openapi }),
  post('{P}/endpoints/openapi/completions', 'chat', { surface: ['openai', 'completions'], modelIn: 'body', framing: 'sse', reach: openapi }),
  post('{P}/endpoints/openapi/embeddings', 'embeddings', { surface: ['openai', 'embeddings'], modelIn: 'body' }),
  post('{P}/rankingConfigs/default_ranking_config:rank', 'rerank', { surface: ['gemini', 'rank'], modelIn: 'body', ranks: true }),
  post('{P}/endpoints/{endpoint}/chat/completions', 'chat', { surface: CHAT, framing: 'sse', reach: elsewhere }),
  post(`${DEPLOYED}:generateContent`, 'chat', { surface: GENERATE, reach: withCache }),
  post(`${DEPLOYED}:streamGenerateContent`, 'chat', { surface: GENERATE, reach: withCache, stream: true, framing: 'json-array' }),
  post(`${DEPLOYED}:countTokens`, 'countTokens', { surface: ['gemini', 'count'], reach: counted }),
  post(`${DEPLOYED}:predict`, 'opaque'),
  post(`${DEPLOYED}:rawPredict`, 'opaque'),

  post('{P}/cachedContents', 'opaque', { reach: made }),
  ...['GET', 'PATCH', 'DELETE'].map((method) => other(method, '{P}/cachedContents/{id}', owned)),
  post('{P}/batchPredictionJobs', 'opaque', { reach: made }),
  ...['GET', 'DELETE'].map((method) => other(method, '{P}/batchPredictionJobs/{id}', owned)),
  post('{P}/batchPredictionJobs/{id}:cancel', 'opaque', { reach: { ...owned, free: true } }),

  other('GET', 'publishers/{publisher}/models', models),
  other('GET', 'publishers/{publisher}/models/{model}', models),

  other('GET', '{P}/cachedContents', control),
  other('GET', '{P}/batchPredictionJobs', control),
  other('GET', '{P}/models', control),
  other('GET', '{P}/models/{model}', control),
  other('GET', '{P}/endpoints', control),
  other('GET', '{P}/endpoints/{model}', control),
  other('GET', '{P}/tuningJobs', control),
  other('GET', '{P}/tuningJobs/{job}', control),
]);

type Params = Readonly<Record<string, string>>;
/** One percent-decoding; undefined for a broken escape, for what would move within the path, and for what is no name of Google's. */
const decode = (segment: string): string | undefined => {
  try {
    const text = decodeURIComponent(segment);
    return /^[A-Za-z0-9][A-Za-z0-9._@-]*$/.test(text) && !text.includes('..') ? text : undefined;
  } catch {
    return undefined;
  }
};
interface NativeHome extends Home {
  readonly ranking: Ranking | undefined;
}
interface Compiled {
  readonly entry: Entry;
  readonly homed: boolean;
  readonly segments: readonly string[];
  readonly verb: string | undefined;
}
const split = (path: string): { readonly segments: readonly string[]; readonly verb: string | undefined } => {
  const at = path.lastIndexOf(':');
  const verb = at > path.lastIndexOf('/') ? path.slice(at + 1) : undefined;
  return { verb, segments: (verb === undefined ? path : path.slice(0, at)).split('/') };
};
const COMPILED: readonly Compiled[] = TABLE.map((entry) => {
  const homed = entry.path.startsWith('{P}/');
  return { entry, homed, ...split(homed ? entry.path.slice(4) : entry.path) };
});
const match = (wanted: readonly string[], sent: readonly string[]): Params | undefined => {
  if (wanted.length !== sent.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, want] of wanted.entries()) {
    const text = sent[i] ?? '';
    if (!want.startsWith('{')) {
      if (text !== want) return undefined;
      continue;
    }
    const value = decode(text);
    if (value === undefined) return undefined;
    params[want.slice(1, -1)] = value;
  }
  return params;
};
const REFUSED: Refusal = Object.freeze({
  refuse: 'operation_not_allowed',
  message: 'This path is not one of the operations that can be reached at Vertex AI through this gateway.',
});

const FORMATS: Readonly<Record<string, Format>> = Object.freeze({ openai: 'openai', anthropic: 'messages' });
const formatOf = ({ path, surface, ranks }: Entry): Format =>
  ranks === true
    ? 'ranking'
    : /:predict(?:LongRunning)?$|^\{P\}\/endpoints\/.*:rawPredict$/.test(path)
      ? 'prediction'
      : (FORMATS[surface?.[0] ?? ''] ?? 'gemini');
/** What a body of Gemini's names beside the model of its path is tested by policies, as its dialect reads it. */
const READ: ReadonlySet<string> = new Set(['generate', 'count', 'embed']);
/** Every body may name a resource of Google Cloud, and with a model in the path another model. */
const judgeOf = (entry: Entry, home: Home, model: PathModel | undefined): Judge | undefined => {
  const { method, surface, reach } = entry;
  if (method === 'GET' || method === 'DELETE') return undefined;
  const read = surface?.[0] === 'gemini' && READ.has(surface[1]);
  return pinnedTo(home, { owned: reach.ids?.request, format: formatOf(entry), model: read ? undefined : model });
};
const publisherOf = ({ path }: Entry, { publisher }: Params): string | undefined => publisher ?? /^\{P\}\/publishers\/([a-z]+)\//.exec(path)?.[1];
const qualifiedOf = ({ path }: Entry, { publisher, model = '' }: Params): string | undefined => {
  if (publisher !== undefined) return qualifiedName(publisher, model);
  return path.startsWith(DEPLOYED) ? endpointName(model) : undefined;
};
const callOf = ({ entry }: Compiled, params: Params, version: string, home: NativeHome, plain: boolean): NativeCall => {
  const { project, location, ranking } = home;
  const { model } = params;
  const inPath = entry.modelIn !== 'body' && model !== undefined;
  return {
    operation: entry.operation,
    dialect: entry.surface?.[0],
    surface: entry.surface?.[1],
    model: inPath ? model : undefined,
    qualified: inPath ? qualifiedOf(entry, params) : undefined,
    stream: entry.stream ?? false,
    modelIn: inPath ? 'path' : (entry.modelIn ?? 'none'),
    framing: entry.framing,
    reach: entry.reach,
    params,
    ...(entry.ranks === true ? ranking : {}),
    judge: judgeOf(entry, home, inPath ? { id: model, publisher: publisherOf(entry, params) } : undefined),
    // A model whose name would be written otherwise passes as the client wrote it.
    path:
      inPath && plain
        ? `/${version}/${entry.path.replace('{P}', `projects/${project}/locations/${location}`).replace('{publisher}', params.publisher ?? '')}`
        : undefined,
  };
};
const HOMED = /^projects\/([^/]+)\/locations\/([^/]+)\/(.+)$/;
const OTHER_PROJECT: Refusal = Object.freeze({
  refuse: 'operation_not_allowed',
  message: 'The path names another project than this instance has.',
  param: 'project',
});
interface Inside {
  readonly rest: string;
  /** The project is named by a number, as Google's answers name it. Which one that is cannot be told. */
  readonly numbered: boolean;
}
/** The rest of a path below the instance's project and location, or why it is refused. */
const homeOf = (path: string, { project, location }: Home): Inside | Refusal | undefined => {
  const found = HOMED.exec(path);
  if (found === null) return undefined;
  const [, sentProject = '', sentLocation, rest = ''] = found;
  const numbered = sentProject !== project && /^\d+$/.test(sentProject);
  if (sentProject !== project && !numbered) return OTHER_PROJECT;
  if (sentLocation !== location)
    return { refuse: 'region_not_allowed', message: `The path names another location than this instance, which is in ${location}.`, param: 'location' };
  return { rest, numbered };
};
/** Clients repeat the names of answers; what must be the caller's own was made in this project, whatever number stands before it. */
const isOwned = ({ reach }: Entry): boolean => reach.ids?.request.includes('{id}') === true;
const look = (head: NativeHead, home: NativeHome): NativeCall | Refusal => {
  const sent = /^\/(v1|v1beta1)\/(.+)$/.exec(head.path);
  if (sent === null) return REFUSED;
  const [, version = '', path = ''] = sent;
  const inside = homeOf(path, home);
  if (inside !== undefined && 'refuse' in inside) return inside;
  const { segments, verb } = split(inside?.rest ?? path);
  for (const compiled of COMPILED) {
    if (compiled.entry.method !== head.method || compiled.homed !== (inside !== undefined) || compiled.verb !== verb) continue;
    if (inside?.numbered === true && !isOwned(compiled.entry)) continue;
    if (compiled.entry.ranks === true && home.ranking === undefined) continue;
    const params = match(compiled.segments, segments);
    if (params !== undefined) return callOf(compiled, params, version, home, !path.includes('%') && !path.includes('@'));
  }
  return inside?.numbered === true ? OTHER_PROJECT : REFUSED;
};

/** Parameters of a query that change nothing but the answer's form and extent. `$httpMethod`, `access_token` and the like change who asks for what. */
const QUERY: ReadonlySet<string> = new Set([
  'alt',
  '$alt',
  'prettyPrint',
  'fields',
  'pageSize',
  'pageToken',
  'filter',
  'orderBy',
  'readMask',
  'updateMask',
  'view',
]);
/** Google's own clients for other languages ask for numbers in place of words. */
const FORM = /^(?:json|sse)(?:;enum-encoding=int)?$/;
const strangerIn = (query: URLSearchParams): string | undefined =>
  [...query].find(([name, value]) => !QUERY.has(name) || ((name === 'alt' || name === '$alt') && !FORM.test(value)))?.[0];
const LONGEST_KNOWN = 300;

/** Transparent mode: which operation a native path is; everything outside the table, and every other project or location, is refused. */
export const nativeOf = (of: Home, ranking?: Ranking): Native => {
  const home: NativeHome = { ...of, ranking };
  const known = rememberNative((head) => look(head, home), LONGEST_KNOWN);
  return (head) => {
    const answer = known(head);
    if (head.query === '' || 'refuse' in answer) return answer;
    const query = new URLSearchParams(head.query);
    const stranger = strangerIn(query);
    if (stranger !== undefined)
      return {
        refuse: 'operation_not_allowed',
        message: `The parameter ${stranger.slice(0, 40)} of the query cannot be used through this gateway.`,
        param: 'query',
      };
    return answer.framing === 'json-array' && (query.get('alt') ?? query.get('$alt') ?? '').startsWith('sse') ? { ...answer, framing: 'sse' } : answer;
  };
};
