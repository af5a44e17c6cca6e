import OpenAI from 'openai';
import OpenAI6 from 'openai6';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';
import { ask } from './support/raw.ts';
import { type Wire, wireHttp1, wireHttp2 } from './support/wires.ts';

const json = { 'content-type': 'application/json' };
const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] });
const path = '/transparent/main/v1/chat/completions';
let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ main: { organization: 'org-ours', project: 'proj_ours' }, sections: { retry: { attempts: 1 } } });
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());

/** Every place a client can put its key. */
const slots: Readonly<Record<string, (key: string) => Readonly<Record<string, string>>>> = {
  'Authorization: Bearer': (key) => ({ authorization: `Bearer ${key}` }),
  'x-api-key': (key) => ({ 'x-api-key': key }),
  'api-key': (key) => ({ 'api-key': key }),
  'x-goog-api-key': (key) => ({ 'x-goog-api-key': key }),
  'two slots with one key': (key) => ({ authorization: `Bearer ${key}`, 'x-api-key': key }),
};
/** Headers that stay with the gateway. */
const kept: Readonly<Record<string, string>> = {
  cookie: 'sid=kept-1',
  'x-lpa-model': 'kept-2',
  'x-lpa-anything': 'kept-3',
  'proxy-authorization': 'Basic kept-4',
  'x-forwarded-for': '192.0.2.77',
  'x-forwarded-host': 'kept-5.example',
  forwarded: 'for=kept-6',
  'x-amz-security-token': 'kept-7',
  'x-amzn-oidc-data': 'kept-8',
  'x-real-ip': 'kept-9',
  'x-http-method-override': 'DELETE',
  via: '1.1 kept-10',
};
/** Headers that pass as they are. */
const handed: Readonly<Record<string, string>> = {
  'openai-beta': 'assistants=v2',
  'x-custom': 'custom value',
  'user-agent': 'some-client/1.0',
  accept: 'application/json',
};

describe.each([
  ['HTTP/1.1', wireHttp1],
  ['HTTP/2', wireHttp2],
] as const)('what the provider sees of a request head, %s', (_title, open) => {
  let wire: Wire;
  beforeAll(() => {
    wire = open(bench.url);
  });
  afterAll(() => wire.close());

  test.each(Object.entries(slots))('%s: the provider credential once, nothing of the client', async (_name, slot) => {
    const organization = { 'openai-organization': 'org-client', 'openai-project': 'proj_client' };
    const { status } = await wire.ask({ path, headers: { ...slot(bench.key), ...json, ...kept, ...handed, ...organization }, body });
    expect(status).toBe(200);
    const [sent] = bench.simulator.requests;
    const all = (name: string): string[] => (sent?.headers ?? []).filter(([given]) => given.toLowerCase() === name).map(([, value]) => value);
    expect(all('authorization')).toEqual([`Bearer ${PROVIDER_KEY}`]);
    expect([all('openai-organization'), all('openai-project')]).toEqual([['org-ours'], ['proj_ours']]);
    for (const name of ['x-api-key', 'api-key', 'x-goog-api-key', ...Object.keys(kept)]) expect(all(name), name).toEqual([]);
    for (const [name, value] of Object.entries(handed)) expect(all(name), name).toEqual([value]);
    const wireText = JSON.stringify(sent?.headers);
    for (const secret of [bench.key, ...Object.values(kept).filter((value) => /kept|192\.0/.test(value))]) expect(wireText).not.toContain(secret);
    expect(all('host')).toEqual([new URL(bench.simulator.url).host]);
  });

  test.each([
    ['GET', '/v1/models', '{"a":1}'],
    ['GET', '/v1/models', undefined],
    ['POST', '/v1/chat/completions', undefined],
  ])('%s %s with the body %s: the provider has that', async (method, at, sent) => {
    const headers = { authorization: `Bearer ${bench.key}`, ...(sent === undefined ? {} : json) };
    await wire.ask({ method, path: `/transparent/main${at}`, headers, ...(sent === undefined ? {} : { body: [Buffer.from(sent)] }) });
    const [got] = bench.simulator.requests;
    expect([got?.method, got?.body.toString()]).toEqual([method, sent ?? '']);
  });
  test('`key` leaves the query wherever it stands, the rest stays as it was written', async () => {
    const query = `a=%20b&key=${bench.key}&c&%6bey=x&KEY=y&d=key&e=1+2`;
    const { status } = await wire.ask({ method: 'GET', path: `/transparent/main/v1/models?${query}`, headers: slots['x-api-key']?.(bench.key) ?? {} });
    expect([status, bench.simulator.requests.at(-1)?.target]).toEqual([200, '/v1/models?a=%20b&c&d=key&e=1+2']);
    const alone = await wire.ask({ method: 'GET', path: `/transparent/main/v1/models?key=${bench.key}`, headers: {} });
    expect([alone.status, alone.headers['x-lpa-code']]).toEqual([401, 'missing_credentials']);
  });

  test('the target goes on as it was sent, escapes and all', async () => {
    bench.simulator.script({ status: 200, headers: json, body: '{}' });
    await wire.ask({ method: 'GET', path: '/transparent/main/v1/models/ft%3Agpt-4o:org%2Fa:x?limit=%5B1%5D', headers: slots['api-key']?.(bench.key) ?? {} });
    expect(bench.simulator.requests.at(-1)?.target).toBe('/v1/models/ft%3Agpt-4o:org%2Fa:x?limit=%5B1%5D');
  });
});

describe('hop by hop', () => {
  test('what `Connection` names stays here, in both directions', async () => {
    bench.simulator.script({
      status: 200,
      headers: { ...json, connection: 'close, x-hop-down', 'x-hop-down': 'secret', 'set-cookie': 'a=b', 'x-kept': 'yes' },
      body: '{}',
    });
    const got = await ask(bench.url, {
      path,
      headers: {
        authorization: `Bearer ${bench.key}`,
        ...json,
        connection: 'close, X-Hop-Up',
        'x-hop-up': 'secret',
        te: 'trailers',
        'keep-alive': 'timeout=9',
      },
      body,
    });
    const names = bench.simulator.requests[0]?.headers.map(([name]) => name.toLowerCase()) ?? [];
    expect(names.filter((name) => ['x-hop-up', 'te', 'keep-alive', 'upgrade', 'trailer'].includes(name))).toEqual([]);
    expect([got.headers['x-hop-down'], got.headers['set-cookie'], got.headers['x-kept']]).toEqual([undefined, undefined, 'yes']);
  });
});

describe('errors and redirects of the provider', () => {
  const get = (to = path) => ask(bench.url, { path: to, headers: { authorization: `Bearer ${bench.key}`, ...json }, body });

  test.each([401, 403])('a %s about our key is 502 upstream_auth_failed in the shape of the provider', async (status) => {
    bench.simulator.script({
      status,
      headers: json,
      body: '{"error":{"message":"Incorrect API key sk-secret","type":"x","param":null,"code":"invalid_api_key"}}',
    });
    const got = await get();
    const { error } = JSON.parse(got.text) as { error: Record<string, unknown> };
    expect([got.status, got.headers['x-lpa-code'], error.code, Object.keys(error).sort()]).toEqual([
      502,
      'upstream_auth_failed',
      'upstream_auth_failed',
      ['code', 'message', 'param', 'type'],
    ]);
    expect(got.text).not.toContain('sk-secret');
    expect(got.headers['www-authenticate']).toBeUndefined();
  });

  test('a redirect within the provider comes back to us, any other is 502, and none is followed', async () => {
    const { origin } = bench.simulator;
    bench.simulator.script({ redirect: `${origin}/v1/models?x=1` });
    const inside = await get();
    expect([inside.status, inside.headers.location]).toEqual([307, '/transparent/main/v1/models?x=1']);
    for (const elsewhere of ['https://evil.example/v1/models', `${origin}@evil.example/v1/x`, `${origin}/admin`, '//evil.example/v1/', '/v1/models']) {
      bench.simulator.script({ redirect: elsewhere });
      const got = await get();
      expect([got.status, got.headers['x-lpa-code'], got.headers.location], elsewhere).toEqual([502, 'upstream_bad_response', undefined]);
    }
    expect(bench.simulator.requests).toHaveLength(6);
  });
});

describe.each([
  ['openai 7', OpenAI],
  ['openai 6', OpenAI6 as unknown as typeof OpenAI],
])('%s against /transparent', (_sdk, Sdk) => {
  const client = () => new Sdk({ baseURL: `${bench.url}/transparent/main/v1`, apiKey: bench.key, maxRetries: 0 });
  const messages = [{ role: 'user' as const, content: 'Hello' }];

  test('chat, stream, embeddings, responses, models and errors are those of the provider', async () => {
    const chat = await client().chat.completions.create({ model: 'gpt-4o-mini', messages });
    expect(chat.choices[0]?.message.content).toBe('You said: Hello');
    let text = '';
    for await (const { choices } of await client().chat.completions.create({ model: 'gpt-4o-mini', messages, stream: true }))
      text += choices[0]?.delta.content ?? '';
    expect(text).toBe('You said: Hello');
    const { data } = await client().embeddings.create({ model: 'text-embedding-3-small', input: 'x' });
    expect(data[0]?.embedding.length).toBeGreaterThan(100);
    expect((await client().responses.create({ model: 'gpt-4o-mini', input: 'Hello' })).output_text).toContain('Hello');
    expect((await client().models.list()).data.length).toBeGreaterThan(0);
    await expect(client().chat.completions.create({ model: 'no-such-model', messages })).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
    await expect(client().beta.assistants.list()).rejects.toMatchObject({ status: 403 });
  });
});
