import { recording } from '@llm-proxy-auth/simulators';
import { expect } from 'vitest';
import { all, chat, conformance, isEnvelope, PROVIDER_WORDS, thrown } from './support/conformance.ts';

const line = conformance();
const CHAT = '/v1/chat/completions';

line('110', 'a prompt that the filter blocked is 400 content_filter with a type', async ({ bench, client, Sdk }) => {
  bench.simulator.replay(recording('azure_openai/chat-completions-blocked-openllmetry-testing-6dd46c.json'), { path: CHAT });
  const error = await thrown(client().chat.completions.create(chat('x')));
  expect(error).toBeInstanceOf(Sdk.BadRequestError);
  expect([error.code, error.param, error.headers?.get('x-lpa-code')]).toEqual(['content_filter', 'prompt', 'content_filtered']);
  expect(typeof error.type).toBe('string');
});

line('111', 'a deployment that does not exist is 404 model_not_found', async ({ bench, client, Sdk }) => {
  const body = { error: { code: 'DeploymentNotFound', message: 'The API deployment for this resource does not exist.' } };
  bench.simulator.script({ status: 404, body });
  const error = await thrown(client().chat.completions.create(chat('x')));
  expect(error).toBeInstanceOf(Sdk.NotFoundError);
  expect([error.code, error.headers?.get('x-lpa-code')]).toEqual(['model_not_found', 'model_not_found']);
});

line('112', 'a refused credential of ours is 502, counted and logged', async ({ bench, client, Sdk }) => {
  const counted = async (): Promise<number> => {
    const text = await (await fetch(`${bench.gateway.urls.ops}/metrics`)).text();
    const found = /^llm_proxy_requests_total\{[^}]*instance="main"[^}]*status="502"[^}]*\} (\d+)/m.exec(text);
    return Number(found?.[1] ?? 0);
  };
  const before = await counted();
  bench.simulator.script({ status: 401, body: { error: { code: '401', message: PROVIDER_WORDS } }, times: 2 });
  const error = await thrown(client().chat.completions.create(chat('x')));
  expect(error).toBeInstanceOf(Sdk.InternalServerError);
  expect([error.status, error.code, error.headers?.get('x-should-retry')]).toEqual([502, 'upstream_auth_failed', 'false']);
  expect(error.message).not.toContain(PROVIDER_WORDS);
  await bench.line(({ request }) => request === error.requestID);
  expect(await counted()).toBe(before + 1);
});

line('113', 'a 429 with only a reset header tells the client how long to wait', async ({ bench, client }) => {
  const none = { 'retry-after': undefined, 'retry-after-ms': undefined, 'x-ratelimit-remaining-requests': undefined, 'x-ratelimit-reset-requests': undefined };
  const body = { error: { code: 'RateLimitReached', message: 'Your requests have exceeded the rate limit.' } };
  bench.simulator.script({ status: 429, body, headers: { ...none, 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '55' } });
  const error = await thrown(client().chat.completions.create(chat('x')));
  expect([error.status, error.headers?.get('retry-after'), error.headers?.get('retry-after-ms')]).toEqual([429, '55', '55000']);
});

line('116', 'connections are used again after an abort without harm', async ({ client }) => {
  const sdk = client();
  for (let round = 0; round < 10; round++) {
    const stream = await sdk.chat.completions.create({ ...chat('write 200 words'), stream: true });
    for await (const _ of stream) break;
    const whole = await sdk.chat.completions.create(chat(`round ${round}`));
    expect(whole.choices[0]?.message.content).toBe(`You said: round ${round}`);
    const again = await all(await sdk.chat.completions.create({ ...chat(`round ${round}`), stream: true }));
    expect(again.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(`You said: round ${round}`);
  }
});

line(
  '117',
  'HEAD and OPTIONS do not reach a provider',
  async ({ bench, base }) => {
    for (const method of ['HEAD', 'OPTIONS'])
      for (const path of ['/chat/completions', '/embeddings', '/responses', '/completions', '/moderations']) {
        const answer = await fetch(base + path, { method, headers: { authorization: `Bearer ${bench.key}` } });
        expect([answer.status, answer.headers.get('x-lpa-code')], `${method} ${path}`).toEqual([405, 'method_not_allowed']);
        if (method === 'HEAD') expect(await answer.text()).toBe('');
        else expect(isEnvelope(await answer.json())).toBe(true);
      }
    expect(bench.simulator.requests).toEqual([]);
  },
  { wire: true },
);

const BODIES = [
  ['canonical', JSON.stringify({ error: { message: 'm', type: 'invalid_request_error', param: null, code: 'c' } }), 'c'],
  ['flat', '{"message":"m","code":"c"}', 'c'],
  ['detail', '{"detail":"nope"}', null],
  ['a string', '{"error":"boom"}', null],
  ['an access manager', '{"statusCode":401,"message":"Access denied"}', null],
  ['an integer code', '{"error":{"message":"m","code":400}}', null],
  ['a list', '[{"error":{"message":"m","code":400,"status":"INVALID_ARGUMENT"}}]', null],
  ['HTML', '<html><body><h1>Bad gateway</h1></body></html>', 'upstream_rejected'],
  ['nothing', '', 'upstream_rejected'],
  ['half of JSON', '{"error":{"mess', 'upstream_rejected'],
] as const;
line('118', 'whatever the provider says, the envelope is the same', async ({ bench, client, Sdk, post }) => {
  for (const [what, body, code] of BODIES) {
    bench.simulator.script({ status: 400, body, times: 2 });
    const error = await thrown(client().chat.completions.create(chat('x')));
    expect(error, what).toBeInstanceOf(Sdk.BadRequestError);
    expect([error.code, error.headers?.get('x-lpa-code')], what).toEqual([code, 'upstream_rejected']);
    expect(error.message, what).not.toMatch(/no body|<html|<h1/);
    const wire = await post('/chat/completions', chat('x'));
    expect([isEnvelope(await wire.json()), wire.headers.get('content-type')], what).toEqual([true, 'application/json']);
  }
});
