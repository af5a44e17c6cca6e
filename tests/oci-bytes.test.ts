import { createHash } from 'node:crypto';
import { type OciSimulator, ociErrorEvent } from '@llm-proxy-auth/simulators';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, COMPARTMENT, OCI_ENDPOINT, openBench, PROVIDER_KEY } from './support/gateway.ts';
import { sdkClient } from './support/oci-client.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const LLAMA = 'meta.llama-3.3-70b-instruct';
type Fields = Readonly<Record<string, unknown>>;
const generic = (text: string, more: Fields = {}): Fields => ({
  apiFormat: 'GENERIC',
  messages: [{ role: 'USER', content: [{ type: 'TEXT', text }] }],
  maxTokens: 90,
  ...more,
});
const details = (chatRequest: Fields, more: Fields = {}): Fields => ({
  compartmentId: COMPARTMENT,
  servingMode: { servingType: 'ON_DEMAND', modelId: LLAMA },
  chatRequest,
  ...more,
});

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({
    vendor: 'oci',
    sections: { retry: { attempts: 1 } },
    instances: (url: string) => ({
      keyed: { provider: 'oci', baseUrl: url, insecureUpstream: true, region: 'us-chicago-1', compartmentId: COMPARTMENT, apiKey: PROVIDER_KEY },
    }),
  });
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());
const post = (path: string, body: string, headers: Fields = {}): Promise<Response> =>
  fetch(`${bench.url}/transparent/main${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', ...(headers as Record<string, string>) },
    body,
  });
const CHAT = '/20231130/actions/chat';

describe('bytes of OCI in transparent mode', () => {
  test.each([
    ['a chat', CHAT, details(generic('Hello'))],
    ['a stream', CHAT, details(generic('write 40 words', { isStream: true }))],
    [
      'a chat in the format COHERE',
      CHAT,
      details({ apiFormat: 'COHERE', message: 'Hello', maxTokens: 50 }, { servingMode: { servingType: 'ON_DEMAND', modelId: 'cohere.command-r-08-2024' } }),
    ],
    [
      'a chat at a dedicated endpoint',
      CHAT,
      details({ apiFormat: 'COHERE', message: 'Hello', maxTokens: 50 }, { servingMode: { servingType: 'DEDICATED', endpointId: OCI_ENDPOINT } }),
    ],
    [
      'embeddings',
      '/20231130/actions/embedText',
      { compartmentId: COMPARTMENT, servingMode: { servingType: 'ON_DEMAND', modelId: 'cohere.embed-v4.0' }, inputs: ['é'], inputType: 'SEARCH_QUERY' },
    ],
  ])('of %s are the same up and down, and the signature is good', async (_what, path, body) => {
    // Odd spacing, so that anything written anew would differ.
    const sent = JSON.stringify(body, undefined, 3);
    const answer = await post(path, sent);
    const got = Buffer.from(await answer.arrayBuffer());
    const arrived = bench.simulator.requests.at(-1);
    expect([answer.status, arrived?.sha256, arrived?.path, arrived?.bytesSent]).toEqual([200, sha256(Buffer.from(sent)), path, got.length]);
    expect(arrived?.header('authorization')).toMatch(/^Signature version="1",keyId="ocid1\.tenancy\./);
    expect(JSON.stringify(arrived?.headers)).not.toContain(bench.key);
    expect(answer.headers.get('opc-request-id')).toMatch(/^[0-9a-f]{24}$/);
  });
  test('what a client signed itself is no credential and goes nowhere', async () => {
    const planted = {
      'x-date': 'Mon, 23 Nov 2026 00:00:00 GMT',
      'x-content-sha256': 'planted',
      'opc-obo-token': 'planted',
      'opc-compartment-id': 'ocid1.compartment.oc1..other',
    };
    expect((await post(CHAT, JSON.stringify(details(generic('Hello'))), planted)).status).toBe(200);
    const arrived = bench.simulator.requests.at(-1);
    expect([arrived?.header('x-date'), arrived?.header('opc-obo-token'), arrived?.header('opc-compartment-id')]).toEqual([undefined, undefined, COMPARTMENT]);
  });
  test.each([
    ['another compartment', details(generic('Hello'), { compartmentId: 'ocid1.compartment.oc1..aaaaother' }), 403],
    ['a compartment that stands twice', `{"compartmentId":"ocid1.compartment.oc1..aaaaother",${JSON.stringify(details(generic('Hello'))).slice(1)}`, 400],
  ])('%s in a body is refused before OCI is asked', async (_what, body, status) => {
    const before = bench.simulator.requests.length;
    const answer = await post(CHAT, typeof body === 'string' ? body : JSON.stringify(body));
    expect([answer.status, bench.simulator.requests.length]).toEqual([status, before]);
    expect(await answer.json()).toMatchObject({ code: expect.any(String), message: expect.any(String) });
  });
  test('a refusal of OCI passes as it came, but for one about our own credential', async () => {
    bench.simulator.script({ status: 429 });
    const throttled = await post(CHAT, JSON.stringify(details(generic('Hello'))));
    expect([throttled.status, await throttled.json()]).toEqual([429, { code: 'TooManyRequests', message: 'Too many requests. Please try again later.' }]);
    bench.simulator.script({ status: 401 });
    const refused = await post(CHAT, JSON.stringify(details(generic('Hello'))));
    expect([refused.status, refused.headers.get('x-lpa-code')]).toEqual([502, 'upstream_auth_failed']);
  });
  test('a key that may use certain models reaches no endpoint beside them', async () => {
    const key = await bench.makeKey({ models: [LLAMA], modes: ['transparent'] });
    const ask = (servingMode: Fields): Promise<Response> =>
      post(CHAT, JSON.stringify(details(generic('Hello'), { servingMode })), { authorization: `Bearer ${key}` });
    expect((await ask({ servingType: 'ON_DEMAND', modelId: LLAMA })).status).toBe(200);
    for (const mode of [
      { servingType: 'ON_DEMAND', modelId: 'xai.grok-4' },
      { servingType: 'DEDICATED', endpointId: OCI_ENDPOINT },
      { servingType: 'DEDICATED', modelId: LLAMA, endpointId: OCI_ENDPOINT },
    ])
      expect((await ask(mode)).status, JSON.stringify(mode)).toBe(403);
  });
});

describe('the SDK of OCI', () => {
  const client = () => sdkClient(bench);
  test('reads whole answers, embeddings and ranks', async () => {
    const answer = await client().chat({ chatDetails: details(generic('Hello')) as never });
    expect(answer).toMatchObject({ chatResult: { modelId: LLAMA, chatResponse: { choices: [{ message: { content: [{ text: 'You said: Hello' }] } }] } } });
    const embedTextDetails = {
      compartmentId: COMPARTMENT,
      servingMode: { servingType: 'ON_DEMAND', modelId: 'cohere.embed-v4.0' },
      inputs: ['a'],
      inputType: 'SEARCH_QUERY',
    };
    expect((await client().embedText({ embedTextDetails: embedTextDetails as never })).embedTextResult.embeddings[0]?.length).toBe(1536);
    const rerankTextDetails = {
      compartmentId: COMPARTMENT,
      servingMode: { servingType: 'ON_DEMAND', modelId: 'cohere.rerank-v3.5' },
      input: 'q',
      documents: ['a', 'q'],
    };
    expect((await client().rerankText({ rerankTextDetails })).rerankTextResult.documentRanks[0]?.index).toBe(1);
  });
  test('hands a stream on as it came, also with an error in it', async () => {
    bench.simulator.script({ endWith: { after: 3, frame: ociErrorEvent(500) } });
    const stream = (await client().chat({
      chatDetails: details(generic('write 9 words', { isStream: true })) as never,
    })) as unknown as AsyncIterable<Uint8Array>;
    const pieces: Uint8Array[] = [];
    for await (const piece of stream) pieces.push(piece);
    const lines = Buffer.concat(pieces)
      .toString()
      .split('\n')
      .filter((line) => line !== '');
    expect([lines.length, JSON.parse(lines.at(-1)?.slice(6) ?? '')]).toEqual([4, { code: '500', message: 'Internal server error.' }]);
  });
  test('reads a refusal with status, code and id', async () => {
    const failure = await client()
      .chat({ chatDetails: details(generic('Hello', { strict: true })) as never })
      .catch((cause: unknown) => cause);
    expect(failure).toMatchObject({ statusCode: 400, opcRequestId: expect.stringMatching(/^[0-9a-f]{24}$/) });
  });
});

describe('the OpenAI-compatible API', () => {
  const openai = (instance: string, mode: string): OpenAI => new OpenAI({ baseURL: `${bench.url}/${mode}/${instance}`, apiKey: bench.key, maxRetries: 0 });
  const messages = [{ role: 'user' as const, content: 'Hello' }];
  test.each([
    ['a signature', 'main', /^Signature /],
    ['an API key', 'keyed', new RegExp(`^Bearer ${PROVIDER_KEY}$`)],
  ])('is reached with %s, natively', async (_how, instance, authorization) => {
    for (const path of ['20231130/actions/v1', 'openai/v1']) {
      const answer = await openai(instance, 'transparent').chat.completions.create(
        { model: 'openai.gpt-oss-120b', messages },
        { path: `/${path}/chat/completions` },
      );
      expect(answer.choices[0]?.message.content).toBe('You said: Hello');
      expect(bench.simulator.requests.at(-1)?.header('authorization')).toMatch(authorization);
    }
  });
  test('serves a client of OpenAI with an API key, bytes passing', async () => {
    const client = new OpenAI({ baseURL: `${bench.url}/openai/keyed/v1`, apiKey: bench.key, maxRetries: 0 });
    const answer = await client.chat.completions.create({ model: 'openai.gpt-oss-120b', messages });
    expect(answer.choices[0]?.message.content).toBe('You said: Hello');
    expect(bench.simulator.requests.at(-1)?.path).toBe('/20231130/actions/v1/chat/completions');
    await expect(client.embeddings.create({ model: 'cohere.embed-v4.0', input: 'a' })).rejects.toMatchObject({ status: 404 });
  });
  test('takes the compartment of the instance, whatever a client says', async () => {
    const simulator = bench.simulator as OciSimulator;
    await openai('main', 'transparent').chat.completions.create(
      { model: 'openai.gpt-oss-120b', messages },
      { path: '/openai/v1/chat/completions', headers: { CompartmentId: 'ocid1.compartment.oc1..aaaaother' } },
    );
    expect(simulator.requests.at(-1)?.header('CompartmentId')).toBe(COMPARTMENT);
  });
});
