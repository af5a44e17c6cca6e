import type { Ask, Capabilities, Endpoint } from '@llm-proxy-auth/plugin';

/** What the API can do; whether a model can is the vendor's to say, in its own words. */
export const CAPABILITIES: Capabilities = Object.freeze({
  tools: true,
  parallelTools: true,
  forcedTool: true,
  images: true,
  documents: true,
  audioIn: true,
  audioOut: true,
  jsonSchema: 'native',
  sampling: true,
  choices: 128,
  logprobs: 20,
  reasoning: true,
  cache: true,
  stopSequences: 4,
});
/** Surfaces of the dialect that OpenAI has; the route says the path. */
const SURFACES: ReadonlySet<string> = new Set([
  'chat',
  'chat-stored',
  'completions',
  'embeddings',
  'models',
  'responses',
  'responses-stored',
  'responses-input-tokens',
  'responses-compact',
  'moderations',
  'images',
  'speech',
  'transcriptions',
  'files',
  'uploads',
  'batches',
]);
/** Where a call that other dialects brought goes. */
type Target = Pick<Endpoint, 'surface' | 'method' | 'path' | 'batch' | 'instead'>;
/** What chat completions do not say: reasoning that is shown, and carried from turn to turn. */
const RESPONSES: Endpoint = Object.freeze({ dialect: 'openai', surface: 'responses', method: 'POST', path: '/responses', capabilities: CAPABILITIES });
const TRANSLATED: Readonly<Partial<Record<Ask['operation'], Target>>> = Object.freeze({
  chat: { surface: 'chat', method: 'POST', path: '/chat/completions', instead: RESPONSES },
  embeddings: { surface: 'embeddings', method: 'POST', path: '/embeddings', batch: 2048 },
  countTokens: { surface: 'responses-input-tokens', method: 'POST', path: '/responses/input_tokens' },
  models: { surface: 'models', method: 'GET', path: '/models' },
});
/** What OpenAI itself lacks and servers that speak its API may have. */
const RERANK: Target = Object.freeze({ surface: 'rerank', method: 'POST', path: '/rerank' });
/** `/v1/models/{model+}` to `/models/{model}`: below the base, parameters by their bare name. */
const pathOf = (route: string): string => route.replace(/^\/v1(?=\/)/, '').replaceAll('+}', '}');

/** Surfaces of this dialect pass to the same path; chat, embeddings, counts and models of others are translated; nothing else exists at OpenAI. */
export const endpoint = (ask: Ask): Endpoint | undefined => {
  if (ask.dialect === 'openai') {
    if (!SURFACES.has(ask.surface)) return undefined;
    const batch = ask.operation === 'embeddings' ? { batch: 2048 } : {};
    return { dialect: 'openai', surface: ask.surface, method: ask.method, path: pathOf(ask.route), capabilities: CAPABILITIES, ...batch };
  }
  const target = TRANSLATED[ask.operation];
  return target === undefined ? undefined : { dialect: 'openai', capabilities: CAPABILITIES, ...target };
};
/** At a server that speaks OpenAI's API: the same, and documents are put in order. One that cannot answers so itself. */
export const endpointOfServer = (ask: Ask): Endpoint | undefined =>
  ask.operation === 'rerank' ? { dialect: 'openai', capabilities: CAPABILITIES, ...RERANK } : endpoint(ask);
