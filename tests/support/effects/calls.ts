import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { chunk, role, sse } from '../answers.ts';
import type { Bench } from '../gateway.ts';
import { CHAT, call, chat, chatBody, type Effects, HOUSE, MODEL, type Sent, type Stage, until, withGate, withHouse } from './effect.ts';

const ALWAYS = Number.POSITIVE_INFINITY;
const routed = (bench: Bench, model: string, sent: Sent = {}) =>
  call(`${bench.url}/v1/chat/completions`, { key: bench.key, body: chatBody({ model }), ...sent });
const target = (model = MODEL, more: object = {}) => ({ instance: 'main', model, ...more });
const withModels = (...models: readonly object[]) => ({ sections: { models } });
const asked = (bench: Bench): unknown[] => bench.simulator.requests.map((r) => (r.json() as { model: unknown }).model);

export const models: Effects = {
  async models({ open }) {
    expect((await routed(await open(), 'fast')).code).toBe('model_not_found');
    expect((await routed(await open(withModels({ name: 'fast', targets: [target()] })), 'fast')).status).toBe(200);
  },
  async 'models[].name'({ open }) {
    const bench = await open(withModels({ name: 'quick', targets: [target()] }));
    expect([(await routed(bench, 'quick')).status, (await routed(bench, 'fast')).status]).toEqual([200, 404]);
  },
  async 'models[].match'({ open }) {
    const bench = await open(withModels({ match: 'fast-*', targets: [target()] }));
    expect([(await routed(bench, 'fast-1')).status, (await routed(bench, 'slow-1')).status]).toEqual([200, 404]);
  },
  async 'models[].targets'({ open, refused }) {
    expect(await refused(withModels({ name: 'fast', targets: [] }))).not.toEqual([]);
    const bench = await open(withModels({ name: 'fast', targets: [target('gpt-4o'), target()] }));
    bench.simulator.script({ status: 503 });
    await routed(bench, 'fast');
    expect(asked(bench)).toEqual(['gpt-4o', MODEL]);
  },
  async 'models[].targets[].instance'({ open, refused }) {
    expect(await refused(withModels({ name: 'fast', targets: [{ instance: 'mian', model: MODEL }] }))).toEqual(['unknown_name']);
    expect((await routed(await open(withModels({ name: 'fast', targets: [target()] })), 'fast')).headers['x-lpa-instance']).toBe('main');
  },
  async 'models[].targets[].model'({ open }) {
    const bench = await open(withModels({ name: 'fast', targets: [target('gpt-4.1')] }));
    await routed(bench, 'fast');
    expect(asked(bench)).toEqual(['gpt-4.1']);
  },
  async 'models[].targets[].weight'({ open }) {
    const pick = async (weight: number) => {
      const bench = await open({ ...withModels({ name: 'fast', strategy: 'weighted', targets: [target('gpt-4o', { weight }), target()] }), random: () => 0.6 });
      await routed(bench, 'fast');
      return asked(bench)[0];
    };
    expect([await pick(1), await pick(9)]).toEqual([MODEL, 'gpt-4o']);
  },
  async 'models[].strategy'({ open }) {
    const pick = async (strategy: string) => {
      const bench = await open({ ...withModels({ name: 'fast', strategy, targets: [target('gpt-4o'), target()] }), random: () => 0.9 });
      await routed(bench, 'fast');
      return asked(bench)[0];
    };
    expect([await pick('ordered'), await pick('weighted')]).toEqual(['gpt-4o', MODEL]);
  },
  async 'models[].fallback.on'({ open }) {
    const count = async (on: readonly string[]) => {
      const bench = await open(withModels({ name: 'fast', fallback: { on }, targets: [target('gpt-4o'), target()] }));
      bench.simulator.script({ status: 409 });
      await routed(bench, 'fast');
      return asked(bench).length;
    };
    expect([await count(['5xx']), await count(['409'])]).toEqual([1, 2]);
  },
  async 'models[].fallback.attempts'({ open }) {
    const count = async (attempts: number) => {
      const bench = await open(withModels({ name: 'fast', fallback: { attempts }, targets: [target('gpt-4o'), target(), target('gpt-4.1'), target('gpt-4')] }));
      bench.simulator.script({ status: 503, times: ALWAYS });
      await routed(bench, 'fast');
      return asked(bench).length;
    };
    expect([await count(1), await count(4)]).toEqual([1, 4]);
  },
};

const withPolicies = (...policies: readonly object[]) => ({ sections: { policies, models: [{ name: 'fast', targets: [target()] }] } });
const code = async (stage: Stage, policy: object, ask: (bench: Bench) => Promise<{ readonly code: unknown }> = chat): Promise<unknown> =>
  (await ask(await stage.open(withPolicies(policy)))).code;
const transparently = (bench: Bench) => call(`${bench.url}/transparent/main/v1/models`, { key: bench.key });

export const policies: Effects = {
  async policies({ open }) {
    expect((await chat(await open(withPolicies()))).code).toBe('operation_not_allowed');
  },
  async 'policies[].name'({ open }) {
    const bench = await open(withPolicies({ name: 'house rules', allow: {} }));
    const { text } = await chat(bench, {}, { headers: { 'x-lpa-explain': '1' } });
    expect((JSON.parse(text) as { policy: string }).policy).toBe('house rules');
  },
  async 'policies[].match.principal'(stage) {
    const both = [await code(stage, { match: { principal: 'key:k*' }, allow: {} }), await code(stage, { match: { principal: 'user:*' }, allow: {} })];
    expect(both).toEqual([undefined, 'operation_not_allowed']);
  },
  async 'policies[].match.group'({ open }) {
    const of = async (group: string) => {
      const bench = await open({ ...withHouse, sections: { auth: [{ use: 'api-key' }, { use: 'house' }], policies: [{ match: { group }, allow: {} }] } });
      return (await chat(bench, {}, { key: 'house-token' })).code;
    };
    expect([await of('engin*'), await of('sales')]).toEqual([undefined, 'operation_not_allowed']);
  },
  async 'policies[].match.strategy'({ open }) {
    const bench = await open({
      ...withHouse,
      sections: { auth: [{ use: 'api-key' }, { use: 'house' }], policies: [{ match: { strategy: 'house' }, allow: {} }] },
    });
    expect([(await chat(bench, {}, { key: 'house-token' })).status, (await chat(bench)).code]).toEqual([200, 'operation_not_allowed']);
  },
  async 'policies[].match.cidr'(stage) {
    const both = [await code(stage, { match: { cidr: '127.0.0.0/8' }, allow: {} }), await code(stage, { match: { cidr: '10.0.0.0/8' }, allow: {} })];
    expect(both).toEqual([undefined, 'address_not_allowed']);
  },
  async 'policies[].allow.modes'(stage) {
    const only = { allow: { modes: ['protocol'] } };
    expect([await code(stage, only), await code(stage, only, transparently)]).toEqual([undefined, 'mode_not_allowed']);
  },
  async 'policies[].allow.classes'(stage) {
    const only = { allow: { classes: ['models'] } };
    expect([await code(stage, only), await code(stage, only, transparently)]).toEqual(['operation_not_allowed', undefined]);
  },
  async 'policies[].allow.instances'(stage) {
    expect([await code(stage, { allow: { instances: ['ma*'] } }), await code(stage, { allow: { instances: ['eu*'] } })]).toEqual([
      undefined,
      'instance_not_allowed',
    ]);
  },
  async 'policies[].allow.models'(stage) {
    expect([await code(stage, { allow: { models: ['gpt-*'] } }), await code(stage, { allow: { models: ['o3'] } })]).toEqual([undefined, 'model_not_allowed']);
  },
  async 'policies[].allow.tags.*'(stage) {
    expect(await code(stage, { allow: { tags: { residency: 'eu' } } })).toBe('instance_not_allowed');
  },
  async 'policies[].limits'({ open }) {
    const bench = await open(withPolicies({ allow: {}, limits: [{ requests: '1/h' }] }));
    const both = [(await chat(bench)).code, (await chat(bench)).code];
    expect(both).toEqual([undefined, 'rate_limit_exceeded']);
  },
  async 'policies[].limits[].per'({ open }) {
    const other = async (per: string) => {
      const bench = await open(withPolicies({ allow: {}, limits: [{ per, requests: '1/h' }] }));
      await chat(bench);
      return [(await chat(bench, {}, { key: await bench.makeKey() })).code, (await chat(bench, { model: 'gpt-4o' })).code];
    };
    const full = 'rate_limit_exceeded';
    expect([await other('credential'), await other('model'), await other('instance')]).toEqual([
      [undefined, full],
      [full, undefined],
      [full, full],
    ]);
  },
  async 'policies[].limits[].requests'({ open }) {
    const bench = await open(withPolicies({ allow: {}, limits: [{ requests: '3/min' }] }));
    const codes: unknown[] = [];
    for (let i = 0; i < 4; i++) codes.push((await chat(bench)).code);
    expect(codes).toEqual([undefined, undefined, undefined, 'rate_limit_exceeded']);
  },
  async 'policies[].limits[].concurrent'({ open }) {
    const bench = await open(withPolicies({ allow: {}, limits: [{ concurrent: 1 }] }));
    let answer: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    bench.simulator.script({ holdHead: held });
    const first = chat(bench);
    await bench.simulator.waitForRequest();
    expect((await chat(bench)).code).toBe('too_many_concurrent_requests');
    answer?.();
    expect((await first).status).toBe(200);
    expect((await chat(bench)).status).toBe(200);
  },
};

const tries = async ({ open }: Stage, retry: object): Promise<number> => {
  const bench = await open({ random: () => 0, sections: { retry } });
  bench.simulator.script({ status: 503, times: ALWAYS });
  await chat(bench);
  return bench.simulator.requests.length;
};
/** Retries of 40 calls that all fail at once. */
const repeats = async ({ open }: Stage, retry: object): Promise<number> => {
  const bench = await open({ random: () => 1, sections: { retry: { attempts: 2, ...retry } } });
  const [first, again] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  // A 429 opens no breaker, however many come at once.
  bench.simulator.script({ status: 429, holdHead: first.promise, times: 40 });
  bench.simulator.script({ status: 429, holdHead: again.promise, times: ALWAYS });
  let answered = 0;
  const calls = Array.from({ length: 40 }, async () => {
    await chat(bench);
    answered += 1;
  });
  const sent = (): number => bench.simulator.requests.length;
  await until(() => expect(sent()).toBe(40));
  first.resolve();
  // Each has failed for good by then, or is tried again.
  await until(() => expect(answered + sent()).toBe(80));
  again.resolve();
  await Promise.all(calls);
  return bench.simulator.requests.length - 40;
};
const whenHead = async (bench: Bench): Promise<number> => {
  const text = sse(role);
  bench.simulator.script({ body: text + sse(chunk({ content: 'x' })), headers: { 'content-type': 'text/event-stream' }, stall: { at: text.length } });
  const began = performance.now();
  const gone = new AbortController();
  const headers = { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' };
  await fetch(bench.url + CHAT, { method: 'POST', signal: gone.signal, headers, body: JSON.stringify(chatBody({ stream: true })) });
  gone.abort();
  return performance.now() - began;
};

/** The answer of a provider that fails, that often, one call after the other. */
const failing = async ({ open }: Stage, breaker: object, calls: number, every = 1): Promise<readonly unknown[]> => {
  const bench = await open({ sections: { retry: { attempts: 1 }, breaker: { failures: 1_000, window: '60s', ...breaker } } });
  const codes: unknown[] = [];
  for (let n = 0; n < calls; n++) {
    if (n % every === 0) bench.simulator.script({ status: 500 });
    codes.push((await chat(bench)).code);
  }
  return codes;
};
const LEFT_ALONE = 'upstream_overloaded';

export const calls: Effects = {
  async 'breaker.failures'(stage) {
    const codes = await failing(stage, { failures: 2 }, 3);
    expect(codes.map((code) => code === LEFT_ALONE)).toEqual([false, false, true]);
  },
  async 'breaker.ratio'(stage) {
    const [half, more] = [await failing(stage, { ratio: '40%' }, 22, 2), await failing(stage, { ratio: '60%' }, 22, 2)];
    expect([half.at(-1), more.includes(LEFT_ALONE)]).toEqual([LEFT_ALONE, false]);
  },
  async 'breaker.window'(stage) {
    expect((await failing(stage, { window: '1ms' }, 30)).includes(LEFT_ALONE)).toBe(false);
  },
  async 'breaker.probeAfter'({ open }) {
    const bench = await open({ sections: { retry: { attempts: 1 }, breaker: { failures: 1, probeAfter: '2s' } } });
    bench.simulator.script({ status: 500 });
    await chat(bench);
    expect((await chat(bench)).code).toBe(LEFT_ALONE);
    await until(async () => expect((await chat(bench)).status).toBe(200));
  },
  async 'retry.attempts'(stage) {
    expect([await tries(stage, { attempts: 1 }), await tries(stage, { attempts: 3 })]).toEqual([1, 3]);
  },
  async 'retry.budget'(stage) {
    const [few, many] = [await repeats(stage, { budget: '0%' }), await repeats(stage, { budget: '100%' })];
    expect([few <= 6, many >= 20]).toEqual([true, true]);
  },
  async 'stream.commitAfter'({ open }) {
    expect(await whenHead(await open({ sections: { stream: { commitAfter: '200ms' } } }))).toBeLessThan(5_000);
  },
  async 'stream.keepAlive'({ open }) {
    const bench = await open({ sections: { stream: { keepAlive: '100ms' } }, main: { timeouts: { idle: '3s' } } });
    const text = sse(role, chunk({ content: 'Hel' }));
    bench.simulator.script({ body: text + sse(chunk({ content: 'lo' })), headers: { 'content-type': 'text/event-stream' }, stall: { at: text.length } });
    expect((await chat(bench, { stream: true })).text.match(/^:/gm)?.length).toBeGreaterThanOrEqual(3);
  },
  async 'stream.outliveCredential'({ open }) {
    let ahead = 0;
    const bench = await open({ now: () => Date.now() + ahead, sections: { stream: { outliveCredential: false } } });
    const begun = sse(role, chunk({ content: 'Hel' }));
    bench.simulator.script({ body: begun + sse(chunk({ content: 'lo' })), headers: { 'content-type': 'text/event-stream' }, stall: { at: begun.length } });
    const key = await bench.makeKey({ expires: '1h' });
    const answer = chat(bench, { stream: true }, { key });
    await until(() => expect(bench.simulator.requests[0]?.bytesSent).toBe(begun.length));
    ahead = 3_600_000;
    expect((await answer).text).toContain('invalid_credentials');
  },
  async fidelity({ open }) {
    const ask = async (fidelity: string) => {
      const bench = await open({ ...withHouse, main: { provider: 'house' }, sections: { fidelity } });
      const body = { model: MODEL, input: 'Hello', truncation: 'auto' };
      const { status, code, headers } = await call(`${bench.url}/openai/main/v1/responses`, { key: bench.key, body });
      return [status, code, headers['x-lpa-fidelity'] !== undefined];
    };
    expect([await ask('report'), await ask('reject')]).toEqual([
      [200, undefined, true],
      [400, 'unsupported_parameter', true],
    ]);
  },
  async 'log.level'({ open }) {
    const bench = await open({ sections: { log: { level: 'silent' } } });
    await chat(bench);
    await bench.gateway.close();
    expect(bench.logText()).not.toContain('chat/completions');
    const other = await open();
    await chat(other);
    expect(await other.line((l) => String(l.route).includes('chat/completions'))).toBeDefined();
  },
  async 'log.content'({ open }) {
    const secretive = 'What the client said';
    const seen = async (content: boolean) => {
      const bench = await open({ sections: { log: { content } } });
      await chat(bench, { messages: [{ role: 'user', content: secretive }] });
      await bench.line((l) => String(l.route).includes('chat/completions'));
      return [bench.logText().includes(secretive), bench.logText().includes('You said')];
    };
    expect([await seen(false), await seen(true)]).toEqual([
      [false, false],
      [true, true],
    ]);
  },
};

export const foundations: Effects = {
  async plugins({ open, refused }) {
    expect(await refused({ main: { provider: 'house' } })).toEqual(['unknown_kind']);
    expect((await chat(await open({ ...withHouse, main: { provider: 'house' } }))).headers['x-lpa-provider']).toBe('house');
  },
  async 'plugins[]'({ refused }) {
    expect(await refused({ plugins: ['@acme/is-nowhere'] })).toEqual(['plugin_missing']);
  },
  async 'plugins[].name'({ open }) {
    const bench = await open({ ...withHouse, plugins: [{ name: HOUSE }] as never, main: { provider: 'house' } });
    expect((await chat(bench)).headers['x-lpa-provider']).toBe('house');
  },
  async 'plugins[].integrity'({ refused }) {
    const pinned = { name: HOUSE, integrity: `sha512-${Buffer.alloc(64).toString('base64')}` };
    expect(await refused({ ...withHouse, plugins: [pinned] as never })).toEqual(['plugin_integrity']);
  },
  async 'store.use'({ open }) {
    const bench = await open({ ...withHouse, sections: { store: { use: 'house' } } });
    expect((await chat(bench)).status).toBe(200);
    expect(bench.gateway.graph.settings.store).toEqual({ use: 'house' });
    expect(existsSync(join(bench.folder, 'store.db'))).toBe(false);
  },
  async 'counters.use'({ open }) {
    const bench = await open({ ...withHouse, sections: { counters: { use: 'house' }, policies: [{ allow: {}, limits: [{ requests: '100/s' }] }] } });
    expect((await chat(bench)).code).toBe('rate_limit_exceeded');
  },
  async 'factor.use'({ open }) {
    const bench = await open({ ...withGate, sections: { factor: { use: 'gate', require: 'always' } } });
    expect([(await chat(bench)).code, (await chat(bench, {}, { headers: { 'x-totp-code': 'right' } })).status]).toEqual(['totp_required', 200]);
  },
  async 'factor.require'({ open }) {
    const statuses = ['per-key', 'always', 'off'].map(
      async (require) => (await chat(await open({ ...withGate, sections: { factor: { use: 'gate', require } } }))).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 401, 200]);
  },
  async 'keyEncryption.current'({ open, refused }) {
    const keys = { k1: `${'ab'.repeat(31)}00`, k2: `${'cd'.repeat(31)}00` };
    const at = (current: string) => ({ ...withGate, sections: { factor: { use: 'gate' }, keyEncryption: { current, keys } } });
    expect((await (await open(at('k2'))).operation('gate.keep', { plain: 'x' })).text).toMatch(/^e1\.k2\./);
    expect(await refused(at('k3'))).toEqual(['unknown_name']);
  },
  async 'keyEncryption.keys.*'({ open, refused }) {
    const at = (k1: string) => ({ ...withGate, sections: { factor: { use: 'gate' }, keyEncryption: { current: 'k1', keys: { k1 } } } });
    const { text } = await (await open(at(`${'ab'.repeat(31)}00`))).operation('gate.keep', { plain: 'x' });
    expect((await (await open(at(`${'cd'.repeat(31)}00`))).operation('gate.keep', { text })).plain).toBeUndefined();
    expect(await refused(at('short'))).toEqual(['wrong_value']);
  },
  async 'sessions.ttl'({ open, refused }) {
    const bench = await open({ now: () => Date.UTC(2026, 5, 1), sections: { sessions: { ttl: '1m' } } });
    const got = await call(`${bench.url}/auth/login`, { body: { api_key: bench.key } });
    expect(JSON.parse(got.text)).toMatchObject({ expires_in: 60 });
    expect(await refused({ sections: { sessions: { ttl: '8d' } } })).toEqual(['wrong_value']);
  },
  async 'sessions.idle'({ open, refused }) {
    let now = Date.UTC(2026, 5, 1);
    const bench = await open({ now: () => now, sections: { sessions: { idle: '10m' } } });
    const got = await call(`${bench.url}/auth/login`, { body: { api_key: bench.key } });
    const { session_token: key } = JSON.parse(got.text) as { session_token: string };
    expect((await chat(bench, {}, { key })).status).toBe(200);
    now += 600_000;
    expect((await chat(bench, {}, { key })).status).toBe(401);
    expect(await refused({ sections: { sessions: { idle: '0s' } } })).toEqual(['wrong_value']);
  },
  async auth({ open, refused }) {
    expect((await chat(await open({ sections: { auth: 'none' } }), {}, { key: 'anything' })).status).toBe(200);
    expect(await refused({ sections: { auth: undefined } })).toEqual(['auth_missing']);
  },
  async 'auth[].use'({ open }) {
    const bench = await open({ ...withHouse, sections: { auth: [{ use: 'api-key' }, { use: 'house' }] } });
    expect([(await chat(bench, {}, { key: 'house-token' })).status, (await chat(await open(), {}, { key: 'house-token' })).code]).toEqual([
      200,
      'invalid_credentials',
    ]);
  },
};

const WRITTEN = 'fedcba9876543210fedcba9876543210fedcba98';
const written = (keys: unknown, more: object = {}) => ({ sections: { auth: [{ use: 'api-key', keys, ...more }] } });
const one = (grant: object = {}) => written([{ name: 'written', key: WRITTEN, ...grant }]);
const withKey = async ({ open }: Stage, grant: object, ask: (bench: Bench) => Promise<{ readonly code: unknown }> = chatWritten): Promise<unknown> =>
  (await ask(await open(one(grant)))).code;
const chatWritten = (bench: Bench) => chat(bench, {}, { key: WRITTEN });

/** Keys of `use: api-key` and `use: sqlite`. */
export const plugins: Effects = {
  async 'store.path'({ open }) {
    const bench = await open({ sections: { store: { use: 'sqlite', path: ':memory:' } } });
    expect([(await chat(bench)).status, existsSync(join(bench.folder, 'store.db'))]).toEqual([200, false]);
    const other = await open();
    expect(existsSync(join(other.folder, 'store.db'))).toBe(true);
  },
  async 'auth[].pepper'({ open, refused }) {
    expect(await refused({ sections: { auth: [{ use: 'api-key', pepper: 'short' }] } })).not.toEqual([]);
    const path = join((await open()).folder, 'shared.db');
    const store = { use: 'sqlite', path };
    const first = await open({ sections: { store, auth: [{ use: 'api-key', pepper: 'a'.repeat(32) }] } });
    expect((await chat(first)).status).toBe(200);
    const second = await open({ keyName: 'second', sections: { store, auth: [{ use: 'api-key', pepper: 'b'.repeat(32) }] } });
    expect((await chat(second, {}, { key: first.key })).code).toBe('invalid_credentials');
  },
  async 'auth[].earlierPeppers'({ open }) {
    const path = join((await open()).folder, 'shared.db');
    const store = { use: 'sqlite', path };
    const [old, fresh] = ['a'.repeat(32), 'b'.repeat(32)];
    const first = await open({ sections: { store, auth: [{ use: 'api-key', pepper: old }] } });
    const second = await open({ keyName: 'second', sections: { store, auth: [{ use: 'api-key', pepper: fresh, earlierPeppers: [old] }] } });
    expect((await chat(second, {}, { key: first.key })).status).toBe(200);
  },
  // What it does after a minute without a store is shown by the tests of the plugin, which have the clock in hand.
  async 'auth[].staleAuth'({ open, refused }) {
    expect((await chat(await open({ sections: { auth: [{ use: 'api-key', staleAuth: 'allow' }] } }))).status).toBe(200);
    expect(await refused({ sections: { auth: [{ use: 'api-key', staleAuth: 'perhaps' }] } })).toEqual(['wrong_value']);
  },
  async 'auth[].keys'({ open, refused }) {
    expect((await chatWritten(await open(one()))).status).toBe(200);
    expect((await chatWritten(await open(written([])))).code).toBe('invalid_credentials');
    expect(
      await refused(
        written([
          { name: 'twice', key: WRITTEN },
          { name: 'twice', key: `${WRITTEN}00` },
        ]),
      ),
    ).not.toEqual([]);
  },
  async 'auth[].keys[].name'({ open }) {
    const bench = await open(one({ name: 'robot' }));
    await chatWritten(bench);
    expect((await bench.line((l) => l.principal === 'key:robot')).status).toBe(200);
  },
  async 'auth[].keys[].key'({ open }) {
    expect([(await chatWritten(await open(one()))).status, (await chatWritten(await open())).code]).toEqual([200, 'invalid_credentials']);
  },
  async 'auth[].keys[].scopes'(stage) {
    const metrics = (bench: Bench) => call(`${bench.url}/metrics`, { key: WRITTEN });
    expect([await withKey(stage, {}, metrics), await withKey(stage, { scopes: ['metrics'] }, metrics)]).toEqual(['scope_required', undefined]);
  },
  async 'auth[].keys[].modes'(stage) {
    expect(await withKey(stage, { modes: ['transparent'] })).toBe('mode_not_allowed');
  },
  async 'auth[].keys[].instances'(stage) {
    expect(await withKey(stage, { instances: ['eu'] })).toBe('instance_not_allowed');
  },
  async 'auth[].keys[].models'(stage) {
    expect(await withKey(stage, { models: ['o3'] })).toBe('model_not_allowed');
  },
  async 'auth[].keys[].cidr'(stage) {
    expect(await withKey(stage, { cidr: ['10.0.0.0/8'] })).toBe('address_not_allowed');
  },
  async 'auth[].keys[].expires'(stage) {
    expect([await withKey(stage, { expires: '2020-01-01' }), await withKey(stage, { expires: '2120-01-01' })]).toEqual(['invalid_credentials', undefined]);
  },
  async 'auth[].keys[].totp'({ open }) {
    const bench = await open({ ...withGate, sections: { ...one({ totp: true }).sections, factor: { use: 'gate' } } });
    expect((await chatWritten(bench)).code).toBe('totp_required');
  },
  async 'auth[].keys.env'({ open }) {
    const bench = await open({ ...written({ env: 'API_KEY_*' }), env: { API_KEY_CI: WRITTEN } });
    await chatWritten(bench);
    expect(await bench.line((l) => String(l.principal).startsWith('key:'))).toBeDefined();
    expect((await chatWritten(bench)).status).toBe(200);
  },
};
