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
  const b = await open({ vendor: 'anthropic', main: { facts: { 'claude-*': { rejects: ['temperature'] } } } });
  const got = await post(b, '/openai/main/v1/chat/completions', { model: 'claude-haiku-4-5', ...ASKED });
  expect([got.status, 'temperature' in sent(b), got.headers['x-lpa-fidelity']]).toEqual([200, false, 'ignored=temperature']);
  await post(b, '/anthropic/main/v1/messages', { model: 'claude-haiku-4-5', ...ASKED });
  expect(sent(b)).toMatchObject({ temperature: 0.5 });
  const strict = await ask(b.url, {
    path: '/openai/main/v1/chat/completions',
    headers: { authorization: `Bearer ${b.key}`, 'content-type': 'application/json', 'x-lpa-fidelity': 'reject' },
    body: JSON.stringify({ model: 'claude-haiku-4-5', ...ASKED }),
  });
  expect([strict.status, (JSON.parse(strict.text) as { error: object }).error]).toMatchObject([400, { code: 'unsupported_parameter', param: 'temperature' }]);
});
