import { fakeHost, secretOf } from '@llm-proxy-auth/contract-tests';
import { type Ask, type Attempt, followApiKey, type UpstreamReply, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import type { Config } from '../src/config.ts';
import { endpoint } from '../src/endpoint.ts';
import { createProvider } from '../src/index.ts';
import { native } from '../src/native.ts';
import { rejected } from '../src/rejected.ts';

const KEY = 'sk-proj-0123456789abcdef';
const settings = (more: Partial<Config> = {}): Config => ({ baseUrl: 'https://api.openai.com/v1', apiKey: secretOf(KEY, 'OPENAI_API_KEY'), ...more });
const attempt: Attempt = { number: 1, signal: new AbortController().signal, now: 0, fresh: false };
const request = (headers: string[] = []): UpstreamRequest => ({ method: 'POST', origin: 'https://api.openai.com', path: '/v1/x', headers, body: undefined });
const head = (method: string, path: string, bodyModel?: string) => native({ method, path, query: '', headers: [], bodyModel });
const ask = (more: Partial<Ask>): Ask => ({
  operation: 'chat',
  surface: 'chat',
  dialect: 'openai',
  method: 'POST',
  route: '/chat/completions',
  model: 'm',
  stream: false,
  ...more,
});
const reply = (status: number, body: unknown): UpstreamReply => ({
  status,
  headers: [],
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});

describe('signing', () => {
  it('replaces whatever credential and account stood on the request', async () => {
    const signed = request(['authorization', 'Bearer client', 'accept', 'a/b', 'openai-organization', 'org-client', 'openai-project', 'p']);
    await createProvider(settings({ organization: 'org-ours' }), fakeHost()).sign(signed, attempt);
    expect(signed.headers).toEqual(['accept', 'a/b', 'authorization', `Bearer ${KEY}`, 'openai-organization', 'org-ours']);
  });
  it('is done at once when the key is known', () => expect(createProvider(settings(), fakeHost()).sign(request(), attempt)).toBeUndefined());
  it('follows rotation', async () => {
    const secret = secretOf(KEY, 'OPENAI_API_KEY');
    const provider = createProvider(settings({ apiKey: secret }), fakeHost());
    secret.rotate('sk-second-0123456789');
    const signed = request();
    await provider.sign(signed, attempt);
    expect(signed.headers).toContain('Bearer sk-second-0123456789');
  });
  it('is upstream_credentials_unavailable, naming the place and not the key, when the key cannot be read', async () => {
    const unread = { ref: 'file:/run/secrets/openai', peek: () => undefined, onRotate: () => undefined };
    const host = { ...fakeHost(), secret: () => Promise.reject(new Error(`gone ${KEY}`)) };
    const failure: unknown = await Promise.resolve(followApiKey(unread, host)()).catch((e: unknown) => e);
    expect(failure).toMatchObject({ code: 'upstream_credentials_unavailable', status: 503 });
    expect(String(failure)).toContain('file:/run/secrets/openai');
    expect(String(failure)).not.toContain(KEY);
  });
});

describe('the place of a provider', () => {
  it.each([
    ['https://api.openai.com/v1', 'https://api.openai.com', '/v1', 'global'],
    ['https://eu.api.openai.com/v1/', 'https://eu.api.openai.com', '/v1', 'eu'],
    ['http://127.0.0.1:11434/v1', 'http://127.0.0.1:11434', '/v1', 'global'],
    ['https://llm.example/api/openai', 'https://llm.example', '/api/openai', 'global'],
    ['https://llm.example', 'https://llm.example', '', 'global'],
  ])('%s', (baseUrl, origin, path, region) => {
    const { base, region: found, errors } = createProvider(settings({ baseUrl }), fakeHost());
    expect([base.origin, base.path, base.prefix, found, errors]).toEqual([origin, path, '/v1', region, 'openai']);
  });
});

describe('endpoints', () => {
  it.each([
    [{ surface: 'chat', route: '/v1/chat/completions' }, '/chat/completions'],
    [{ surface: 'responses', route: '/responses' }, '/responses'],
    [{ surface: 'models', operation: 'models', method: 'GET', route: '/v1/models/{model+}' }, '/models/{model}'],
    [{ surface: 'files', operation: 'opaque', method: 'GET', route: '/files/{id}/content' }, '/files/{id}/content'],
    [{ surface: 'responses-input-tokens', operation: 'countTokens', route: '/v1/responses/input_tokens' }, '/responses/input_tokens'],
  ] as const)('pass on the same surface: %j', (more, path) => {
    expect(endpoint(ask(more as Partial<Ask>))).toMatchObject({ dialect: 'openai', surface: more.surface, path });
  });
  it.each([
    ['chat', 'chat', '/chat/completions'],
    ['embeddings', 'embeddings', '/embeddings'],
    ['models', 'models', '/models'],
    ['countTokens', 'responses-input-tokens', '/responses/input_tokens'],
  ] as const)('translate %s of other dialects', (operation, surface, path) => {
    expect(endpoint(ask({ operation, dialect: 'anthropic', surface: 'messages', route: '/v1/messages' }))).toMatchObject({ dialect: 'openai', surface, path });
  });
  it.each([
    [{ operation: 'rerank', surface: 'rerank' }],
    [{ operation: 'rerank', dialect: 'cohere' }],
    [{ operation: 'opaque', dialect: 'gemini', surface: 'files' }],
  ] as const)('do not exist for %j', (more) => expect(endpoint(ask(more))).toBeUndefined());
  it.each(['https://llm.example/v1', 'http://127.0.0.1:11434/v1', 'https://api.openai.com.example/v1'])(
    'put documents in order at a server that speaks the API: %s',
    (baseUrl) => {
      const rerank = { dialect: 'openai', surface: 'rerank', method: 'POST', path: '/rerank' };
      const at = createProvider(settings({ baseUrl }), fakeHost()).endpoint;
      expect(at(ask({ operation: 'rerank', surface: 'rerank', route: '/v1/rerank' }))).toMatchObject(rerank);
      expect(at(ask({ operation: 'rerank', dialect: 'cohere' }))).toMatchObject(rerank);
    },
  );
  it.each(['https://api.openai.com/v1', 'https://eu.api.openai.com/v1'])('put no documents in order at OpenAI: %s', (baseUrl) =>
    expect(createProvider(settings({ baseUrl }), fakeHost()).endpoint(ask({ operation: 'rerank', surface: 'rerank' }))).toBeUndefined(),
  );
  it('take at most 2048 inputs of an embedding', () =>
    expect(endpoint(ask({ operation: 'embeddings', surface: 'embeddings', route: '/embeddings' }))?.batch).toBe(2048));
});

describe('native paths', () => {
  it.each([
    ['POST', '/v1/chat/completions', 'inference', 'body'],
    ['POST', '/v1/responses', 'inference', 'body'],
    ['POST', '/v1/audio/transcriptions', 'inference', 'body'],
    ['POST', '/v1/images/generations', 'inference', 'body'],
    ['GET', '/v1/models', 'models', 'none'],
    ['GET', '/v1/files', 'stateful', 'none'],
    ['DELETE', '/v1/files/file-1', 'stateful', 'none'],
    ['GET', '/v1/conversations/conv_1/items', 'stateful', 'none'],
    ['POST', '/v1/videos', 'stateful', 'body'],
    ['POST', '/v1/fine_tuning/jobs/ft_1/cancel', 'control', 'none'],
    ['DELETE', '/v1/models/ft%3Ax', 'control', 'path'],
    ['GET', '/v1/evals', 'control', 'none'],
  ] as const)('%s %s is %s with the model in %s', (method, path, reach, modelIn) => {
    expect(head(method, path, 'm')).toMatchObject({ reach: { class: reach }, modelIn });
  });
  it('decode ids and models once', () => {
    expect(head('GET', '/v1/files/file%2D1/content')).toMatchObject({ params: { id: 'file-1' } });
    expect(head('GET', '/v1/models/a%2Fb')).toMatchObject({ model: 'a/b', modelIn: 'path' });
    expect(head('GET', '/v1/models/vendor/name:v1')).toMatchObject({ model: 'vendor/name:v1' });
  });
  it('name what must be owned before a call and what is owned after it', () => {
    expect(head('POST', '/v1/batches')).toMatchObject({ reach: { ids: { request: ['/input_file_id'], reply: ['/id'] }, modelElsewhere: true } });
    expect(head('GET', '/v1/batches/b_1')).toMatchObject({ reach: { ids: { request: ['{id}'], reply: ['/output_file_id', '/error_file_id'] } } });
    expect(head('GET', '/v1/files')).toMatchObject({ reach: { ids: { list: '/data' } } });
    expect(head('POST', '/v1/responses')).toMatchObject({ dialect: 'openai', ids: 'responses', reach: { class: 'inference' } });
    expect(head('POST', '/v1/videos')).toMatchObject({ dialect: 'openai', ids: 'videos', reach: { class: 'stateful' } });
  });
  it.each([
    ['POST', '/v1/chat/completions/'],
    ['POST', '/v1//chat/completions'],
    ['POST', '/v1/CHAT/completions'],
    ['POST', '/v1/chat%2Fcompletions'],
    ['POST', '/v1/./chat/completions'],
    ['GET', '/v1/files/..'],
    ['GET', '/v1/files/%2e%2e/x'],
    ['GET', '/v1/files/a%2Fb/content'],
    ['GET', '/v1/files/%zz'],
    ['GET', '/v1/models/a%252Fb'],
    ['GET', '/v1/files/a%00'],
    ['GET', '/v1/models/%2e%2e/organization'],
    ['GET', '/v1/models/../organization/users'],
    ['GET', '/v1/organization/users'],
    ['POST', '/v1/realtime/client_secrets'],
    ['POST', '/v1/threads'],
    ['GET', '/v1/vector_stores'],
    ['PUT', '/v1/files'],
    ['GET', '/v1'],
    ['GET', '/'],
    ['POST', '/chat/completions'],
    ['POST', '/v2/chat/completions'],
  ])('refuse %s %s', (method, path) => expect(head(method, path, 'm')).toMatchObject({ refuse: 'operation_not_allowed' }));
});

describe('a refusal of the vendor', () => {
  const error = (code: string | null, message = 'm') => ({ error: { message, type: 'invalid_request_error', param: null, code } });
  it.each([
    [401, error('invalid_api_key'), 'credential'],
    [401, '', 'credential'],
    [403, error('account_deactivated'), 'credential'],
    [403, error(null, 'You have insufficient permissions for this operation. Missing scopes: model.request.'), 'credential'],
    [403, error('unsupported_country_region_territory'), undefined],
    [403, error('model_not_found', 'Project `proj_x` does not have access to model `m`'), undefined],
    [403, '<html>', undefined],
    [404, error('invalid_api_key'), undefined],
    [429, error('insufficient_quota'), undefined],
  ] as const)('%i %j concerns %s', (status, body, verdict) => expect(rejected(reply(status, body))).toBe(verdict));
});

describe('the list of models', () => {
  const listed = (answer: UpstreamReply) => {
    const asked: UpstreamRequest[] = [];
    const host = {
      ...fakeHost(),
      fetch(r: UpstreamRequest) {
        asked.push(r);
        return Promise.resolve(answer);
      },
    };
    const models = createProvider(settings({ baseUrl: 'https://llm.example/api' }), host).models?.(new AbortController().signal);
    return { models, asked };
  };
  it('is asked with the key at the configured base', async () => {
    const { models, asked } = listed(reply(200, { object: 'list', data: [{ id: 'a', created: 1, owned_by: 'o' }, { id: 7 }, null, { id: 'b' }] }));
    expect(await models).toEqual([
      { id: 'a', created: 1, owner: 'o' },
      { id: 'b', created: undefined, owner: undefined },
    ]);
    expect(asked[0]).toMatchObject({ method: 'GET', origin: 'https://llm.example', path: '/api/models' });
    expect(asked[0]?.headers).toContain(`Bearer ${KEY}`);
  });
  it.each([
    [401, { error: { message: `Incorrect API key provided: ${KEY}` } }, 'upstream_auth_failed'],
    [500, 'oops', 'upstream_bad_response'],
    [200, '<html>', 'upstream_bad_response'],
    [200, { data: 7 }, 'upstream_bad_response'],
  ])('fails for %i without a word of the provider', async (status, body, code) => {
    const failure: unknown = await listed(reply(status, body)).models?.then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(failure).toMatchObject({ code });
    expect(String(failure)).not.toContain('sk-');
  });
});
