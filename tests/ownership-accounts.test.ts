import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';
import { SMALL } from './support/limited.ts';
import { ask, codeOf, type Got } from './support/raw.ts';

// A name of `models:` with several accounts behind it: what one of them stored, the others do not know (wire/openai-azure.md 1.14).
const [MAIN, OTHER] = [0, 0.99];
let bench: Bench;
let draw = MAIN;
let theirs = '';
beforeAll(async () => {
  bench = await openBench({
    random: () => draw,
    plugins: ['@llm-proxy-auth/provider-anthropic', '@llm-proxy-auth/dialect-anthropic'],
    instances: (url) => ({
      other: { provider: 'openai', apiKey: PROVIDER_KEY, baseUrl: url, insecureUpstream: true },
      elsewhere: { provider: 'anthropic', apiKey: PROVIDER_KEY, baseUrl: url, insecureUpstream: true },
    }),
    sections: {
      policies: [{ allow: { classes: ['inference', 'models', 'stateful'] } }],
      models: [
        {
          name: 'spread',
          strategy: 'weighted',
          targets: [
            { instance: 'main', model: SMALL },
            { instance: 'other', model: SMALL },
          ],
        },
        {
          name: 'mixed',
          targets: [
            { instance: 'elsewhere', model: 'claude-sonnet-4-6' },
            { instance: 'other', model: SMALL },
          ],
        },
      ],
    },
  });
  theirs = await bench.makeKey({ name: 'theirs' });
});
afterAll(() => bench.close());
const respond = (key: string, body: object, path = '/v1/responses'): Promise<Got> =>
  ask(bench.url, { path, headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body: JSON.stringify({ input: 'hi', ...body }) });
const at = (got: Got): string => `${got.status} ${String(got.headers['x-lpa-instance'] ?? codeOf(got))}`;
const made = async (instance: string): Promise<string> => {
  const got = await respond(bench.key, { model: SMALL }, `/openai/${instance}/v1/responses`);
  return (JSON.parse(got.text) as { id: string }).id;
};

describe.each(['main', 'other'])('what %s stored', (instance) => {
  test.each([MAIN, OTHER])('is asked for there, whatever is drawn (%d)', async (drawn) => {
    draw = drawn;
    const id = await made(instance);
    expect(at(await respond(bench.key, { model: 'spread', previous_response_id: id }))).toBe(`200 ${instance}`);
    expect(at(await respond(theirs, { model: 'spread', previous_response_id: id }))).toBe('404 invalid_request');
  });
});
test('no failure takes it to an account that does not know it', async () => {
  draw = MAIN;
  const id = await made('main');
  bench.simulator.script({ status: 503, times: Number.POSITIVE_INFINITY });
  const before = bench.simulator.requests.length;
  expect((await respond(bench.key, { model: 'spread', previous_response_id: id })).headers['x-lpa-instance']).toBe('main');
  expect(bench.simulator.requests.length - before).toBe(2);
  bench.simulator.clear();
});
test('an account that has nothing like it does not stand in the way', async () => {
  expect(at(await respond(bench.key, { model: 'mixed', previous_response_id: await made('other') }))).toBe('200 other');
});
test('ids of two accounts are nowhere together', async () => {
  draw = MAIN;
  const input = [
    { type: 'item_reference', id: await made('main') },
    { type: 'item_reference', id: await made('other') },
  ];
  expect(at(await respond(bench.key, { model: 'spread', input }))).toBe('404 invalid_request');
});
