import { gzipSync } from 'node:zlib';
import type OpenAI from 'openai';
import { AzureOpenAI } from 'openai';
import { AzureOpenAI as AzureOpenAI6 } from 'openai6';
import { expect, vi } from 'vitest';
import { all, chat, conformance, counting, isEnvelope, MODEL, thrown, user } from './support/conformance.ts';
import { PROVIDER_KEY } from './support/gateway.ts';

const line = conformance(['passing', 'translated'], { sections: { server: { port: 0, bodyLimit: '1MiB' }, retry: { attempts: 1 } } });
const newest = (sdk: string): boolean => sdk === 'openai 7';

line('1', 'every spelling of the base reaches chat completions', async ({ bench, client }) => {
  const bases = ['/openai/main', '/openai/main/', '/openai/main/v1', '/openai/main/v1/', '/protocol/main', '/protocol/main/v1/'];
  for (const base of bases) {
    const answer = await client({ baseURL: bench.url + base }).chat.completions.create(chat('Hello'));
    expect(answer.choices[0]?.message.content, base).toBe('You said: Hello');
  }
  expect(bench.simulator.requests.map(({ path }) => path)).toEqual(bases.map(() => '/v1/chat/completions'));
});

line('2', 'a bearer key is taken; without one the answer is 401', async ({ bench, client, Sdk }) => {
  expect((await client().chat.completions.create(chat('x'))).object).toBe('chat.completion');
  bench.simulator.clear();
  const error = await thrown(client({ defaultHeaders: { Authorization: null } }).chat.completions.create(chat('x')));
  expect(error).toBeInstanceOf(Sdk.AuthenticationError);
  expect([error.status, error.code, error.headers?.get('x-lpa-code')]).toEqual([401, 'invalid_api_key', 'missing_credentials']);
  expect(isEnvelope({ error: error.error })).toBe(true);
  expect(bench.simulator.requests).toEqual([]);
});

line('3', 'a wrong key is 401 invalid_api_key, asked once', async ({ bench, client, Sdk }) => {
  const { fetch, retryCounts } = counting();
  const error = await thrown(client({ apiKey: `${bench.key.slice(0, -1)}_`, maxRetries: 2, fetch }).chat.completions.create(chat('x')));
  expect(error).toBeInstanceOf(Sdk.AuthenticationError);
  expect([error.code, error.headers?.get('x-lpa-code'), retryCounts]).toEqual(['invalid_api_key', 'invalid_credentials', ['0']]);
  expect(bench.simulator.requests).toEqual([]);
});

line('4', 'AzureOpenAI reaches chat by the deployments path with its api-key header', async ({ bench, sdk }) => {
  const Azure = newest(sdk) ? AzureOpenAI : (AzureOpenAI6 as unknown as typeof AzureOpenAI);
  const { fetch, answers } = counting();
  const azure = new Azure({ baseURL: `${bench.url}/openai/main`, apiKey: bench.key, apiVersion: '2024-10-21', maxRetries: 0, fetch });
  const answer = await azure.chat.completions.create(chat('Hello'));
  expect(answer.choices[0]?.message.content).toBe('You said: Hello');
  expect(new URL(answers[0]?.url ?? '').pathname).toBe(`/openai/main/deployments/${MODEL}/chat/completions`);
  expect(bench.simulator.requests[0]?.target).toBe('/v1/chat/completions');
  expect(bench.simulator.requests[0]?.header('api-key')).toBeUndefined();
});

line('5', 'key, cookies and x-stainless headers of the client stay here', async ({ bench, client }) => {
  const extras = { Cookie: 'session=client-cookie', 'X-Lpa-Instance': 'main' };
  await client({ defaultHeaders: extras }).chat.completions.create(chat('x'), { timeout: 5_000 });
  const [sent] = bench.simulator.requests;
  const names = (sent?.headers ?? []).map(([name]) => name.toLowerCase());
  expect(names.filter((name) => /^(x-stainless-|x-lpa-)|cookie|^x-api-key$|^api-key$/.test(name))).toEqual([]);
  expect(sent?.header('authorization')).toBe(`Bearer ${PROVIDER_KEY}`);
  expect(JSON.stringify(sent?.headers) + sent?.body.toString()).not.toContain(bench.key);
  expect(JSON.stringify(sent?.headers)).not.toContain('client-cookie');
});

line('6', 'every answer has x-request-id and the SDK shows it', async ({ bench, client }) => {
  const { fetch, answers } = counting();
  const sdk = client({ fetch });
  const last = () => answers.at(-1)?.headers.get('x-request-id');
  const whole = await sdk.chat.completions.create(chat('x'));
  expect(whole._request_id).toBe(last());
  expect(whole._request_id).toMatch(/^\S{8,}$/);
  const streamed = await sdk.chat.completions.create({ ...chat('x'), stream: true }).withResponse();
  expect(streamed.request_id).toBe(last());
  await all(streamed.data);
  const wrong = await thrown(sdk.chat.completions.create({ ...chat('x'), model: 'no-such-model' }));
  expect([wrong.status, wrong.requestID]).toEqual([404, last()]);
  bench.simulator.script({ status: 500 });
  const broken = await thrown(sdk.chat.completions.create(chat('x')));
  expect([broken.status, broken.requestID]).toEqual([502, last()]);
});

line('7', 'request ids are unique; X-Client-Request-Id is echoed', async ({ client }) => {
  const ids = await Promise.all(Array.from({ length: 20 }, async () => (await client().chat.completions.create(chat('x')))._request_id));
  expect(new Set(ids).size).toBe(20);
  const { response } = await client({ defaultHeaders: { 'X-Client-Request-Id': 'trace-42.a_b' } })
    .chat.completions.create(chat('x'))
    .withResponse();
  expect(response.headers.get('x-client-request-id')).toBe('trace-42.a_b');
  expect(response.headers.get('x-request-id')).not.toBe('trace-42.a_b');
});

line('8', 'only `stream` decides: Accept: application/json still gets an event stream', async ({ client, post }) => {
  const { fetch, answers } = counting();
  await all(await client({ fetch }).chat.completions.create({ ...chat('x'), stream: true }));
  expect(answers[0]?.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const whole = await post('/chat/completions', chat('x'), { accept: 'text/event-stream' });
  expect(whole.headers.get('content-type')).toBe('application/json');
  await whole.arrayBuffer();
});

line('9', 'JSON answers say application/json and arrive as objects', async ({ client }) => {
  for (const call of [client().chat.completions.create(chat('x')), client().embeddings.create({ model: 'text-embedding-3-small', input: 'x' })]) {
    const { data, response } = await (call as ReturnType<OpenAI['embeddings']['create']>).withResponse();
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(typeof data).toBe('object');
  }
  expect(typeof (await client().models.list()).data).toBe('object');
});

line('10', 'an unknown path is 404 in the envelope', async ({ client, Sdk }) => {
  const error = await thrown(client().post('/no/such/path', { body: {} }));
  expect(error).toBeInstanceOf(Sdk.NotFoundError);
  expect([error.status, error.code, error.headers?.get('x-lpa-code')]).toEqual([404, 'unknown_url', 'unknown_route']);
  expect(isEnvelope({ error: error.error })).toBe(true);
  const bare = await thrown(client().get(''));
  expect([bare.status, bare.headers?.get('content-type')]).toEqual([404, 'application/json']);
});

line('11', 'a known path with the wrong method is 405 in the envelope', async ({ client }) => {
  const error = await thrown(client().put('/chat/completions', { body: {} }));
  expect([error.status, error.code, error.headers?.get('x-lpa-code')]).toEqual([405, 'method_not_supported', 'method_not_allowed']);
  expect(error.headers?.get('allow')).toContain('POST');
  expect(isEnvelope({ error: error.error })).toBe(true);
});

line('12', 'malformed JSON is 400 without a stack trace', async ({ bench, client, Sdk }) => {
  const rewriting = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const headers = new Headers(init?.headers);
    headers.delete('content-length');
    return fetch(url, { ...init, headers, body: '{"model":"gpt-4o-mini","messages":[' });
  };
  const error = await thrown(client({ fetch: rewriting }).chat.completions.create(chat('x')));
  expect(error).toBeInstanceOf(Sdk.BadRequestError);
  expect([error.code, error.headers?.get('x-lpa-code'), error.type]).toEqual(['invalid_json', 'invalid_json', 'invalid_request_error']);
  expect(error.message).not.toMatch(/\n\s+at |node_modules|\.ts:/);
  expect(bench.simulator.requests).toEqual([]);
});

line('13', 'a body above the limit is 413, a plain APIError', async ({ bench, client, Sdk }) => {
  const error = await thrown(client().chat.completions.create(chat('x'.repeat(1_100_000))));
  expect(error.constructor).toBe(Sdk.APIError);
  expect([error.status, error.code, error.headers?.get('x-lpa-code')]).toEqual([413, 'request_too_large', 'body_too_large']);
  expect(bench.simulator.requests).toEqual([]);
});
line('13', 'the answer reaches a client that has megabytes to send', async ({ bench, client, Sdk }) => {
  const long = await Sdk.toFile(Buffer.alloc(27 * 1024 * 1024, 'x'), 'a.wav');
  for (let i = 0; i < 4; i++) {
    const error = await thrown(client().audio.transcriptions.create({ file: long, model: 'whisper-1' }));
    expect([error.constructor, error.status, error.code]).toEqual([Sdk.APIError, 413, 'request_too_large']);
  }
  expect(bench.simulator.requests).toEqual([]);
});

line('14', '32 KiB of request headers are taken', async ({ client }) => {
  const long = Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`X-Long-${i}`, 'v'.repeat(8_190)]));
  expect((await client({ defaultHeaders: long }).chat.completions.create(chat('x'))).object).toBe('chat.completion');
});

line('15', 'unknown query parameters are ignored', async ({ bench, client }) => {
  const answer = await client({ defaultQuery: { 'api-version': 'preview', x: '1' } }).chat.completions.create(chat('x'));
  expect(answer.object).toBe('chat.completion');
  expect(bench.simulator.requests[0]?.target).toBe('/v1/chat/completions');
});

line(
  '16',
  'an encoded request is 415; event streams are never encoded',
  async ({ bench, base, post }) => {
    const packed = await fetch(`${base}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: gzipSync(JSON.stringify(chat('x'))),
    });
    expect([packed.status, packed.headers.get('x-lpa-code'), isEnvelope(await packed.json())]).toEqual([415, 'unsupported_media_type', true]);
    const stream = await post('/chat/completions', { ...chat('x'), stream: true }, { 'accept-encoding': 'gzip, deflate, br' });
    expect(stream.headers.get('content-encoding')).toBeNull();
    expect(await stream.text()).toMatch(/\n\ndata: \[DONE\]\n\n$/);
  },
  { wire: true },
);

line('17', 'OPENAI_CUSTOM_HEADERS do not break routing and stay here', async ({ bench, client }) => {
  vi.stubEnv('OPENAI_CUSTOM_HEADERS', 'X-Team: blue\nX-Cost-Center: 42');
  try {
    const { fetch } = counting();
    const answer = await client({ fetch }).chat.completions.create({ model: MODEL, messages: user('Hello') });
    expect(answer.choices[0]?.message.content).toBe('You said: Hello');
    expect(bench.simulator.requests[0]?.header('x-team')).toBeUndefined();
  } finally {
    vi.unstubAllEnvs();
  }
});
