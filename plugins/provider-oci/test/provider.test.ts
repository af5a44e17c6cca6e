import { fakeHost, secretOf } from '@llm-proxy-auth/contract-tests';
import type { Ask, Endpoint, UpstreamReply } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import type { Config } from '../src/config.ts';
import { error } from '../src/dialect/error.ts';
import { readErrorReply } from '../src/dialect/read-error.ts';
import { endpoints } from '../src/endpoint.ts';
import { createProvider } from '../src/index.ts';
import { COMPARTMENT, credentials } from './facts.ts';

const ENDPOINT = 'ocid1.generativeaiendpoint.oc1.us-chicago-1.aaaa';
const options = { compartment: COMPARTMENT, endpointId: undefined, apiFormat: undefined, bearer: false } as const;
const ask = (model: string, more: Partial<Ask> = {}): Ask => ({
  operation: 'chat',
  surface: 'chat',
  dialect: 'openai',
  method: 'POST',
  route: '/chat/completions',
  model,
  stream: false,
  ...more,
});
const placeOf = (endpoint: Endpoint | undefined) => [endpoint?.dialect, endpoint?.surface, endpoint?.path];
const CHAT = '/20231130/actions/chat';

describe('a chat goes', () => {
  it.each([
    ['meta.llama-3.3-70b-instruct', 'generic'],
    ['xai.grok-4', 'generic'],
    ['ocid1.generativeaimodel.oc1.us-chicago-1.aaaa', 'generic'],
    ['cohere.command-r-08-2024', 'cohere'],
    ['cohere.command-a-03-2025', 'cohere'],
    ['cohere.command-a-vision-07-2025', 'coherev2'],
    ['cohere.command-a-reasoning-08-2025', 'coherev2'],
  ])('with %s in the format %s, on demand', (model, surface) => {
    const endpoint = endpoints(options)(ask(model));
    expect(placeOf(endpoint)).toEqual(['oci', surface, CHAT]);
    expect(endpoint?.members).toEqual({ compartmentId: COMPARTMENT, servingMode: { servingType: 'ON_DEMAND', modelId: model } });
  });
  it('to a dedicated endpoint by its id, never by a model', () => {
    const dedicated = { servingMode: { servingType: 'DEDICATED', endpointId: ENDPOINT } };
    expect(endpoints({ ...options, endpointId: ENDPOINT, apiFormat: 'COHERE' })(ask('anything'))).toMatchObject({ surface: 'cohere', members: dedicated });
    expect(endpoints(options)(ask(ENDPOINT))).toMatchObject({ surface: 'generic', members: dedicated });
  });
  it('through the OpenAI-compatible API with an API key, and where the instance says so', () => {
    for (const made of [endpoints({ ...options, bearer: true }), endpoints({ ...options, apiFormat: 'OPENAI' })]) {
      expect(placeOf(made(ask('openai.gpt-oss-120b')))).toEqual(['openai', 'chat', '/20231130/actions/v1/chat/completions']);
      expect(placeOf(made(ask('openai.gpt-oss-120b', { surface: 'responses' })))).toEqual(['openai', 'responses', '/20231130/actions/v1/responses']);
      expect(placeOf(made(ask('openai.gpt-oss-120b', { dialect: 'anthropic', surface: 'messages' })))).toEqual([
        'openai',
        'chat',
        '/20231130/actions/v1/chat/completions',
      ]);
    }
  });
  it.each(['', 'a b', 'x\ny', 'x'.repeat(301)])('nowhere with a model that is none: %j', (model) => {
    expect(() => endpoints(options)(ask(model))).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'model' }));
  });
});
it('embeddings and rerank go to their own actions, and nowhere with an API key', () => {
  const [embeddings, rerank] = [ask('cohere.embed-v4.0', { operation: 'embeddings' }), ask('cohere.rerank-v3.5', { operation: 'rerank' })];
  expect([placeOf(endpoints(options)(embeddings)), endpoints(options)(embeddings)?.batch]).toEqual([['oci', 'embed', '/20231130/actions/embedText'], 96]);
  expect(placeOf(endpoints(options)(rerank))).toEqual(['oci', 'rerank', '/20231130/actions/rerankText']);
  for (const one of [embeddings, rerank]) expect(endpoints({ ...options, bearer: true })(one)).toBeUndefined();
  expect(endpoints(options)(ask('m', { operation: 'countTokens' }))).toBeUndefined();
});

const reply = (status: number, body: unknown, headers: readonly string[] = []): UpstreamReply => ({
  status,
  headers: ['content-type', 'application/json', ...headers],
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const providerWith = async (answers: readonly UpstreamReply[], more: Partial<Config> = {}) => {
  const left = [...answers];
  const host = Object.assign(fakeHost(), {
    fetch: async (request: { readonly path: string; readonly headers: readonly string[] }) => {
      asked.push(request.path);
      return left.shift() ?? reply(500, '');
    },
  });
  const asked: string[] = [];
  const provider = await createProvider(
    { region: 'us-chicago-1', compartmentId: COMPARTMENT, credentials: { profile: 'DEFAULT', ...credentials() }, ...more } as Config,
    host,
  );
  return { provider, asked };
};
const model = (displayName: string, more: object = {}) => ({
  id: `ocid1.${displayName}`,
  displayName,
  vendor: 'Meta',
  capabilities: ['CHAT'],
  lifecycleState: 'ACTIVE',
  timeCreated: '2025-01-01T00:00:00Z',
  type: 'BASE',
  ...more,
});

describe('models', () => {
  it('are those of every page that can be called, by the name that calls take', async () => {
    const first = reply(
      200,
      {
        items: [
          model('meta.a', { timeDeprecated: '2026-10-01T00:00:00Z', timeOnDemandRetired: '2027-01-15T00:00:00Z' }),
          model('meta.old', { lifecycleState: 'DELETED' }),
          model('meta.tune', { capabilities: ['FINE_TUNE'] }),
        ],
      },
      ['opc-next-page', 'p2'],
    );
    const { provider, asked } = await providerWith([first, reply(200, { items: [model('own', { type: 'CUSTOM', capabilities: [] })] })]);
    const found = await provider.models?.(AbortSignal.timeout(1_000));
    expect(found?.map(({ id, owner, created, deprecated, retires }) => [id, owner, created, deprecated, retires])).toEqual([
      ['meta.a', 'meta', 1_735_689_600, '2026-10-01', '2027-01-15'],
      ['ocid1.own', 'meta', 1_735_689_600, undefined, undefined],
    ]);
    const query = `compartmentId=${encodeURIComponent(COMPARTMENT)}&limit=100`;
    expect(asked).toEqual([`/20231130/models?${query}`, `/20231130/models?${query}&page=p2`]);
  });
  it.each([
    [401, { code: 'NotAuthenticated', message: 'secret ocid1.user.oc1..x' }, 'upstream_auth_failed'],
    [404, { code: 'NotAuthorizedOrNotFound', message: 'x' }, 'upstream_auth_failed'],
    [500, '<html>', 'upstream_bad_response'],
    [200, { nothing: true }, 'upstream_bad_response'],
  ])('that cannot be listed (%d) are told without a word of OCI’s', async (status, body, code) => {
    const { provider } = await providerWith([reply(status, body)]);
    await expect(provider.models?.(AbortSignal.timeout(1_000))).rejects.toMatchObject({ code, message: expect.not.stringContaining('ocid1') });
  });
});
describe('models that an API key reaches', () => {
  const bearer = { compartmentId: '', apiKey: secretOf('sk-oci', 'OCI_GENAI_API_KEY'), credentials: { profile: 'DEFAULT' } };
  it('are those of the OpenAI-compatible API, over all its pages', async () => {
    const first = reply(200, { object: 'list', data: [{ id: 'xai.grok-4', created: 0, owned_by: 'xai' }, { nothing: 1 }], has_more: true });
    const { provider, asked } = await providerWith([first, reply(200, { data: [{ id: 'openai.gpt-oss-20b', created: 1_735_689_600 }] })], bearer);
    expect(await provider.models?.(AbortSignal.timeout(1_000))).toEqual([
      { id: 'xai.grok-4', owner: 'xai', created: undefined },
      { id: 'openai.gpt-oss-20b', owner: undefined, created: 1_735_689_600 },
    ]);
    expect(asked).toEqual(['/openai/v1/models', '/openai/v1/models?after=xai.grok-4']);
  });
  it.each([
    [401, 'upstream_auth_failed'],
    [404, 'operation_not_supported'],
    [500, 'upstream_bad_response'],
    [200, 'upstream_bad_response'],
  ])('and cannot be listed (%d)', async (status, code) => {
    const { provider } = await providerWith([reply(status, {})], bearer);
    await expect(provider.models?.(AbortSignal.timeout(1_000))).rejects.toMatchObject({ code });
  });
});
describe('a probe', () => {
  it.each([
    [200, undefined],
    [404, undefined],
    [401, 'upstream_auth_failed'],
    [503, 'upstream_bad_response'],
  ])('that is answered with %d', async (status, code) => {
    const { provider } = await providerWith([reply(status, {})]);
    const failure = await provider.probe?.(AbortSignal.timeout(1_000)).catch((cause: unknown) => cause);
    expect((failure as { code?: string } | undefined)?.code).toBe(code);
  });
});
it('an API key is sent as it is, with no compartment where there is none', async () => {
  const { provider } = await providerWith([], { compartmentId: '', apiKey: secretOf('sk-oci', 'OCI_GENAI_API_KEY'), credentials: { profile: 'DEFAULT' } });
  const request = {
    method: 'POST',
    origin: 'https://x.example',
    path: '/',
    headers: ['authorization', 'Bearer other', 'opc-compartment-id', 'planted'],
    body: undefined,
  };
  await provider.sign(request, { number: 1, signal: new AbortController().signal, now: 0, fresh: false });
  expect([request.headers, provider.signs, provider.rejected?.(reply(401, {}))]).toEqual([['authorization', 'Bearer sk-oci'], 'head', 'credential']);
});

describe('an error', () => {
  it.each([
    [400, { code: 'InvalidParameter', message: 'x' }, 'invalid_request', 400],
    [400, { code: '400', message: 'The prompt exceeds the maximum number of tokens' }, 'context_length_exceeded', 400],
    [401, { code: 'NotAuthenticated', message: 'x' }, 'upstream_auth_failed', 502],
    [404, { code: 'NotAuthorizedOrNotFound', message: 'x' }, 'model_not_found', 404],
    [404, { code: '404', message: 'Entity with key x not found' }, 'model_not_found', 404],
    [409, { code: 'IncorrectState', message: 'x' }, 'upstream_rejected', 409],
    [412, { code: 'NoEtagMatch', message: 'x' }, 'upstream_rejected', 412],
    [413, { code: 'PayloadTooLarge', message: 'x' }, 'body_too_large', 413],
    [429, { code: 'TooManyRequests', message: 'x' }, 'upstream_rate_limited', 429],
    [400, { code: 'QuotaExceeded', message: 'x' }, 'upstream_rate_limited', 429],
    [400, { code: 'LimitExceeded', message: 'x' }, 'upstream_rate_limited', 429],
    [500, { code: 'InternalServerError', message: 'x' }, 'upstream_bad_response', 502],
    [503, { code: 'ServiceUnavailable', message: 'x' }, 'upstream_overloaded', 503],
    [504, '<html>gateway</html>', 'upstream_timeout', 504],
  ])('%d %j is %s', (status, body, code, ours) => {
    expect(readErrorReply(reply(status, body))).toMatchObject({ code, status: ours });
  });
  it('tells nothing of the account', () => {
    const message = `tenancy ocid1.tenancy.oc1..aaaa key 20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34 token ST$eyJhbGciOi.x.y at https://inference.generativeai.us-chicago-1.oci.oraclecloud.com/x`;
    const read = readErrorReply(reply(400, { code: 'InvalidParameter', message }));
    for (const text of [read.message, read.vendor?.body.json ?? ''])
      for (const secret of ['ocid1', '20:3b', 'eyJ', 'oraclecloud']) expect(text).not.toContain(secret);
  });
  it('of ours is in the words of OCI', () => {
    const wire = error({ code: 'model_not_allowed', status: 403, message: 'no' }, 'chat');
    expect([wire.status, JSON.parse(wire.body)]).toEqual([403, { code: 'NotAllowed', message: 'no' }]);
  });
});
