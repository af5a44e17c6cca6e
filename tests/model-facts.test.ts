import { afterEach, expect, test } from 'vitest';
import { type Bench, openBench, type Wanted } from './support/gateway.ts';
import { ask, type Got } from './support/raw.ts';

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});
const open = async (wanted: Wanted): Promise<Bench> => {
  bench = await openBench(wanted);
  return bench;
};
const post = (b: Bench, path: string, body: object): Promise<Got> =>
  ask(b.url, { path, headers: { authorization: `Bearer ${b.key}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });
const sent = (b: Bench): Record<string, unknown> => JSON.parse(String(b.simulator.requests.at(-1)?.body)) as Record<string, unknown>;
const ASKED = { messages: [{ role: 'user', content: 'hi' }], max_tokens: 2_000, temperature: 0.5 };

test('a name that tells nothing is written to by the rules of the model it is like', async () => {
  const plugins = ['@llm-proxy-auth/dialect-anthropic'];
  const model = 'gpt-4o-mini';
  const plain = await open({ plugins });
  await post(plain, '/anthropic/main/v1/messages', { model, ...ASKED });
  expect(sent(plain)).toMatchObject({ model, temperature: 0.5, max_completion_tokens: 2_000 });
  await plain.close();
  const told = await open({ plugins, main: { facts: { [model]: { like: 'o3' } } } });
  const got = await post(told, '/anthropic/main/v1/messages', { model, ...ASKED });
  expect(sent(told)).toMatchObject({ model, max_completion_tokens: 2_000 });
  expect(sent(told)).not.toHaveProperty('temperature');
  expect(got.headers['x-lpa-fidelity']).toContain('ignored=temperature');
});
test.each([
  ['anthropic', 'claude-haiku-4-5', 'claude-opus-5-5'],
  ['bedrock', 'anthropic.claude-haiku-4-5-20251001-v1:0', 'anthropic.claude-opus-5-5'],
] as const)('at %s too, which then loses what that model refuses', async (vendor, model, like) => {
  const b = await open({ vendor, main: { ...(vendor === 'bedrock' ? { api: 'converse' } : {}), facts: { [model]: { like } } } });
  const got = await post(b, '/openai/main/v1/chat/completions', { model, ...ASKED });
  // Whether the simulated model is like that one is not asked here.
  expect(got.headers['x-lpa-fidelity']).toContain('ignored=temperature');
  expect(JSON.stringify(sent(b))).not.toContain('temperature');
});
test('what a model refuses is taken out of what is translated, and left in what passes', async () => {
  const b = await open({ vendor: 'anthropic', main: { facts: { 'claude-*': { rejects: ['temperature', 'metadata'] } } } });
  const got = await post(b, '/openai/main/v1/chat/completions', { model: 'claude-haiku-4-5', ...ASKED, user: 'ann' });
  expect([got.status, 'temperature' in sent(b), 'metadata' in sent(b), got.headers['x-lpa-fidelity']]).toEqual([
    200,
    false,
    false,
    'ignored=temperature,ignored=metadata',
  ]);
  await post(b, '/anthropic/main/v1/messages', { model: 'claude-haiku-4-5', ...ASKED });
  expect(sent(b)).toMatchObject({ temperature: 0.5 });
  const strict = await ask(b.url, {
    path: '/openai/main/v1/chat/completions',
    headers: { authorization: `Bearer ${b.key}`, 'content-type': 'application/json', 'x-lpa-fidelity': 'reject' },
    body: JSON.stringify({ model: 'claude-haiku-4-5', ...ASKED }),
  });
  expect([strict.status, (JSON.parse(strict.text) as { error: object }).error]).toMatchObject([400, { code: 'unsupported_parameter', param: 'temperature' }]);
});

const rejecting = async (
  vendor: Wanted['vendor'],
  model: string,
  facts: object,
  more: object = {},
): Promise<{ readonly body: string; readonly said: unknown }> => {
  const b = await open({
    ...(vendor === undefined ? { plugins: ['@llm-proxy-auth/dialect-anthropic'] } : { vendor }),
    main: { ...more, facts: { [model]: facts } },
  });
  const path = vendor === undefined ? '/anthropic/main/v1/messages' : '/openai/main/v1/chat/completions';
  const got = await post(b, path, { model, ...ASKED });
  return { body: JSON.stringify(sent(b)), said: got.headers['x-lpa-fidelity'] };
};
test.each([
  [undefined, 'o3', {}],
  ['anthropic', 'claude-opus-5-5', {}],
  ['bedrock', 'anthropic.claude-opus-5-5', { api: 'converse' }],
  ['bedrock', 'anthropic.claude-opus-5-5', { api: 'anthropic-invoke' }],
] as const)('at %s, %s (%o): the data says what it refuses, the configuration says otherwise', async (vendor, model, more) => {
  const known = await rejecting(vendor, model, {}, more);
  expect([known.body.includes('"temperature":0.5'), String(known.said).includes('ignored=temperature')]).toEqual([false, true]);
  await bench?.close();
  // Whether the simulated model takes it is not asked here.
  const lifted = await rejecting(vendor, model, { rejects: [] }, more);
  expect([lifted.body.includes('"temperature":0.5'), String(lifted.said).includes('temperature')]).toEqual([true, false]);
  await bench?.close();
  const named = await rejecting(vendor, model, { rejects: ['temperature'] }, more);
  expect([named.body.includes('temperature'), String(named.said).includes('ignored=temperature')]).toEqual([false, true]);
});
test('what an endpoint can is that of the model it is like', async () => {
  const model = 'anthropic.claude-opus-5-5';
  const like = 'anthropic.claude-sonnet-4-5-20250929-v1:0';
  const { body } = await rejecting('bedrock', model, { like }, { api: 'converse' });
  expect(body).toContain('"temperature":0.5');
});
