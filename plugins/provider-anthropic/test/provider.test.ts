import { fakeHost, secretOf } from '@llm-proxy-auth/contract-tests';
import { type Ask, type Attempt, followApiKey, type UpstreamReply, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import type { Config } from '../src/config.ts';
import { createProvider } from '../src/index.ts';
import { native } from '../src/native.ts';
import { rejected } from '../src/rejected.ts';

const KEY = 'sk-ant-api03-0123456789abcdef';
const settings = (more: Partial<Config> = {}): Config => ({
  baseUrl: 'https://api.anthropic.com',
  apiKey: secretOf(KEY, 'ANTHROPIC_API_KEY'),
  version: '2023-06-01',
  ...more,
});
const attempt: Attempt = { number: 1, signal: new AbortController().signal, now: 0, fresh: false };
const request = (headers: string[] = []): UpstreamRequest => ({ method: 'POST', origin: 'https://api.anthropic.com', path: '/v1/x', headers, body: undefined });
const head = (method: string, path: string, bodyModel?: string) => native({ method, path, query: '', headers: [], bodyModel });
const ask = (more: Partial<Ask>): Ask => ({
  operation: 'chat',
  surface: 'messages',
  dialect: 'anthropic',
  method: 'POST',
  route: '/v1/messages',
  model: 'm',
  stream: false,
  ...more,
});
const endpoint = (more: Partial<Ask>, config: Partial<Config> = {}) => createProvider(settings(config), fakeHost()).endpoint(ask(more));
const reply = (status: number, body: unknown): UpstreamReply => ({
  status,
  headers: [],
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const signed = async (headers: string[], more: Partial<Config> = {}): Promise<string[]> => {
  const made = request(headers);
  await createProvider(settings(more), fakeHost()).sign(made, attempt);
  return made.headers;
};

describe('signing', () => {
  it('replaces whatever credential, account and origin stood on the request', async () => {
    const headers = ['authorization', 'Bearer c', 'accept', 'a/b', 'x-api-key', 'c', 'anthropic-workspace-id', 'w'];
    const browser = ['origin', 'https://app.example', 'anthropic-dangerous-direct-browser-access', 'true'];
    expect(await signed([...headers, ...browser])).toEqual(['accept', 'a/b', 'anthropic-version', '2023-06-01', 'x-api-key', KEY]);
  });
  it('leaves the version of the client alone and adds the configured one where there is none', async () => {
    expect(await signed(['anthropic-version', '2026-10-21'])).toEqual(['anthropic-version', '2026-10-21', 'x-api-key', KEY]);
    expect(await signed([], { version: '2026-10-21' })).toEqual(['anthropic-version', '2026-10-21', 'x-api-key', KEY]);
  });
  it('makes one line of the betas of client and instance, each once', async () => {
    const headers = ['anthropic-version', 'v', 'anthropic-beta', 'a-1, b-2', 'x', 'y', 'anthropic-beta', 'b-2,c-3'];
    expect(await signed(headers, { betas: ['b-2', 'c-3'] })).toEqual(['anthropic-version', 'v', 'anthropic-beta', 'a-1,b-2,c-3', 'x', 'y', 'x-api-key', KEY]);
  });
  it('touches no betas without betas of its own', async () =>
    expect(await signed(['anthropic-version', 'v', 'anthropic-beta', 'a', 'anthropic-beta', 'a'])).toEqual([
      ...['anthropic-version', 'v', 'anthropic-beta', 'a', 'anthropic-beta', 'a'],
      ...['x-api-key', KEY],
    ]));
  it('is done at once when the key is known', () => expect(createProvider(settings(), fakeHost()).sign(request(), attempt)).toBeUndefined());
  it('follows rotation', async () => {
    const secret = secretOf(KEY, 'ANTHROPIC_API_KEY');
    const provider = createProvider(settings({ apiKey: secret }), fakeHost());
    secret.rotate('sk-ant-second-0123456789');
    const made = request();
    await provider.sign(made, attempt);
    expect(made.headers).toContain('sk-ant-second-0123456789');
  });
  it('is upstream_credentials_unavailable, naming the place and not the key, when the key cannot be read', async () => {
    const unread = { ref: 'file:/run/secrets/anthropic', peek: () => undefined, onRotate: () => undefined };
    const host = { ...fakeHost(), secret: () => Promise.reject(new Error(`gone ${KEY}`)) };
    const failure: unknown = await Promise.resolve(followApiKey(unread, host)()).catch((e: unknown) => e);
    expect(failure).toMatchObject({ code: 'upstream_credentials_unavailable', status: 503 });
    expect(String(failure)).toContain('file:/run/secrets/anthropic');
    expect(String(failure)).not.toContain(KEY);
  });
});

describe('the place of a provider', () => {
  it.each([
    ['https://api.anthropic.com', 'https://api.anthropic.com', ''],
    ['https://api.anthropic.com/', 'https://api.anthropic.com', ''],
    ['https://llm.example/claude/', 'https://llm.example', '/claude'],
  ])('%s', (baseUrl, origin, path) => {
    const { base, region, errors } = createProvider(settings({ baseUrl }), fakeHost());
    expect([base.origin, base.path, base.prefix, region, errors]).toEqual([origin, path, '', 'global', 'anthropic']);
  });
});

describe('endpoints', () => {
  it.each([
    [{ surface: 'messages', route: '/v1/messages' }, '/v1/messages'],
    [{ surface: 'messages', route: '/messages' }, '/v1/messages'],
    [{ surface: 'count_tokens', operation: 'countTokens', route: '/v1/messages/count_tokens' }, '/v1/messages/count_tokens'],
    [{ surface: 'models', operation: 'models', method: 'GET', route: '/v1/models/{model+}' }, '/v1/models/{model}'],
  ] as const)('pass on the same surface: %j', (more, path) => {
    expect(endpoint(more as Partial<Ask>)).toMatchObject({ dialect: 'anthropic', surface: more.surface, path });
  });
  it.each([
    ['chat', 'messages', '/v1/messages'],
    ['countTokens', 'count_tokens', '/v1/messages/count_tokens'],
    ['models', 'models', '/v1/models'],
  ] as const)('translate %s of other dialects', (operation, surface, path) => {
    expect(endpoint({ operation, dialect: 'openai', surface: 'chat', route: '/chat/completions' })).toMatchObject({ dialect: 'anthropic', surface, path });
  });
  it.each([
    [{ operation: 'embeddings', dialect: 'openai', surface: 'embeddings' }],
    [{ operation: 'opaque', surface: 'files' }],
    [{ operation: 'opaque', dialect: 'gemini', surface: 'files' }],
  ] as const)('do not exist for %j', (more) => expect(endpoint(more)).toBeUndefined());
  it('carry the betas of the instance', () => {
    expect(endpoint({}, { betas: ['a-1', 'b-2'] })?.headers).toEqual(['anthropic-beta', 'a-1,b-2']);
    expect(endpoint({})?.headers).toEqual([]);
  });
});

describe('native paths', () => {
  it.each([
    ['POST', '/v1/messages', 'inference', 'body'],
    ['POST', '/v1/messages/count_tokens', 'inference', 'body'],
    ['GET', '/v1/models', 'models', 'none'],
    ['GET', '/v1/models/claude-opus-4-8', 'models', 'path'],
    ['POST', '/v1/messages/batches', 'stateful', 'none'],
    ['GET', '/v1/messages/batches/msgbatch_1', 'stateful', 'none'],
    ['DELETE', '/v1/messages/batches/msgbatch_1', 'stateful', 'none'],
    ['POST', '/v1/files', 'stateful', 'none'],
    ['DELETE', '/v1/files/file_1', 'stateful', 'none'],
  ] as const)('%s %s is %s with the model in %s', (method, path, reach, modelIn) => {
    expect(head(method, path, 'm')).toMatchObject({ reach: { class: reach }, modelIn, dialect: 'anthropic' });
  });
  it('decode ids and models once', () => {
    expect(head('GET', '/v1/files/file%5F1/content')).toMatchObject({ params: { id: 'file_1' }, framing: 'binary' });
    expect(head('GET', '/v1/models/a%2Fb')).toMatchObject({ model: 'a/b', modelIn: 'path' });
  });
  it('name what must be owned before a call and what is owned after it', () => {
    expect(head('POST', '/v1/messages')).toMatchObject({ reach: { class: 'inference' }, ids: 'messages' });
    expect(head('POST', '/v1/messages/count_tokens')).toMatchObject({ ids: 'counting' });
    expect(head('POST', '/v1/messages/batches')).toMatchObject({ reach: { modelElsewhere: true }, ids: 'batches' });
    expect(head('POST', '/v1/files')).toMatchObject({ reach: { ids: { request: [], reply: ['/id'] } } });
    expect(head('GET', '/v1/messages/batches/b/results')).toMatchObject({ framing: 'ndjson', reach: { ids: { request: ['{id}'] } } });
    expect(head('GET', '/v1/files')).toMatchObject({ reach: { ids: { list: '/data', page: { after: 'after_id', more: '/has_more' } } } });
  });
  it.each([
    ['POST', '/v1/messages/'],
    ['POST', '/v1//messages'],
    ['POST', '/v1/MESSAGES'],
    ['POST', '/v1/messages%2Fbatches'],
    ['POST', '/v1/./messages'],
    ['GET', '/v1/files/..'],
    ['GET', '/v1/files/%2e%2e/content'],
    ['GET', '/v1/files/a%2Fb/content'],
    ['GET', '/v1/files/%zz'],
    ['GET', '/v1/models/a%252Fb'],
    ['GET', '/v1/models/../organizations/users'],
    ['GET', '/v1/organizations/me'],
    ['GET', '/v1/organizations/users'],
    ['GET', '/v1/skills'],
    ['POST', '/v1/skills'],
    ['POST', '/v1/complete'],
    ['POST', '/v1/chat/completions'],
    ['POST', '/v1/agents'],
    ['POST', '/v1/sessions'],
    ['DELETE', '/v1/models/claude-opus-4-8'],
    ['PUT', '/v1/files'],
    ['GET', '/v1/messages'],
    ['POST', '/messages'],
    ['POST', '/v2/messages'],
    ['GET', '/'],
  ])('refuse %s %s', (method, path) => expect(head(method, path, 'm')).toMatchObject({ refuse: 'operation_not_allowed' }));
});

describe('a refusal of the vendor', () => {
  const error = (type: string, message: string) => ({ type: 'error', error: { type, message } });
  it.each([
    [401, error('authentication_error', 'invalid x-api-key'), 'credential'],
    [401, '', 'credential'],
    [403, error('permission_error', 'Your API key does not have permission to use the specified resource.'), 'credential'],
    [403, error('forbidden', 'Request not allowed'), undefined],
    [403, '<html>', undefined],
    [402, error('billing_error', 'Your credit balance is too low'), undefined],
    [429, error('rate_limit_error', 'API key has been limited'), undefined],
  ] as const)('%i %j concerns %s', (status, body, verdict) => expect(rejected(reply(status, body))).toBe(verdict));
});

describe('the list of models', () => {
  const listed = (...answers: UpstreamReply[]) => {
    const asked: UpstreamRequest[] = [];
    const host = {
      ...fakeHost(),
      fetch(r: UpstreamRequest) {
        asked.push(r);
        return Promise.resolve(answers[asked.length - 1] ?? reply(500, ''));
      },
    };
    const models = createProvider(settings({ baseUrl: 'https://llm.example/api' }), host).models?.(new AbortController().signal);
    return { models, asked };
  };
  it('is asked with the key at the configured base, page by page, and says what a model can', async () => {
    const capabilities = {
      image_input: { supported: true },
      pdf_input: { supported: false },
      structured_outputs: { supported: true },
      thinking: { supported: false },
    };
    const first = { id: 'a', created_at: '2026-01-01T00:00:00Z', max_input_tokens: 200_000, capabilities };
    const { models, asked } = listed(
      reply(200, { data: [first, { id: 7 }, null], has_more: true, last_id: 'a b' }),
      reply(200, { data: [{ id: 'b', created_at: 'never', capabilities: null }], has_more: false, last_id: 'b' }),
    );
    expect(await models).toEqual([
      {
        id: 'a',
        created: 1_767_225_600,
        owner: 'anthropic',
        context: 200_000,
        capabilities: { images: true, documents: false, jsonSchema: 'native', reasoning: false },
      },
      { id: 'b', created: undefined, owner: 'anthropic', context: undefined, capabilities: undefined },
    ]);
    expect(asked.map(({ method, origin, path }) => `${method} ${origin}${path}`)).toEqual([
      'GET https://llm.example/api/v1/models?limit=1000',
      'GET https://llm.example/api/v1/models?limit=1000&after_id=a%20b',
    ]);
    expect(asked.every(({ headers }) => headers.includes(KEY))).toBe(true);
  });
  it.each([
    [401, { error: { message: `invalid x-api-key ${KEY}` } }, 'upstream_auth_failed'],
    [500, 'oops', 'upstream_bad_response'],
    [200, '<html>', 'upstream_bad_response'],
    [200, { data: 7 }, 'upstream_bad_response'],
  ])('fails for %i without a word of the provider', async (status, body, code) => {
    const failure: unknown = await listed(reply(status, body)).models?.then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(failure).toMatchObject({ code });
    expect(String(failure)).not.toContain('sk-ant');
  });
});
