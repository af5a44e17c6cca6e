import { openaiSimulator, type Simulator } from '@llm-proxy-auth/simulators';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { chunk, completion, role, sse } from './support/answers.ts';
import { type Bench, openBench, PROVIDER_KEY, type Wanted } from './support/gateway.ts';
import { installed } from './support/installed.ts';

const MODEL = 'gpt-4o-mini';
const HOUSE = '@acme/provider-house';
const house = installed('house', HOUSE);
let second: Simulator;
let bench: Bench | undefined;
beforeAll(async () => {
  second = await openaiSimulator({ keys: [PROVIDER_KEY] });
});
afterEach(async () => {
  await bench?.close();
  bench = undefined;
  second.clear();
});
afterAll(async () => {
  await second.close();
  house.remove();
});

/** Instances `main` (the simulator of the bench) and `spare` (the second one), and one routed name over both. */
const open = async (model: object = {}, wanted: Wanted = {}): Promise<Bench> => {
  bench = await openBench({
    ...wanted,
    instances: { spare: { provider: 'openai', baseUrl: second.url, apiKey: PROVIDER_KEY, insecureUpstream: true }, ...wanted.instances },
    sections: {
      retry: { attempts: 1 },
      models: [
        {
          name: 'fast',
          targets: [
            { instance: 'main', model: MODEL },
            { instance: 'spare', model: 'gpt-4o' },
          ],
          ...model,
        },
      ],
      ...wanted.sections,
    },
  });
  return bench;
};
const ask = (at: Bench, path: string, body: object = {}, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(at.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${at.key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'Hello' }], ...body }),
  });
const CHAT = '/v1/chat/completions';
const WAITING = { timeout: 30_000, interval: 5 };
const served = (answer: Response): string | null => answer.headers.get('x-lpa-instance');
const seen = (at: Bench): number[] => [at.simulator.requests.length, second.requests.length];

describe('model-routed endpoints', () => {
  test('every spelling of the endpoint sends a routed name to its first target, under the id of the provider', async () => {
    const at = await open();
    const paths = [CHAT, '/openai/v1/chat/completions', '/openai/chat/completions', '/openai/deployments/fast/chat/completions'];
    for (const path of paths) {
      const answer = await ask(at, path);
      expect([path, answer.status, served(answer)]).toEqual([path, 200, 'main']);
      expect([answer.headers.get('x-lpa-model'), answer.headers.get('x-lpa-upstream-model'), answer.headers.get('x-lpa-attempts')]).toEqual([
        'fast',
        MODEL,
        '1',
      ]);
    }
    expect(at.simulator.requests.map((r) => (r.json() as { model: string }).model)).toEqual(paths.map(() => MODEL));
  });
  test('/protocol/{instance} and /openai/{instance} take the provider’s own id and no routed name', async () => {
    const at = await open();
    for (const path of ['/protocol/spare/v1/chat/completions', '/openai/spare/chat/completions']) {
      expect([(await ask(at, path, { model: 'gpt-4o' })).status, (await ask(at, path)).status]).toEqual([200, 404]);
    }
    expect(at.simulator.requests).toEqual([]);
  });
  test('a name that no entry serves is 404 model_not_found, and the provider hears nothing of it', async () => {
    const at = await open();
    const answer = await ask(at, CHAT, { model: 'nobody-serves-this' });
    expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([404, 'model_not_found']);
    expect(seen(at)).toEqual([0, 0]);
  });
  test('x-lpa-instance asks for one target; one that does not serve the name is 404', async () => {
    const at = await open();
    const answer = await ask(at, CHAT, {}, { 'x-lpa-instance': 'spare' });
    expect([served(answer), answer.headers.get('x-lpa-upstream-model')]).toEqual(['spare', 'gpt-4o']);
    const wrong = await ask(at, CHAT, {}, { 'x-lpa-instance': 'elsewhere' });
    expect([wrong.status, wrong.headers.get('x-lpa-code')]).toEqual([404, 'instance_not_found']);
    expect(seen(at)).toEqual([0, 1]);
    expect(JSON.stringify(second.requests[0]?.headers)).not.toContain('x-lpa');
  });
  test('an exact name goes before a glob; the glob hands the name through with `*`', async () => {
    const at = await open(
      {},
      {
        sections: {
          models: [
            { match: 'gpt-*', targets: [{ instance: 'spare', model: '*' }] },
            { name: MODEL, targets: [{ instance: 'main', model: MODEL }] },
          ],
        },
      },
    );
    expect(served(await ask(at, CHAT, { model: MODEL }))).toBe('main');
    const globbed = await ask(at, CHAT, { model: 'gpt-4.1' });
    expect([served(globbed), globbed.headers.get('x-lpa-upstream-model')]).toEqual(['spare', 'gpt-4.1']);
    expect((await ask(at, CHAT, { model: 'xgpt-4.1' })).status).toBe(404);
  });
  test('/v1/models lists the routed names that the caller may use and no other', async () => {
    const at = await open(
      {},
      {
        sections: {
          models: [
            { name: 'fast', targets: [{ instance: 'main', model: MODEL }] },
            { name: 'slow', targets: [{ instance: 'spare', model: 'o3' }] },
            { match: 'gpt-*', targets: [{ instance: 'main', model: '*' }] },
          ],
        },
      },
    );
    const list = async (apiKey: string): Promise<string[]> => {
      const names: string[] = [];
      for await (const model of new OpenAI({ baseURL: `${at.url}/v1`, apiKey, maxRetries: 0 }).models.list()) names.push(model.id);
      return names;
    };
    expect(await list(at.key)).toEqual(['fast', 'slow']);
    expect(await list(await at.makeKey({ models: ['fa*'] }))).toEqual(['fast']);
    expect(await list(await at.makeKey({ instances: ['spare'] }))).toEqual(['slow']);
    const hidden = await fetch(`${at.url}/v1/models/slow`, { headers: { authorization: `Bearer ${await at.makeKey({ models: ['fa*'] })}` } });
    expect([hidden.status, hidden.headers.get('x-lpa-code')]).toEqual([404, 'model_not_found']);
    expect(seen(at)).toEqual([0, 0]);
  });
});

describe('choice of target', () => {
  test('weights divide the draw: 3 to 1 puts three quarters of [0, 1) on the first target', async () => {
    let drawn = 0;
    const weighted = {
      strategy: 'weighted',
      targets: [
        { instance: 'main', model: MODEL, weight: 3 },
        { instance: 'spare', model: 'gpt-4o', weight: 1 },
      ],
    };
    const at = await open(weighted, { random: () => drawn });
    for (const [draw, instance] of [
      [0, 'main'],
      [0.749, 'main'],
      [0.751, 'spare'],
      [0.999, 'spare'],
    ] as const) {
      drawn = draw;
      expect([draw, served(await ask(at, CHAT))]).toEqual([draw, instance]);
    }
  });
  test('a limit of each instance counts at the one that is drawn', async () => {
    let drawn = 0;
    const policies = [{ allow: {}, limits: [{ per: 'instance', requests: '1/h' }] }];
    const at = await open({ strategy: 'weighted' }, { random: () => drawn, sections: { policies } });
    const got = [];
    for (drawn of [0, 0.99, 0, 0.99]) got.push((await ask(at, CHAT)).status);
    expect([got, seen(at)]).toEqual([
      [200, 200, 429, 429],
      [1, 1],
    ]);
    expect((await ask(at, '/openai/spare/v1/chat/completions', { model: MODEL })).status).toBe(429);
  });
  test('ordered takes the first target whatever is drawn', async () => {
    const at = await open({}, { random: () => 0.999 });
    expect(served(await ask(at, CHAT))).toBe('main');
  });
});

describe('fallback (F53)', () => {
  const FAILURES: readonly (readonly [string, Parameters<Simulator['script']>[0], boolean])[] = [
    ['a cut before the head', { cut: { at: 'head', how: 'rst' } }, true],
    ['429', { status: 429 }, true],
    ['500', { status: 500 }, true],
    ['503', { status: 503 }, true],
    ['529', { status: 529 }, true],
    ['400', { status: 400 }, false],
    ['404', { status: 404 }, false],
    ['403 of a content filter', { status: 403, body: { error: { message: 'no', type: 'policy', code: 'content_policy_violation' } } }, false],
    ['401 of our own key', { status: 401 }, false],
  ];
  test.each(FAILURES)('%s: the next target is asked only for the classes of the default list', async (_name, fault, falls) => {
    const at = await open();
    at.simulator.script(fault);
    const answer = await ask(at, CHAT);
    expect([served(answer), answer.headers.get('x-lpa-attempts'), second.requests.length]).toEqual(falls ? ['spare', '2', 1] : ['main', '1', 0]);
    expect(answer.status === 200).toBe(falls);
  });
  test('a refused connection and a time-out are classes of their own', async () => {
    const at = await open({ fallback: { on: ['connect'] } }, { main: { timeouts: { total: '300ms' } } });
    await at.simulator.close();
    expect(served(await ask(at, CHAT))).toBe('spare');
  });
  test('a time-out falls back by default and not when the list leaves it out', async () => {
    const slow = { main: { timeouts: { total: '200ms' } } };
    const at = await open({}, slow);
    at.simulator.script({ stall: { at: 0 } });
    expect(served(await ask(at, CHAT))).toBe('spare');
    await at.close();
    const strict = await open({ fallback: { on: ['connect'] } }, slow);
    strict.simulator.script({ stall: { at: 0 } });
    const answer = await ask(strict, CHAT);
    expect([answer.status, answer.headers.get('x-lpa-code'), served(answer)]).toEqual([504, 'upstream_timeout', 'main']);
  });
  test('only the classes that are written count', async () => {
    const at = await open({ fallback: { on: ['404'] } });
    at.simulator.script({ status: 503 });
    expect([(await ask(at, CHAT)).status, second.requests.length]).toEqual([503, 0]);
    at.simulator.script({ status: 404 });
    expect(served(await ask(at, CHAT))).toBe('spare');
  });
  test('`attempts` counts every try at every target', async () => {
    const at = await open({ fallback: { attempts: 2 } }, { sections: { retry: { attempts: 5 } }, random: () => 0 });
    at.simulator.script({ status: 503, times: Number.POSITIVE_INFINITY });
    second.script({ status: 503, times: Number.POSITIVE_INFINITY });
    const answer = await ask(at, CHAT);
    expect([answer.status, answer.headers.get('x-lpa-attempts'), ...seen(at)]).toEqual([503, '2', 2, 0]);
  });
  test('a stream falls back before its first event and never after it', async () => {
    const at = await open();
    at.simulator.script({ status: 503 });
    const early = await ask(at, CHAT, { stream: true });
    expect([served(early), early.status, (await early.text()).endsWith('data: [DONE]\n\n')]).toEqual(['spare', 200, true]);
    const whole = sse(role, chunk({ content: 'Hel' }));
    at.simulator.script({
      headers: { 'content-type': 'text/event-stream' },
      body: whole + sse(chunk({ content: 'lo' })),
      cut: { at: whole.length, how: 'rst' },
    });
    const late = await ask(at, CHAT, { stream: true });
    const text = await late.text();
    expect([served(late), text.includes('Hel'), text.includes('[DONE]'), text.includes('upstream_stream_truncated')]).toEqual(['main', true, false, true]);
    expect(seen(at)).toEqual([2, 1]);
  });
  test('usage of the target that answered is booked once', async () => {
    const at = await open();
    at.simulator.script({ status: 503 });
    await (await ask(at, CHAT)).text();
    const text = await at.gateway.metrics.text();
    expect(text).toMatch(/llm_proxy_tokens_total\{instance="spare",type="output"\} [1-9]/);
    expect(text).not.toMatch(/llm_proxy_tokens_total\{instance="main"/);
    expect(text).toMatch(/^llm_proxy_fallbacks_total 1$/m);
  });
});

describe('retry', () => {
  test('F49: the wait that the provider asked for is kept, then the answer comes', async () => {
    const at = await open({}, { sections: { retry: { attempts: 2 } } });
    at.simulator.script({ status: 429, headers: { 'retry-after': '1' } });
    const answer = await ask(at, '/openai/main/v1/chat/completions', { model: MODEL });
    expect([answer.status, answer.headers.get('x-lpa-attempts')]).toEqual([200, '2']);
    const [first, again] = at.simulator.requests;
    expect((again?.receivedAt ?? 0) - (first?.receivedAt ?? 0)).toBeGreaterThanOrEqual(990);
  });
  test('F49: a storm of 429 costs a fifth more requests at most, each after the wait that was asked for, and the others are told it', async () => {
    const at = await open({}, { sections: { retry: { attempts: 2 } } });
    const calls = 100;
    const firsts = Promise.withResolvers<void>();
    const storm = { status: 429, headers: { 'retry-after': '2' } };
    at.simulator.script({ ...storm, holdHead: firsts.promise, times: calls });
    at.simulator.script({ ...storm, times: calls });
    const all = Array.from({ length: calls }, () => ask(at, '/openai/main/v1/chat/completions', { model: MODEL }));
    await expect.poll(() => at.simulator.requests.length, WAITING).toBe(calls);
    const refusedAt = performance.now();
    firsts.resolve();
    const answers = await Promise.all(all);
    expect(new Set(answers.map(({ status, headers }) => `${status} ${headers.get('retry-after')}`))).toEqual(new Set(['429 2']));
    const again = at.simulator.requests.slice(calls);
    expect([again.length > 0, at.simulator.requests.length <= 1.2 * calls]).toEqual([true, true]);
    for (const { receivedAt } of again) expect(receivedAt - refusedAt).toBeGreaterThanOrEqual(1_990);
    at.simulator.clear();
    const after = await Promise.all(Array.from({ length: calls }, () => ask(at, '/openai/main/v1/chat/completions', { model: MODEL })));
    expect(new Set(after.map(({ status }) => status))).toEqual(new Set([200]));
    expect(at.simulator.requests).toHaveLength(calls);
  });
  test('a wait longer than 30 s is the client’s: no retry, retry-after and x-should-retry as they are due', async () => {
    const at = await open({}, { sections: { retry: { attempts: 3 } } });
    at.simulator.script({ status: 429, headers: { 'retry-after': '61' } });
    const answer = await ask(at, '/openai/main/v1/chat/completions', { model: MODEL });
    expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('x-should-retry'), at.simulator.requests.length]).toEqual([
      429,
      '61',
      'false',
      1,
    ]);
  });
  test('a failure that was repeated tells the client not to repeat it again; one that was not leaves it free', async () => {
    const at = await open({}, { sections: { retry: { attempts: 2 } }, random: () => 0 });
    at.simulator.script({ status: 503, times: 2 });
    const tried = await ask(at, '/openai/main/v1/chat/completions', { model: MODEL });
    expect([tried.status, tried.headers.get('x-should-retry'), tried.headers.get('x-lpa-attempts')]).toEqual([503, 'false', '2']);
    at.simulator.script({ status: 400 });
    const refused = await ask(at, '/openai/main/v1/chat/completions', { model: MODEL });
    expect([refused.status, refused.headers.get('x-should-retry'), refused.headers.get('x-lpa-attempts')]).toEqual([400, null, '1']);
  });
  test('F50: when everything answers 503, retries stay within the budget: 1.2 requests a call', async () => {
    const calls = 200;
    // Twenty failures of one instance at once would open its breaker, which ends retries by itself.
    const names = Array.from({ length: 12 }, (_, n) => `all${n}`);
    const upstream = { provider: 'openai', baseUrl: second.url, apiKey: PROVIDER_KEY, insecureUpstream: true };
    const instances = Object.fromEntries(names.map((name) => [name, upstream]));
    const at = await open({}, { instances, sections: { retry: { attempts: 2 } }, random: () => 0 });
    const firsts = Promise.withResolvers<void>();
    const retries = Promise.withResolvers<void>();
    second.script({ status: 503, holdHead: firsts.promise, times: calls });
    second.script({ status: 503, holdHead: retries.promise, times: Number.POSITIVE_INFINITY });
    const answered: number[] = [];
    const all = Array.from({ length: calls }, async (_, n) =>
      answered.push((await ask(at, `/openai/${names[n % names.length]}/v1/chat/completions`, { model: MODEL })).status),
    );
    // All calls are open when the first fails, and no retry ends before the calls that got none are answered.
    try {
      await expect.poll(() => second.requests.length, WAITING).toBe(calls);
      firsts.resolve();
      await expect.poll(() => [answered.length, second.requests.length], WAITING).toEqual([calls * 0.8, calls * 1.2]);
    } finally {
      firsts.resolve();
      retries.resolve();
      await Promise.all(all);
    }
    expect(answered).toEqual(Array.from({ length: calls }, () => 503));
    expect(second.requests.length).toBe(calls * 1.2);
  });
  test('a retry that is being answered no longer counts, however long its stream lasts', async () => {
    const at = await open({}, { sections: { retry: { attempts: 2, budget: '20%' } }, random: () => 0 });
    const ends = Promise.withResolvers<void>();
    const begun = sse(role, chunk({ content: 'Hel' }));
    const whole = begun + sse(chunk({}, 'stop'), '[DONE]');
    const stalled = { headers: { 'content-type': 'text/event-stream' }, body: whole, stall: { at: begun.length, until: ends.promise } };
    try {
      for (let each = 0; each < 5; each++) {
        at.simulator.script({ status: 503, times: 1 });
        at.simulator.script({ ...stalled, times: 1 });
        const answer = await ask(at, '/openai/main/v1/chat/completions', { model: MODEL, stream: true });
        expect([answer.status, answer.headers.get('x-lpa-attempts')]).toEqual([200, '2']);
      }
    } finally {
      ends.resolve();
    }
  });
  test('F51: nothing is sent again after the first byte', async () => {
    const at = await open({}, { sections: { retry: { attempts: 4 } }, random: () => 0 });
    const whole = sse(role, chunk({ content: 'Hel' }));
    at.simulator.script({ headers: { 'content-type': 'text/event-stream' }, body: `${whole}data: {"x"`, cut: { at: whole.length + 5, how: 'fin' } });
    const text = await (await ask(at, '/openai/main/v1/chat/completions', { model: MODEL, stream: true })).text();
    expect(text).toContain('upstream_stream_truncated');
    expect(at.simulator.requests.length).toBe(1);
  });
  test('a whole answer that was cut is asked for again', async () => {
    const at = await open({}, { sections: { retry: { attempts: 2 } }, random: () => 0 });
    at.simulator.script({ body: completion({}), cut: { at: 20, how: 'rst' } });
    expect((await ask(at, '/openai/main/v1/chat/completions', { model: MODEL })).status).toBe(200);
    expect(at.simulator.requests.length).toBe(2);
  });
});

describe('a credential that runs out', () => {
  const tokens = (staleKey: string, apiKey = PROVIDER_KEY): Wanted => ({
    plugins: [HOUSE],
    pluginRoots: [house.root],
    main: { provider: 'house', staleKey, apiKey },
  });
  test('is renewed once and the call repeated, without using up a retry', async () => {
    const at = await open({}, tokens('sk-stale-0123456789'));
    const answer = await ask(at, '/openai/main/v1/chat/completions', { model: MODEL });
    expect([answer.status, answer.headers.get('x-lpa-attempts')]).toEqual([200, '2']);
    expect(at.simulator.requests.map((r) => r.header('authorization'))).toEqual(['Bearer sk-stale-0123456789', `Bearer ${PROVIDER_KEY}`]);
  });
  test('and cannot be renewed is 502 upstream_auth_failed after one try more, never a 401 of the client', async () => {
    const at = await open({}, tokens('sk-stale-0123456789', 'sk-wrong-0123456789'));
    for (const path of ['/openai/main/v1/chat/completions', '/transparent/main/v1/chat/completions']) {
      const answer = await ask(at, path, { model: MODEL });
      expect([path, answer.status, answer.headers.get('x-lpa-code')]).toEqual([path, 502, 'upstream_auth_failed']);
      expect([path, at.simulator.requests.length]).toEqual([path, 2]);
      at.simulator.clear();
    }
  });
});

describe('embeddings of more inputs than the provider takes at once', () => {
  const EMBED = '/openai/main/v1/embeddings';
  const SMALL = 'text-embedding-3-small';
  const input = ['one', 'two', 'three', 'four', 'five'];
  const small: Wanted = { plugins: [HOUSE], pluginRoots: [house.root], main: { provider: 'house' } };
  interface Embedded {
    readonly data: readonly { readonly index: number; readonly embedding: unknown }[];
    readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number };
    readonly model: string;
  }
  const inputs = (at: Bench): unknown[] => at.simulator.requests.map((r) => (r.json() as { input: unknown }).input);

  test.each(['float', 'base64'])('come back in the order of the inputs with usage added (%s)', async (encoding_format) => {
    const at = await open({}, small);
    const body = { model: SMALL, input, encoding_format, messages: undefined };
    const split = (await (await ask(at, EMBED, body)).json()) as Embedded;
    expect(inputs(at)).toEqual([['one', 'two'], ['three', 'four'], 'five']);
    const whole = (await (await ask(at, '/openai/spare/v1/embeddings', body)).json()) as Embedded;
    expect(second.requests.length).toBe(1);
    expect(split.data).toEqual(whole.data);
    expect([split.usage, split.model]).toEqual([whole.usage, SMALL]);
    const metrics = await at.gateway.metrics.text();
    expect(metrics).toContain(`llm_proxy_tokens_total{instance="main",type="input"} ${whole.usage.prompt_tokens}`);
  });
  test('that fit are one call', async () => {
    const at = await open({}, small);
    expect((await ask(at, EMBED, { model: SMALL, input: ['one', 'two'], messages: undefined })).status).toBe(200);
    expect(inputs(at)).toEqual([['one', 'two']]);
  });
  test('are split at a provider of the very surface too, and pass as they are when they fit', async () => {
    const at = await open({}, small);
    const body = { model: 'text-embedding-3-large', messages: undefined };
    const split = (await (await ask(at, EMBED, { ...body, input })).json()) as Embedded;
    expect(inputs(at)).toEqual([['one', 'two'], ['three', 'four'], 'five']);
    const whole = (await (await ask(at, '/openai/spare/v1/embeddings', { ...body, input })).json()) as Embedded;
    expect([split.data, split.usage]).toEqual([whole.data, whole.usage]);
    await ask(at, EMBED, { ...body, input: ['one', 'two'], user: 'u', 'a member of the client': 1 });
    expect(at.simulator.requests.at(-1)?.json()).toEqual({ model: body.model, input: ['one', 'two'], user: 'u', 'a member of the client': 1 });
  });
  test('do not repeat the parts that are answered when one is tried again', async () => {
    const at = await open({}, { ...small, sections: { retry: { attempts: 2 } } });
    at.simulator.script({ status: 503, headers: { 'retry-after-ms': '1' }, when: (r) => JSON.stringify(r.json()).includes('three') });
    const split = (await (await ask(at, EMBED, { model: SMALL, input, messages: undefined })).json()) as Embedded;
    expect(inputs(at)).toEqual([['one', 'two'], ['three', 'four'], ['three', 'four'], 'five']);
    expect(split.data.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
  });
  test('fail whole when one part fails', async () => {
    const at = await open({}, small);
    at.simulator.script({ status: 400, when: (r) => JSON.stringify(r.json()).includes('three') });
    const answer = await ask(at, EMBED, { model: SMALL, input, messages: undefined });
    expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([400, 'upstream_rejected']);
    expect(inputs(at).length).toBe(2);
  });
  test('are not answered when the provider left one out', async () => {
    const at = await open({}, small);
    const one = { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [1] }], model: SMALL, usage: { prompt_tokens: 1, total_tokens: 1 } };
    at.simulator.script({ body: one });
    const answer = await ask(at, EMBED, { model: SMALL, input, messages: undefined });
    expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([502, 'upstream_bad_response']);
  });
});
