import type { Ask, Capabilities, Endpoint, HeaderPairs } from '@llm-proxy-auth/plugin';

/** What the API can do; what a model refuses is known to the dialect, by the model's name. */
const CAPABILITIES: Capabilities = Object.freeze({
  tools: true,
  parallelTools: true,
  forcedTool: true,
  images: true,
  documents: true,
  audioIn: false,
  audioOut: false,
  jsonSchema: 'native',
  sampling: true,
  choices: 1,
  logprobs: 0,
  reasoning: true,
  cache: true,
  stopSequences: 8191,
});
/** Surfaces of the dialect that Anthropic has; the route says the path. */
const SURFACES: ReadonlySet<string> = new Set(['messages', 'count_tokens', 'models']);
/** Where a call that other dialects brought goes. */
const TRANSLATED: Readonly<Partial<Record<Ask['operation'], Pick<Endpoint, 'surface' | 'method' | 'path'>>>> = Object.freeze({
  chat: { surface: 'messages', method: 'POST', path: '/v1/messages' },
  countTokens: { surface: 'count_tokens', method: 'POST', path: '/v1/messages/count_tokens' },
  models: { surface: 'models', method: 'GET', path: '/v1/models' },
});
/** `/models/{model+}`, with or without `/v1` in front, to `/v1/models/{model}`: parameters by their bare name. */
const pathOf = (route: string): string => `/v1${route.replace(/^\/v1(?=\/)/, '').replaceAll('+}', '}')}`;

/** From this version on sampling is refused, whatever the model and the value (https://platform.claude.com, migrating to API version 2026-10-21). */
const WITHOUT_SAMPLING = '2026-10-21';
/** Surfaces of this dialect pass to the same path; chat, token counts and models of others are translated; nothing else exists. */
export const endpoints = (betas: readonly string[], version: string): ((ask: Ask) => Endpoint | undefined) => {
  // Days compare as text. What a client of the vendor's brings has its own version, and is not translated.
  const capabilities: Capabilities = version < WITHOUT_SAMPLING ? CAPABILITIES : { ...CAPABILITIES, sampling: false };
  const headers: HeaderPairs = betas.length === 0 ? [] : ['anthropic-beta', betas.join(',')];
  return (ask) => {
    if (ask.dialect === 'anthropic') {
      if (!SURFACES.has(ask.surface)) return undefined;
      return { dialect: 'anthropic', surface: ask.surface, method: ask.method, path: pathOf(ask.route), headers, capabilities: CAPABILITIES };
    }
    const target = TRANSLATED[ask.operation];
    return target === undefined ? undefined : { dialect: 'anthropic', headers, capabilities, ...target };
  };
};
