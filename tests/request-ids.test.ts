import { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sdks } from './support/anthropic-client.ts';
import { type Bench, openBench, type Wanted } from './support/gateway.ts';

const NOVA = 'us.amazon.nova-lite-v1:0';
const CLAUDE = 'us.anthropic.claude-sonnet-4-6';
const UPSTREAMS: readonly (readonly [string, Wanted, string, number])[] = [
  ['Bedrock’s Converse', { vendor: 'bedrock' }, NOVA, 900],
  ['Claude on Bedrock', { vendor: 'bedrock' }, CLAUDE, 2500],
  ['OpenAI', { plugins: ['@llm-proxy-auth/dialect-anthropic'] }, 'gpt-4o-mini', 900],
];
interface Envelope {
  readonly request_id: string | null;
  readonly error: { readonly type: string };
}
const messages = [{ role: 'user', content: 'write 40 words' }];

describe.each(UPSTREAMS)('an Anthropic client reads the id of its request: %s', (_name, wanted, model, at) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ ...wanted, sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const post = (body: object): Promise<Response> =>
    fetch(`${bench.url}/anthropic/main/v1/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, max_tokens: 100, messages, ...body }),
    });
  const idsOf = ({ headers }: Response): readonly (string | null)[] => [headers.get('request-id'), headers.get('x-request-id')];

  test.each([false, true])('of an answer, streamed: %s', async (stream) => {
    const answer = await post({ stream });
    await answer.text();
    const [named, own] = idsOf(answer);
    expect([answer.status, named]).toEqual([200, own]);
    expect(own).toMatch(/^\S{8,}$/);
  });
  test.each([
    ['the provider’s', 429, {}],
    ['our own', 400, { messages: 'none' }],
  ])('of an error that is %s', async (_whose, status, body) => {
    if (status === 429) bench.simulator.script({ status });
    const answer = await post(body);
    const [named, own] = idsOf(answer);
    expect([answer.status, named, ((await answer.json()) as Envelope).request_id]).toEqual([status, own, own]);
  });
  test.each(sdks)('of an error, as %s shows it', async (_sdk, Sdk) => {
    bench.simulator.script({ status: 429 });
    const failed = new Sdk({ baseURL: `${bench.url}/anthropic/main`, apiKey: bench.key, maxRetries: 0 }).messages.create({
      model,
      max_tokens: 100,
      messages: [{ role: 'user', content: 'x' }],
    });
    await expect(failed).rejects.toMatchObject({ requestID: expect.stringMatching(/^\S{8,}$/) });
  });
  test('of a stream that breaks', async () => {
    bench.simulator.script({ cut: { at, how: 'rst' } });
    const answer = await post({ stream: true });
    const last = (await answer.text()).trim().split('\n\n').at(-1) ?? '';
    expect(last).toContain('event: error');
    const [named, own] = idsOf(answer);
    expect([named, (JSON.parse(last.slice(last.indexOf('{'))) as Envelope).request_id]).toEqual([own, own]);
  });
  test('of a list of models, and of a path that is none', async () => {
    for (const [path, status] of [
      ['v1/models', 200],
      ['v1/nothing', 404],
    ] as const) {
      const answer = await fetch(`${bench.url}/anthropic/main/${path}`, { headers: { 'x-api-key': bench.key } });
      const [named, own] = idsOf(answer);
      expect([path, answer.status, named]).toEqual([path, status, own]);
    }
  });
});

describe('an Anthropic client of Anthropic itself', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'anthropic', sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const post = (mode: string, body: object): Promise<Response> =>
    fetch(`${bench.url}/${mode}/main/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': bench.key, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model: 'claude-sonnet-4-6', max_tokens: 100, messages, ...body }),
    });
  const idsOf = ({ headers }: Response): readonly (string | null)[] => ['request-id', 'x-upstream-request-id'].map((name) => headers.get(name));

  test.each([false, true])('reads the provider’s of an answer, once; streamed: %s', async (stream) => {
    const answer = await post('anthropic', { stream });
    await answer.text();
    const [named, upstream] = idsOf(answer);
    expect(named).toMatch(/^req_[^,]+$/);
    expect(named).toBe(upstream);
  });
  test('reads the provider’s of the provider’s errors, and ours of ours', async () => {
    const refused = await post('anthropic', { max_tokens: -1 });
    const [named, upstream] = idsOf(refused);
    expect([refused.status, named, ((await refused.json()) as Envelope).request_id]).toEqual([400, upstream, upstream]);
    expect(upstream).toMatch(/^req_/);
    const ours = await post('anthropic', { model: 7 });
    const own = ours.headers.get('x-request-id');
    expect([ours.status, idsOf(ours), ((await ours.json()) as Envelope).request_id]).toEqual([400, [own, null], own]);
  });
  test('reads ours of a passing stream that breaks', async () => {
    bench.simulator.script({ cut: { at: 900, how: 'rst' } });
    const answer = await post('anthropic', { stream: true });
    const last = (await answer.text()).trim().split('\n\n').at(-1) ?? '';
    expect(last).toContain('event: error');
    expect((JSON.parse(last.slice(last.indexOf('{'))) as Envelope).request_id).toBe(answer.headers.get('x-request-id'));
  });
  test('our credential, refused, is our error also where bytes pass', async () => {
    bench.simulator.script({ status: 401 });
    const answer = await post('transparent', {});
    const own = answer.headers.get('x-request-id');
    expect([answer.status, answer.headers.get('request-id'), ((await answer.json()) as Envelope).request_id]).toEqual([502, own, own]);
  });
});

describe.each([
  ['Anthropic', 'claude-sonnet-4-6', { vendor: 'anthropic' }],
  ['Bedrock', NOVA, { vendor: 'bedrock' }],
  ['Bedrock, read and written', NOVA, { vendor: 'bedrock', pass: false }],
] as const)('an AWS client of %s', (_name, modelId, wanted) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ ...wanted, plugins: ['@llm-proxy-auth/dialect-converse'], sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  test('reads one id of an answer, of a stream and of an error', async () => {
    const aws = new BedrockRuntimeClient({
      region: 'us-east-1',
      endpoint: `${bench.url}/converse/main`,
      token: async () => ({ token: bench.key }),
      authSchemePreference: ['httpBearerAuth'],
      maxAttempts: 1,
    });
    const ask = () => aws.send(new ConverseCommand({ modelId, messages: [{ role: 'user', content: [{ text: 'x' }] }] }));
    const isNamed = { $metadata: { requestId: expect.stringMatching(/^[^,\s]{8,}$/) } };
    expect(await ask()).toMatchObject(isNamed);
    const streamed = await aws.send(new ConverseStreamCommand({ modelId, messages: [{ role: 'user', content: [{ text: 'x' }] }] }));
    expect(streamed).toMatchObject(isNamed);
    for await (const event of streamed.stream ?? []) expect(event).toBeTypeOf('object');
    bench.simulator.script({ status: 429 });
    await expect(ask()).rejects.toMatchObject(isNamed);
    aws.destroy();
  });
});
