import { type Ask, type Capabilities, type Endpoint, GatewayError, type ModelNames } from '@llm-proxy-auth/plugin';
import type { Api } from './places.ts';

/** What the API can do; whether a model can is Azure's to say. */
const CAPABILITIES: Capabilities = Object.freeze({
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
/** Where a surface is: below a deployment, beside the deployments, or in the v1 API alone. */
const SURFACES: Readonly<Record<string, 'deployment' | 'account' | 'v1'>> = Object.freeze({
  chat: 'deployment',
  completions: 'deployment',
  embeddings: 'deployment',
  images: 'deployment',
  speech: 'deployment',
  transcriptions: 'deployment',
  responses: 'account',
  'responses-stored': 'account',
  files: 'account',
  uploads: 'account',
  batches: 'account',
  'chat-stored': 'v1',
  'responses-input-tokens': 'v1',
  'responses-compact': 'v1',
  moderations: 'v1',
});
/** Where a call that other dialects brought goes. */
const TRANSLATED: Readonly<Partial<Record<Ask['operation'], { readonly surface: string; readonly route: string }>>> = Object.freeze({
  chat: { surface: 'chat', route: '/chat/completions' },
  embeddings: { surface: 'embeddings', route: '/embeddings' },
  countTokens: { surface: 'responses-input-tokens', route: '/responses/input_tokens' },
});
/** First version of the API with responses. */
const RESPONSES = '2025-03';
/** What a resource does not have where it is asked for, as chat completions, which it has. */
const OVER_CHAT: ReadonlySet<string> = new Set(['responses', 'completions']);
const lacks = (surface: string, api: Api): boolean => {
  if (api.is === 'models') return !MODELS.has(surface);
  return api.is === 'dated' && api.version < RESPONSES && (surface === 'responses' || surface === 'responses-stored');
};
/** Surfaces of the model inference API. */
const MODELS: ReadonlySet<string> = new Set(['chat', 'embeddings']);
const MODELS_HEADERS = Object.freeze(['extra-parameters', 'pass-through']);

/** One segment of a path. Throws `invalid_request` without a model, `model_not_found` for what would move within the path. */
const segment = (deployment: string): string => {
  if (deployment === '') throw new GatewayError('invalid_request', 'This call must name its model, which is a deployment here.', { param: 'model' });
  if (deployment === '.' || deployment === '..') throw new GatewayError('model_not_found', 'There is no such deployment.', { param: 'model' });
  return encodeURIComponent(deployment).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
};
const below = (route: string): string => route.replace(/^\/v1(?=\/)/, '').replaceAll('+}', '}');

/**
 * Streams of chat and text go through the dialect's reader, because filter results come in chunks without choices and behind the end; so does
 * everything that an older version must not be sent.
 */
const profileOf = (surface: string, api: Api, stream: boolean): Pick<Endpoint, 'profile'> => {
  if (surface !== 'chat' && surface !== 'completions') return {};
  const older = api.is === 'dated' && api.version < '2024-09';
  if (surface === 'completions') return stream ? { profile: older ? 'azure-before-2024-09' : 'azure' } : {};
  if (older) return { profile: 'azure-before-2024-09' };
  if (api.is === 'dated' && api.version < '2024-12') return { profile: 'azure-before-2024-12' };
  return stream ? { profile: 'azure' } : {};
};
/** Inputs of a call, and for others' models the answer in numbers, which every one of them has. */
const embedding = (model: string): Pick<Endpoint, 'batch' | 'profile'> => (/cohere|embed-v/i.test(model) ? { batch: 96, profile: 'azure' } : { batch: 2048 });

const pathOf = (place: 'deployment' | 'account' | 'v1', route: string, deployment: string, api: Api): string | undefined => {
  if (api.is === 'v1') return `/openai/v1${route}`;
  if (api.is === 'models') return `${api.path}${route}?api-version=${api.version}`;
  if (place === 'v1') return undefined;
  const middle = place === 'deployment' ? `/deployments/${segment(deployment)}` : '';
  return `/openai${middle}${route}?api-version=${api.version}`;
};

/** Reasoning that is sealed can be had of this version on. https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses */
const SEALS = '2025-04';
/** Where reasoning is shown and carried on; what a resource seals is read there alone. */
const reasoned = ({ api, names, resource }: EndpointOptions, ask: Ask): Pick<Endpoint, 'instead'> => {
  const path = api.is === 'models' || (api.is === 'dated' && api.version < SEALS) ? undefined : pathOf('account', '/responses', '', api);
  if (path === undefined) return {};
  const signer = `${resource}/${names.wire(ask.model)}`;
  return { instead: { dialect: 'openai', surface: 'responses', method: 'POST', path, signer, capabilities: CAPABILITIES } };
};

export interface EndpointOptions {
  /** Host of the resource. */
  readonly resource: string;
  readonly api: Api;
  readonly names: ModelNames;
}
/** Which path of the resource serves an operation for a model. */
export const endpoints =
  (options: EndpointOptions): ((ask: Ask) => Endpoint | undefined) =>
  (ask) => {
    const { api, names } = options;
    const own = ask.dialect === 'openai' && !(lacks(ask.surface, api) && OVER_CHAT.has(ask.surface));
    const target = own ? { surface: ask.surface, route: below(ask.route) } : TRANSLATED[ask.operation];
    const place = target === undefined ? undefined : SURFACES[target.surface];
    // Azure never had variations of images.
    if (target === undefined || place === undefined || target.route === '/images/variations') return undefined;
    if (lacks(target.surface, api)) return undefined;
    const path = pathOf(place, target.route, names.wire(ask.model), api);
    if (path === undefined) return undefined;
    return {
      dialect: 'openai',
      surface: target.surface,
      method: own ? ask.method : 'POST',
      path,
      capabilities: CAPABILITIES,
      ...(api.is === 'models' ? { headers: MODELS_HEADERS } : {}),
      ...(own || ask.operation !== 'chat' ? {} : reasoned(options, ask)),
      ...(target.surface === 'embeddings' ? embedding(ask.model) : profileOf(target.surface, api, ask.stream)),
    };
  };
