import { fakeHost, secretOf } from '@llm-proxy-auth/contract-tests';
import type { Ask, Endpoint, NativeCall, NativeHead, Refusal } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import type { Config } from '../src/config.ts';
import { createProvider } from '../src/index.ts';
import { TABLE } from '../src/native.ts';

const AT = Date.UTC(2026, 10, 23);
/** Keys that replace those of `settings`; undefined leaves one out. */
type Wanted = { readonly [K in keyof Config]?: Config[K] | undefined };
const settings = (more: Wanted = {}): Config =>
  ({
    region: 'us-south',
    version: '2026-08-05',
    projectId: 'project-1',
    credentials: { iamUrl: 'https://iam.cloud.ibm.com', source: 'container', token: secretOf('canary-token') },
    ...more,
  }) as Config;
const page = (resources: readonly object[], next?: string) => ({
  status: 200,
  headers: ['content-type', 'application/json'],
  body: Buffer.from(JSON.stringify({ resources, ...(next === undefined ? {} : { next: { href: next } }) })),
});
const providerOf = (more: Wanted = {}, options: Parameters<typeof fakeHost>[0] = {}) => {
  const host = fakeHost({ now: AT, ...options });
  return { host, provider: createProvider(settings(more), host) };
};
const ask = (model: string, more: Partial<Ask> = {}): Ask => ({
  dialect: 'openai',
  surface: 'chat',
  operation: 'chat',
  method: 'POST',
  route: '/chat/completions',
  stream: false,
  model,
  ...more,
});
const head = (method: string, path: string, more: Partial<NativeHead> = {}): NativeHead => ({
  method,
  path,
  query: '',
  headers: [],
  bodyModel: undefined,
  ...more,
});
const granite = 'ibm/granite-4-h-small';

describe('places', () => {
  it.each([
    [{}, 'https://us-south.ml.cloud.ibm.com', 'us-south'],
    [{ region: 'eu-de' }, 'https://eu-de.ml.cloud.ibm.com', 'eu-de'],
    [{ baseUrl: 'https://private.jp-tok.ml.cloud.ibm.com' }, 'https://private.jp-tok.ml.cloud.ibm.com', 'jp-tok'],
    [{ baseUrl: 'https://ap-south-1.aws.wxai.ibm.com' }, 'https://ap-south-1.aws.wxai.ibm.com', 'ap-south-1'],
    [{ baseUrl: 'https://cpd.example.com:8443', region: 'on-prem' }, 'https://cpd.example.com:8443', 'on-prem'],
  ])('%j', (more, origin, region) => {
    const { provider } = providerOf(more);
    expect([provider.base.origin, provider.region]).toEqual([origin, region]);
  });
});

describe('endpoints', () => {
  const of = (made: Endpoint | undefined) => made && [made.surface, made.path, made.profile, made.members];
  const account = { project_id: 'project-1' };
  const cases: readonly (readonly [string, Ask, ReturnType<typeof of>])[] = [
    ['chat', ask(granite), ['chat', '/ml/v1/text/chat?version=2026-08-05', undefined, account]],
    ['a stream of chat', ask(granite, { stream: true }), ['chat', '/ml/v1/text/chat_stream?version=2026-08-05', undefined, account]],
    ['a completion', ask(granite, { surface: 'completions' }), ['generation', '/ml/v1/text/generation?version=2026-08-05', undefined, account]],
    ['messages', ask(granite, { dialect: 'anthropic', surface: 'messages' }), ['chat', '/ml/v1/text/chat?version=2026-08-05', undefined, account]],
    [
      'embeddings',
      ask(granite, { operation: 'embeddings', surface: 'embeddings' }),
      ['embeddings', '/ml/v1/text/embeddings?version=2026-08-05', undefined, account],
    ],
    ['rerank', ask(granite, { operation: 'rerank', surface: 'rerank' }), ['rerank', '/ml/v1/text/rerank?version=2026-08-05', undefined, account]],
    ['a count', ask(granite, { operation: 'countTokens', surface: 'x' }), ['tokenization', '/ml/v1/text/tokenization?version=2026-08-05', undefined, account]],
    ['a deployment', ask('deployment/d-1'), ['chat', '/ml/v1/deployments/d-1/text/chat?version=2026-08-05', 'deployment', undefined]],
    [
      'a stream of one',
      ask('deployment/d-1', { stream: true }),
      ['chat', '/ml/v1/deployments/d-1/text/chat_stream?version=2026-08-05', 'deployment', undefined],
    ],
    ['embeddings of one', ask('deployment/d-1', { operation: 'embeddings' }), undefined],
    ['files', ask('', { operation: 'opaque', surface: 'files' }), undefined],
  ];
  it.each(cases)('%s', (_name, asked, expected) => expect(of(providerOf().provider.endpoint(asked))).toEqual(expected));
  it('of a space charge it, and an instance with deployments alone has nothing else', () => {
    expect(providerOf({ projectId: undefined, spaceId: 'space-1' }).provider.endpoint(ask(granite))?.members).toEqual({ space_id: 'space-1' });
    const { provider } = providerOf({ projectId: undefined, deployments: { mine: 'd-1' } });
    expect(provider.endpoint(ask(granite))).toBeUndefined();
    expect(of(provider.endpoint(ask('mine')))).toEqual(['chat', '/ml/v1/deployments/d-1/text/chat?version=2026-08-05', 'deployment', undefined]);
    expect(provider.endpoint(ask('deployment/d-1'))?.path).toContain('/d-1/');
    expect(() => provider.endpoint(ask('deployment/d-2'))).toThrow(expect.objectContaining({ code: 'model_not_found', status: 404 }));
  });
  it.each(['deployment/..', 'deployment/a/b', 'deployment/', 'deployment/a?x=1'])('%s is no deployment', (model) => {
    expect(() => providerOf().provider.endpoint(ask(model))).toThrow(expect.objectContaining({ code: 'model_not_found' }));
  });
});

describe('native paths', () => {
  const call = (answer: NativeCall | Refusal): NativeCall => {
    if ('refuse' in answer) throw new Error(answer.message);
    return answer;
  };
  const filled = (path: string): string => `/ml/v1/${path.replace('{model}', 'd-1').replace('{model+}', 'ibm%2Fgranite')}`;
  it.each(TABLE.map((entry) => [`${entry.methods.join()} ${entry.path}`, entry] as const))('%s: operation, stream, account and version', (_name, entry) => {
    const { provider } = providerOf();
    const answer = call(provider.native(head(entry.methods[0] ?? '', filled(entry.path), { bodyModel: entry.modelIn === 'body' ? granite : undefined })));
    expect([answer.operation, answer.stream, answer.query]).toEqual([entry.operation ?? 'opaque', entry.path.endsWith('_stream'), { version: '2026-08-05' }]);
    expect(answer.pinned).toEqual(entry.methods[0] === 'POST' ? { '/project_id': 'project-1', '/space_id': undefined } : undefined);
    if (entry.modelIn === 'body') expect(answer.model).toBe(granite);
  });
  it('of everything else are refused', () => {
    const { provider } = providerOf();
    for (const path of [
      '/ml/v4/deployments',
      '/ml/v4/trainings',
      '/ml/v1/prompts',
      '/ml/v1/text/extractions',
      '/ml/gateway/v1/chat/completions',
      '/ml/v1/audio/transcriptions',
      '/identity/token',
    ])
      for (const method of ['GET', 'POST', 'DELETE'])
        expect(provider.native(head(method, path)), `${method} ${path}`).toMatchObject({ refuse: 'operation_not_allowed' });
  });
  it('of deployments have the name that the configuration gives, and no other deployment is reached then', () => {
    const { provider } = providerOf({ deployments: { mine: 'd-1' } });
    expect(call(provider.native(head('POST', '/ml/v1/deployments/d-1/text/chat'))).model).toBe('mine');
    expect(provider.native(head('POST', '/ml/v1/deployments/d-2/text/chat'))).toMatchObject({ refuse: 'operation_not_allowed', param: 'model' });
    expect(call(providerOf().provider.native(head('POST', '/ml/v1/deployments/d-2/text/chat'))).model).toBe('deployment/d-2');
  });
  it.each(['project_id=project-2', 'project_id=project-1&project_id=project-2', 'space_id=space-1'])('with %s in the query are refused', (query) => {
    expect(providerOf().provider.native(head('GET', '/ml/v1/foundation_model_specs', { query }))).toMatchObject({ refuse: 'operation_not_allowed' });
  });
  it('with the own project in the query pass', () => {
    call(providerOf().provider.native(head('GET', '/ml/v1/foundation_model_specs', { query: 'project_id=project-1' })));
  });
});

describe('the list of models', () => {
  const spec = (model_id: string, more: object = {}) => ({
    model_id,
    provider: 'IBM',
    functions: [{ id: 'text_chat' }],
    lifecycle: [{ id: 'available', start_date: '2025-01-15' }],
    ...more,
  });
  it('has all pages, what can be called now, and the deployments of the configuration', async () => {
    const pages = [
      page(
        [spec('ibm/a', { model_limits: { max_sequence_length: 8192 } }), spec('ibm/gone', { lifecycle: [{ id: 'withdrawn', start_date: '2026-01-01' }] })],
        'https://x/ml/v1/foundation_model_specs?start=g1.x&limit=200',
      ),
      page([
        spec('ibm/c', {
          lifecycle: [
            { id: 'constricted', start_date: '2026-09-01' },
            { id: 'withdrawn', start_date: '2027-01-01' },
          ],
        }),
        spec('ibm/b', {
          functions: [{ id: 'image_chat' }],
          lifecycle: [
            { id: 'deprecated', start_date: '2026-10-01' },
            { id: 'withdrawn', start_date: '2027-01-01' },
          ],
        }),
      ]),
    ];
    const { host, provider } = providerOf({ deployments: { mine: 'd-1' } }, { answer: () => pages.shift() ?? page([]) });
    expect(await provider.models?.(new AbortController().signal)).toEqual([
      { id: 'mine', owner: 'deployment' },
      { id: 'ibm/a', owner: 'ibm', created: Date.UTC(2025, 0, 15) / 1000, context: 8192, capabilities: { images: false } },
      { id: 'ibm/c', owner: 'ibm', created: undefined, context: undefined, deprecated: '2026-09-01', retires: '2027-01-01', capabilities: { images: false } },
      { id: 'ibm/b', owner: 'ibm', created: undefined, context: undefined, deprecated: '2026-10-01', retires: '2027-01-01', capabilities: { images: true } },
    ]);
    expect(host.fetched.map(({ request }) => request.path)).toEqual([
      '/ml/v1/foundation_model_specs?version=2026-08-05&limit=200',
      '/ml/v1/foundation_model_specs?version=2026-08-05&limit=200&start=g1.x',
    ]);
  });
  it('is asked for without a credential at IBM Cloud, and with one at a cluster; a probe always has one', async () => {
    const authorized = async (more: Partial<Config>): Promise<readonly boolean[]> => {
      const host = fakeHost({ now: AT, answer: () => page([]) });
      const provider = createProvider(settings(more), host, { ask: async () => 'h.e30.s', random: () => 0.5 });
      await provider.models?.(new AbortController().signal);
      await provider.probe?.(new AbortController().signal);
      return host.fetched.map(({ request }) => request.headers.includes('authorization'));
    };
    const key = { apiKey: secretOf('k'), credentials: { iamUrl: 'https://iam.cloud.ibm.com', source: 'container' as const } };
    expect(await authorized(key)).toEqual([false, true]);
    expect(await authorized({ ...key, credentials: { ...key.credentials, type: 'cp4d', username: 'u' } })).toEqual([true, true]);
  });
  it('that is refused tells nothing of what IBM said', async () => {
    const answer = () => ({ status: 403, headers: [], body: Buffer.from('{"errors":[{"code":"authorization_rejected","message":"IBMid-123 may not"}]}') });
    const { provider } = providerOf({}, { answer });
    await expect(provider.models?.(new AbortController().signal)).rejects.toMatchObject({
      code: 'upstream_auth_failed',
      message: expect.not.stringContaining('IBMid'),
    });
  });
});

describe('a canary', () => {
  it('reaches the wire and nothing else: not the log, not a metric, not an error', async () => {
    const { host, provider } = providerOf({}, { answer: () => ({ status: 500, headers: [], body: Buffer.from('canary-token') }) });
    const request = { method: 'POST', origin: 'https://x', path: '/', headers: [] as string[], body: undefined };
    await provider.sign(request, { number: 1, signal: new AbortController().signal, now: AT, fresh: false });
    expect(request.headers).toEqual(['authorization', 'Bearer canary-token']);
    const failure: unknown = await provider.models?.(new AbortController().signal).catch((e: unknown) => e);
    expect(JSON.stringify([host.lines, [...host.counted.keys()], String(failure)])).not.toContain('canary-token');
  });
});
