import { fakeHost, secretOf } from '@llm-proxy-auth/contract-tests';
import { type Ask, type Attempt, GatewayError, type UpstreamReply, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import type { Config } from '../src/config.ts';
import { createProvider, type Parts } from '../src/index.ts';
import { deploymentNames } from '../src/names.ts';
import { placesOf } from '../src/places.ts';
import { rejected } from '../src/rejected.ts';

const KEY = '0123456789abcdef0123456789abcdef';
const ENDPOINT = 'https://acme.openai.azure.com';
const settings = (more: Partial<Config> = {}): Config => ({
  endpoint: ENDPOINT,
  apiKey: secretOf(KEY, 'AZURE_OPENAI_API_KEY'),
  apiKeyHeader: 'api-key',
  credentials: {},
  ...more,
});
const never: Parts = { ask: () => Promise.reject(new Error('no token is asked for')), random: () => 0.5 };
const make = (more: Partial<Config> = {}, parts: Parts = never, host = fakeHost()) => createProvider(settings(more), host, parts);
const attempt: Attempt = { number: 1, signal: new AbortController().signal, now: 0, fresh: false };
const request = (headers: string[] = []): UpstreamRequest => ({ method: 'POST', origin: ENDPOINT, path: '/x', headers, body: undefined });
const ask = (more: Partial<Ask> = {}): Ask => ({
  operation: 'chat',
  surface: 'chat',
  dialect: 'openai',
  method: 'POST',
  route: '/v1/chat/completions',
  model: 'gpt-4o',
  stream: false,
  ...more,
});
const error401 = { error: { code: '401', message: 'Access denied due to invalid subscription key.' } };
const reply = (status: number, body: unknown): UpstreamReply => ({
  status,
  headers: [],
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});

describe('the place of a resource', () => {
  it.each([
    [{ endpoint: ENDPOINT }, ENDPOINT, '', 'v1', 'global'],
    [{ endpoint: `${ENDPOINT}/` }, ENDPOINT, '', 'v1', 'global'],
    [{ endpoint: `${ENDPOINT}/openai` }, ENDPOINT, '', 'v1', 'global'],
    [{ baseUrl: `${ENDPOINT}/openai/v1/` }, ENDPOINT, '', 'v1', 'global'],
    [{ endpoint: 'https://acme.cognitiveservices.azure.com' }, 'https://acme.cognitiveservices.azure.com', '', 'v1', 'global'],
    [{ endpoint: 'https://acme.services.ai.azure.com' }, 'https://acme.services.ai.azure.com', '', 'v1', 'global'],
    [{ endpoint: 'https://acme.services.ai.azure.com/models' }, 'https://acme.services.ai.azure.com', '', 'models', 'global'],
    [{ endpoint: 'https://acme.services.ai.azure.com/api/projects/p' }, 'https://acme.services.ai.azure.com', '/api/projects/p', 'v1', 'global'],
    [{ endpoint: 'https://llama.eastus2.models.ai.azure.com' }, 'https://llama.eastus2.models.ai.azure.com', '', 'models', 'eastus2'],
    [{ endpoint: 'https://westeurope.api.cognitive.microsoft.com' }, 'https://westeurope.api.cognitive.microsoft.com', '', 'v1', 'westeurope'],
    [{ endpoint: 'https://acme.openai.azure.us' }, 'https://acme.openai.azure.us', '', 'v1', 'usgov'],
    [{ endpoint: 'https://acme.openai.azure.cn' }, 'https://acme.openai.azure.cn', '', 'v1', 'china'],
    [{ endpoint: 'https://apim.example/llm', apiVersion: '2024-10-21' }, 'https://apim.example', '/llm', 'dated', 'global'],
    [{ endpoint: ENDPOINT, apiVersion: 'preview' }, ENDPOINT, '', 'v1', 'global'],
    [{ endpoint: ENDPOINT, baseUrl: 'https://other.example/x' }, 'https://other.example', '/x', 'v1', 'global'],
  ] as const)('%j', (more, origin, path, api, region) => {
    const { base, api: found, region: where } = placesOf(more);
    expect([base.origin, base.path, base.prefix, found.is, where]).toEqual([origin, path, '', api, region]);
  });
  it('must be said', () => expect(() => placesOf({})).toThrow(GatewayError));
  it.each([
    [ENDPOINT, 'https://login.microsoftonline.com', 'https://cognitiveservices.azure.com/.default'],
    ['https://acme.openai.azure.us', 'https://login.microsoftonline.us', 'https://cognitiveservices.azure.us/.default'],
    ['https://acme.openai.azure.cn', 'https://login.chinacloudapi.cn', 'https://cognitiveservices.azure.cn/.default'],
    ['https://acme.services.ai.azure.com/api/projects/p', 'https://login.microsoftonline.com', 'https://ai.azure.com/.default'],
    ['https://apim.example/llm', 'https://login.microsoftonline.com', 'https://cognitiveservices.azure.com/.default'],
  ])('%s has its authority and audience', (endpoint, authority, scope) => expect(placesOf({ endpoint }).cloud).toEqual({ authority, scope }));
});

describe('where reasoning is shown', () => {
  const foreign = { dialect: 'anthropic', surface: 'messages', route: '/v1/messages' } as const;
  const instead = (more: Partial<Config>, asked: Partial<Ask> = {}) => {
    const found = make(more).endpoint(ask({ ...foreign, ...asked }))?.instead;
    return found === undefined ? undefined : [found.surface, found.path, found.signer];
  };
  it('is Responses, whose reasoning is read by one resource alone', () => {
    expect(instead({})).toEqual(['responses', '/openai/v1/responses', 'acme.openai.azure.com/gpt-4o']);
    expect(instead({ apiVersion: '2025-04-01-preview', deployments: { 'gpt-4o': 'chat-prod' } })).toEqual([
      'responses',
      '/openai/responses?api-version=2025-04-01-preview',
      'acme.openai.azure.com/chat-prod',
    ]);
  });
  it.each<[string, Partial<Config>, Partial<Ask>]>([
    ['an older version', { apiVersion: '2025-03-01-preview' }, {}],
    ['the model inference API', { endpoint: 'https://acme.services.ai.azure.com/models' }, {}],
    ['a client of the dialect itself', {}, { dialect: 'openai', surface: 'chat', route: '/v1/chat/completions' }],
    ['another operation', {}, { operation: 'embeddings', surface: 'embeddings', dialect: 'gemini', route: '/v1beta/models/{model}:embedContent' }],
  ])('is nowhere for %s', (_name, more, asked) => expect(instead(more, asked)).toBeUndefined());
});
describe('endpoints', () => {
  const path = (more: Partial<Config>, asked: Partial<Ask> = {}) => make(more).endpoint(ask(asked))?.path;
  const dated = { apiVersion: '2025-04-01-preview', deployments: { 'gpt-4o': 'chat-prod' } };
  it.each([
    [{}, {}, '/openai/v1/chat/completions'],
    [dated, {}, '/openai/deployments/chat-prod/chat/completions?api-version=2025-04-01-preview'],
    [dated, { model: 'my dep' }, '/openai/deployments/my%20dep/chat/completions?api-version=2025-04-01-preview'],
    [
      dated,
      { surface: 'embeddings', operation: 'embeddings', route: '/embeddings', model: 'e' },
      '/openai/deployments/e/embeddings?api-version=2025-04-01-preview',
    ],
    [dated, { surface: 'responses', route: '/responses' }, '/openai/responses?api-version=2025-04-01-preview'],
    [
      dated,
      { surface: 'files', operation: 'opaque', method: 'GET', route: '/v1/files/{id}/content' },
      '/openai/files/{id}/content?api-version=2025-04-01-preview',
    ],
    [dated, { surface: 'batches', operation: 'opaque', route: '/batches' }, '/openai/batches?api-version=2025-04-01-preview'],
    [
      dated,
      { surface: 'transcriptions', operation: 'opaque', route: '/audio/translations', model: 'w' },
      '/openai/deployments/w/audio/translations?api-version=2025-04-01-preview',
    ],
    [dated, { surface: 'moderations', operation: 'opaque', route: '/moderations' }, undefined],
    [dated, { surface: 'chat-stored', operation: 'opaque', route: '/chat/completions/{id}' }, undefined],
    [{}, { surface: 'moderations', operation: 'opaque', route: '/v1/moderations' }, '/openai/v1/moderations'],
    [{}, { surface: 'images', operation: 'opaque', route: '/images/generations' }, '/openai/v1/images/generations'],
    [{}, { surface: 'images', operation: 'opaque', route: '/images/variations' }, undefined],
    [{ endpoint: `${ENDPOINT}/models` }, {}, '/models/chat/completions?api-version=2024-05-01-preview'],
    [{ endpoint: `${ENDPOINT}/models` }, { surface: 'responses', route: '/responses' }, '/models/chat/completions?api-version=2024-05-01-preview'],
    [{ endpoint: `${ENDPOINT}/models` }, { surface: 'completions', route: '/completions' }, '/models/chat/completions?api-version=2024-05-01-preview'],
    [{ endpoint: `${ENDPOINT}/models` }, { surface: 'responses-stored', operation: 'opaque', route: '/responses/{id}' }, undefined],
    [{ apiVersion: '2024-10-21' }, { surface: 'responses', route: '/responses' }, '/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21'],
    [{ apiVersion: '2024-10-21' }, { surface: 'completions', route: '/completions' }, '/openai/deployments/gpt-4o/completions?api-version=2024-10-21'],
    [{ apiVersion: '2024-10-21' }, { surface: 'responses-stored', operation: 'opaque', route: '/responses/{id}' }, undefined],
    [{ apiVersion: '2025-03-01-preview' }, { surface: 'responses', route: '/responses' }, '/openai/responses?api-version=2025-03-01-preview'],
    [{ endpoint: 'https://m.eastus2.models.ai.azure.com' }, {}, '/chat/completions?api-version=2024-05-01-preview'],
    [{}, { operation: 'rerank', surface: 'rerank' }, undefined],
    [{}, { operation: 'countTokens', dialect: 'anthropic', surface: 'count_tokens' }, '/openai/v1/responses/input_tokens'],
    [{ apiVersion: '2024-10-21' }, { operation: 'countTokens', dialect: 'anthropic', surface: 'count_tokens' }, undefined],
  ] as const)('%j %j', (more, asked, expected) => expect(path(more as Partial<Config>, asked as Partial<Ask>)).toBe(expected));
  it.each(['chat', 'embeddings'] as const)('serve %s of other dialects', (operation) =>
    expect(make().endpoint(ask({ operation, dialect: 'anthropic', surface: 'messages', route: '/v1/messages', method: 'POST' }))).toMatchObject({
      dialect: 'openai',
      surface: operation,
      method: 'POST',
    }),
  );
  it.each([
    [{}, false, undefined],
    [{}, true, 'azure'],
    [{ apiVersion: '2025-04-01-preview' }, false, undefined],
    [{ apiVersion: '2024-10-21' }, true, 'azure-before-2024-12'],
    [{ apiVersion: '2024-10-21' }, false, 'azure-before-2024-12'],
    [{ apiVersion: '2024-06-01' }, true, 'azure-before-2024-09'],
    [{ endpoint: `${ENDPOINT}/models` }, true, 'azure'],
  ] as const)('%j, stream %s: variant %s', (more, stream, profile) => expect(make(more).endpoint(ask({ stream }))?.profile).toBe(profile));
  it('pass parameters through that the model inference API does not know', () =>
    expect(make({ endpoint: `${ENDPOINT}/models` }).endpoint(ask())?.headers).toEqual(['extra-parameters', 'pass-through']));
  it('ask others’ embedding models for at most 96 inputs, and write their numbers anew', () => {
    const embeddings = (model: string) => make().endpoint(ask({ operation: 'embeddings', surface: 'embeddings', route: '/embeddings', model }));
    expect(embeddings('Cohere-embed-v3-english')).toMatchObject({ batch: 96, profile: 'azure' });
    expect(embeddings('text-embedding-3-small')).toMatchObject({ batch: 2048 });
    expect(embeddings('text-embedding-3-small')?.profile).toBeUndefined();
  });
  it.each([
    ['', 'invalid_request'],
    ['.', 'model_not_found'],
    ['..', 'model_not_found'],
  ])('a deployment called "%s" is %s', (model, code) =>
    expect(() => make({ apiVersion: '2024-10-21' }).endpoint(ask({ model }))).toThrow(expect.objectContaining({ code, param: 'model' })),
  );
});

describe('names', () => {
  const names = deploymentNames({ 'gpt-4o': 'chat-prod', a: 'shared', b: 'shared' });
  it.each([
    ['gpt-4o', 'chat-prod'],
    ['other', 'other'],
    ['toString', 'toString'],
  ])('%s is deployed as %s', (model, wire) => expect(names.wire(model)).toBe(wire));
  it.each([
    ['chat-prod', 'gpt-4o'],
    ['other', 'other'],
    ['shared', 'shared'],
    ['constructor', 'constructor'],
  ])('the deployment %s stands for %s', (wire, model) => expect(names.model(wire)).toBe(model));
  it('are the list of models', async () => {
    expect(await make({ deployments: { 'gpt-4o': 'chat-prod' } }).models?.(new AbortController().signal)).toEqual([{ id: 'gpt-4o', owner: 'azure' }]);
    expect(make().models).toBeUndefined();
  });
});

describe('signing', () => {
  it('puts the key in place of whatever stood there', async () => {
    const signed = request(['authorization', 'Bearer client', 'api-key', 'client', 'ocp-apim-subscription-key', 'client', 'accept', 'a/b']);
    await make().sign(signed, attempt);
    expect(signed.headers).toEqual(['accept', 'a/b', 'api-key', KEY]);
  });
  it('uses the header of API Management', async () => {
    const signed = request(['x-llm-key', 'client']);
    await make({ apiKeyHeader: 'x-llm-key' }).sign(signed, attempt);
    expect(signed.headers).toEqual(['x-llm-key', KEY]);
  });
  it('never sends a key beside a token', async () => {
    const parts: Parts = { ask: () => Promise.resolve({ value: 'jwt', expiration: Number.MAX_SAFE_INTEGER }), random: () => 0.5 };
    const signed = request(['api-key', 'client']);
    await make({ credentials: { type: 'managed-identity' } }, parts).sign(signed, attempt);
    expect(signed.headers).toEqual(['authorization', 'Bearer jwt']);
  });
  it('asks the chain when there is neither key nor type', async () => {
    const asked: unknown[] = [];
    const parts: Parts = {
      ask: (asking) => {
        asked.push(asking);
        return Promise.resolve({ value: 'jwt', expiration: Number.MAX_SAFE_INTEGER });
      },
      random: () => 0.5,
    };
    const { apiKey: _key, ...without } = settings();
    await createProvider(without, fakeHost(), parts).sign(request(), attempt);
    expect(asked).toMatchObject([
      { type: 'default', scope: 'https://cognitiveservices.azure.com/.default', authorityHost: 'https://login.microsoftonline.com' },
    ]);
  });
  it.each([
    [{ type: 'client-secret', tenantId: 't', clientId: 'c' }, 'clientSecret'],
    [{ type: 'workload-identity', tenantId: 't', clientId: 'c' }, 'tokenFile'],
  ] as const)('%j fails at the start for want of %s', (credentials, missing) => expect(() => make({ credentials })).toThrow(missing));
});

describe('a refusal of Azure', () => {
  const error = (code: string, message = 'm') => ({ error: { code, message } });
  const apim = {
    statusCode: 401,
    message: 'Unauthorized. Access token is missing, invalid, audience is incorrect (https://cognitiveservices.azure.com), or have expired.',
  };
  it.each([
    [401, error('401', 'Access denied due to invalid subscription key or wrong API endpoint.'), 'credential', 'refresh'],
    [401, apim, 'credential', 'refresh'],
    [401, '', 'credential', 'refresh'],
    [401, error('PermissionDenied', 'The principal `x` lacks the required data action `y`'), 'credential', 'credential'],
    [403, error('AuthenticationTypeDisabled', 'Key based authentication is disabled for this resource.'), 'credential', 'credential'],
    [403, error('403', 'Access denied due to Virtual Network/Firewall rules.'), 'credential', 'credential'],
    [403, error('403', 'Public access is disabled. Please configure private endpoint.'), 'credential', 'credential'],
    [403, error('403', 'Your resource has been temporarily blocked because we detected behavior that may violate our content policy.'), undefined, undefined],
    [403, '<html>', undefined, undefined],
    [404, error('DeploymentNotFound'), undefined, undefined],
    [400, error('content_filter'), undefined, undefined],
  ] as const)('%i %j concerns a key: %s, a token: %s', (status, body, key, token) => {
    expect(rejected(false)(reply(status, body))).toBe(key);
    expect(rejected(true)(reply(status, body))).toBe(token);
  });
});

describe('the probe', () => {
  const probing = (more: Partial<Config>, answer: UpstreamReply) => {
    const asked: UpstreamRequest[] = [];
    const host = {
      ...fakeHost(),
      fetch(r: UpstreamRequest) {
        asked.push(r);
        return Promise.resolve(answer);
      },
    };
    return { asked, done: make(more, never, host).probe?.(new AbortController().signal) };
  };
  it.each([
    [{}, '/openai/v1/models'],
    [{ apiVersion: '2024-10-21' }, '/openai/models?api-version=2024-10-21'],
    [{ endpoint: `${ENDPOINT}/models` }, '/models/info?api-version=2024-05-01-preview'],
  ])('%j asks %s with the key', async (more, path) => {
    const { asked, done } = probing(more, reply(404, {}));
    await done;
    expect(asked).toMatchObject([{ path, headers: expect.arrayContaining(['api-key', KEY]) }]);
  });
  it.each([
    [401, error401, 'upstream_auth_failed'],
    [500, '', 'upstream_bad_response'],
  ] as const)('fails for %i without a word of the provider', async (status, body, code) => {
    const failure: unknown = await probing({}, reply(status, body)).done?.catch((e: unknown) => e);
    expect(failure).toMatchObject({ code });
    expect(String(failure)).not.toContain('subscription');
  });
});
