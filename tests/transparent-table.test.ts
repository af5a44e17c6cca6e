import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TABLE } from '../plugins/provider-openai/src/native.ts';
import { type Bench, openBench } from './support/gateway.ts';
import { ask } from './support/raw.ts';

const ID = 'own_1';
/** Every method and path of the closed table, with the class that decides who may call it. */
const calls = TABLE.flatMap(({ methods, path, reach, modelIn }) =>
  methods.map((method) => ({
    method,
    path: `/v1/${path
      .replaceAll('{id}', ID)
      .replaceAll(/\{model\+?\}/g, 'gpt-4o-mini')
      .replaceAll(/\{[a-z]+\+?\}/g, 'x')}`,
    class: reach.class,
    named: path.includes('{id}'),
    body: modelIn === 'body' ? { model: 'gpt-4o-mini' } : {},
  })),
);
const json = { 'content-type': 'application/json' };

describe.each([
  ['the default policy', {}, ['inference', 'models']],
  ['a policy with stateful', { policies: [{ allow: { classes: ['inference', 'models', 'stateful'] } }] }, ['inference', 'models', 'stateful']],
  [
    'a policy with control, an instance without',
    { policies: [{ allow: { classes: ['inference', 'models', 'stateful', 'control'] } }] },
    ['inference', 'models', 'stateful'],
  ],
] as const)('every native path of the table, %s', (_title, sections, open) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ sections: { retry: { attempts: 1 }, ...sections } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const send = (method: string, path: string, body: object, key = bench.key) =>
    ask(bench.url, {
      method,
      path: `/transparent/main${path}`,
      headers: { authorization: `Bearer ${key}`, ...json },
      ...(method === 'POST' ? { body: JSON.stringify(body) } : {}),
    });
  /** The caller makes the object that the paths name. */
  const own = async (): Promise<void> => {
    bench.simulator.clear();
    bench.simulator.script({ status: 200, headers: json, body: JSON.stringify({ id: ID, object: 'conversation' }) });
    expect((await send('POST', '/v1/conversations', {})).status).toBe(200);
    bench.simulator.clear();
  };

  test.each(calls)('$method $path ($class)', async ({ method, path, class: reach, named, body }) => {
    const reachable = (open as readonly string[]).includes(reach);
    bench.simulator.script({ status: 200, headers: json, body: '{"object":"list","data":[]}', times: Number.POSITIVE_INFINITY });
    const first = await send(method, path, body);
    if (!reachable) {
      expect([first.status, first.headers['x-lpa-code'], bench.simulator.requests.length]).toEqual([403, 'operation_not_allowed', 0]);
      return;
    }
    if (named) {
      const other = await bench.makeKey();
      await own();
      bench.simulator.script({ status: 200, headers: json, body: '{}', times: Number.POSITIVE_INFINITY });
      const stranger = await send(method, path, body, other);
      expect([stranger.status, bench.simulator.requests.length]).toEqual([404, 0]);
    }
    const got = named ? await send(method, path, body) : first;
    expect(got.status, got.text).toBe(200);
    expect(bench.simulator.requests.map((sent) => [sent.method, sent.target])).toEqual([[method, path]]);
  });
});

describe('outside the table', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ main: { control: true }, sections: { policies: [{ allow: { classes: ['inference', 'models', 'stateful', 'control'] } }] } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const send = (method: string, path: string) =>
    ask(bench.url, { method, path: `/transparent/main${path}`, headers: { authorization: `Bearer ${bench.key}` } });

  test.each(calls.filter(({ class: reach }) => reach === 'control'))(
    '$method $path is reached once instance and policy allow control',
    async ({ method, path }) => {
      bench.simulator.script({ status: 200, headers: json, body: '{}' });
      expect((await send(method, path)).status).toBe(200);
      expect(bench.simulator.requests.map((sent) => [sent.method, sent.target])).toEqual([[method, path]]);
    },
  );

  test.each([
    ['POST', '/v1/chat/completion'],
    ['POST', '/v1/chat/completions/'],
    ['POST', '/v1/chat/completions/x/y'],
    ['POST', '/v1/Chat/Completions'],
    ['POST', '/V1/chat/completions'],
    ['POST', '/v1/chat%2fcompletions'],
    ['POST', '/v1/%63hat/completions'],
    ['POST', '/v1/chat/completions;x=1'],
    ['POST', '/v1/chat/completions.json'],
    ['POST', '/chat/completions'],
    ['POST', '/v2/chat/completions'],
    ['POST', '/v1/engines/davinci/completions'],
    ['GET', '/v1/organization/admin_api_keys'],
    ['POST', '/v1/organization/admin_api_keys'],
    ['GET', '/v1/organization/users'],
    ['GET', '/v1/assistants'],
    ['POST', '/v1/threads'],
    ['GET', '/v1/vector_stores'],
    ['GET', '/v1/fine_tuning'],
    ['POST', '/v1/realtime/sessions'],
    ['GET', '/v1/usage'],
    ['GET', '/dashboard/billing/usage'],
    ['PUT', '/v1/files/own_1'],
    ['PATCH', '/v1/models/gpt-4o-mini'],
    ['HEAD', '/v1/models'],
    ['OPTIONS', '/v1/chat/completions'],
    ['GET', '/v1/chat/completions%00'],
    ['GET', '/v1/files/../models'],
    ['GET', '/v1/files/%2e%2e/models'],
    ['GET', '/v1//models'],
    ['GET', '/v1'],
    ['GET', '/'],
    ['GET', ''],
  ])('%s %s never reaches the provider', async (method, path) => {
    const { status, headers } = await send(method, path);
    // What every reader must understand alike is refused before the table is asked.
    const invalid = /\.\.|%2e|%00|\/\/|%25/.test(path);
    expect([status, headers['x-lpa-code']]).toEqual(invalid ? [400, 'invalid_target'] : [403, 'operation_not_allowed']);
    expect(bench.simulator.requests).toEqual([]);
  });
});
