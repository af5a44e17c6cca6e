import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Running } from '@llm-proxy-auth/core';
import { openaiSimulator } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chunk, role, sse } from './support/answers.ts';
import { CHAT, call, chatBody, HOUSE, MODEL, removeHouse, withHouse } from './support/effects/effect.ts';
import { freePort } from './support/effects/listeners.ts';
import { KEY, OTHER_KEY, openSite, type Served, type Site, serveSite } from './support/file-gateway.ts';
import { PROVIDER_KEY } from './support/gateway.ts';
import { startSwept } from './support/swept.ts';

let site: Site;
let gateway: Running | undefined;
let served: Served | undefined;
let log: string;
beforeEach(async () => {
  site = await openSite();
  log = '';
});
afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
  served?.kill('SIGKILL');
  await served?.ended;
  served = undefined;
  await site.close();
});
afterAll(removeHouse);

const start = async (options: Partial<Parameters<typeof startSwept>[0]> = {}): Promise<Running> => {
  const hear = (line: string): void => {
    log += line;
  };
  gateway = await startSwept({ file: site.file, pluginRoots: withHouse.pluginRoots, hear, ...options });
  return gateway;
};
const chat = (at: Running, key = KEY, more: object = {}) => call(at.urls.server + CHAT, { key, body: chatBody(more) });
const withKeys = (...keys: readonly string[]) => site.settings({ auth: [{ use: 'api-key', keys: keys.map((key, i) => ({ name: `k${i}`, key })) }] });
const extra = () => ({ provider: 'openai', baseUrl: site.simulator.url, apiKey: PROVIDER_KEY, insecureUpstream: true });

describe('F63: a good reload', () => {
  test('under load loses no request and no stream, however often the instances change', async () => {
    const at = await start();
    const texts: Promise<string>[] = [];
    const failed: unknown[] = [];
    let over = false;
    const load = async (): Promise<number> => {
      let count = 0;
      for (; !over; count++) {
        const { status, code } = await chat(at);
        if (status !== 200) failed.push([status, code]);
      }
      return count;
    };
    const loads = [load(), load(), load(), load()];
    const { instances } = site.settings() as { instances: object };
    for (let i = 0; i < 100; i++) {
      site.simulator.script({ delayChunk: 20, when: (r) => (r.json() as { stream?: boolean }).stream === true });
      texts.push(chat(at, KEY, { stream: true }).then(({ text }) => text));
      site.write(site.settings({ instances: i % 2 === 0 ? { ...instances, second: extra() } : instances, stream: { keepAlive: `${i + 1}s` } }));
      expect(await at.reload()).toBe(true);
    }
    over = true;
    expect((await Promise.all(loads)).reduce((a, b) => a + b)).toBeGreaterThan(100);
    expect(failed).toEqual([]);
    for (const text of await Promise.all(texts)) expect(text).toMatch(/data: \[DONE\]\n\n$/);
  });
  test('lets a stream of an instance that is gone run to its end', async () => {
    const at = await start();
    let finish: (() => void) | undefined;
    const until = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const begun = sse(role, chunk({ content: 'Hel' }));
    site.simulator.script({
      body: begun + sse(chunk({ content: 'lo' }), chunk({}, 'stop'), '[DONE]'),
      headers: { 'content-type': 'text/event-stream' },
      stall: { at: begun.length, until },
    });
    const streaming = chat(at, KEY, { stream: true });
    await site.simulator.waitForRequest();
    site.write(site.settings({ instances: { second: extra() } }));
    expect(await at.reload()).toBe(true);
    expect((await chat(at)).code).toBe('instance_not_found');
    finish?.();
    expect((await streaming).text).toMatch(/lo.*data: \[DONE\]\n\n$/s);
  });
  test('refuses a written key that is gone at once, though it was verified a moment ago', async () => {
    site.write(withKeys(KEY, OTHER_KEY));
    const at = await start();
    expect([(await chat(at, OTHER_KEY)).status, (await chat(at, OTHER_KEY)).status]).toEqual([200, 200]);
    site.write(withKeys(KEY));
    expect(await at.reload()).toBe(true);
    const before = site.simulator.requests.length;
    expect([(await chat(at, OTHER_KEY)).code, (await chat(at)).status]).toEqual(['invalid_credentials', 200]);
    expect(site.simulator.requests.length).toBe(before + 1);
  });
  test('does not begin the windows of limits anew', async () => {
    const policies = [{ allow: {}, limits: [{ requests: '1/h' }] }];
    site.write(site.settings({ policies }));
    const at = await start();
    expect((await chat(at)).status).toBe(200);
    site.write(site.settings({ policies, stream: { keepAlive: '20s' } }));
    expect(await at.reload()).toBe(true);
    expect((await chat(at)).code).toBe('rate_limit_exceeded');
  });
  test('says which keys wait for the next start', async () => {
    const at = await start();
    site.write(site.settings({ server: { port: await freePort() } }));
    expect(await at.reload()).toBe(true);
    expect(log).toMatch(/"keys":\["server\.port"\]/);
    expect((await chat(at)).status).toBe(200);
  });
  test('is made when the file changes, without a signal', async () => {
    served = await serveSite(site);
    site.write(site.settings({ instances: { second: extra() } }));
    await served.says(/configuration loaded/);
    expect((await call(`${served.url}/openai/second/chat/completions`, { key: KEY, body: chatBody() })).status).toBe(200);
  });
  test('is made on SIGHUP', async () => {
    served = await serveSite(site);
    served.kill('SIGHUP');
    await served.says(/configuration loaded/);
    expect((await call(served.url + CHAT, { key: KEY, body: chatBody() })).status).toBe(200);
  });
});

describe('F62: a bad reload', () => {
  const BAD: readonly (readonly [string, (settings: Readonly<Record<string, unknown>>) => string | object, RegExp])[] = [
    ['YAML that is none', () => 'plugins: [', /yaml|syntax/i],
    ['an unknown plugin', (s) => ({ ...s, plugins: ['@acme/is-nowhere'] }), /plugin_missing/],
    ['an unknown key', (s) => ({ ...s, sevrer: { port: 0 } }), /unknown_key/],
    ['a secret that is not there', (s) => ({ ...s, auth: [{ use: 'api-key', pepper: '${NOT_SET_ANYWHERE}' }] }), /NOT_SET_ANYWHERE/],
    ['a wrong scope', (s) => ({ ...s, auth: [{ use: 'api-key', keys: [{ name: 'x', key: OTHER_KEY, scopes: ['root'] }] }] }), /scopes/],
    ['two listeners at one address', (s) => ({ ...s, server: { port: 4_000 }, ops: { port: 4_000 } }), /listener_clash/],
    ['no authentication', (s) => ({ ...s, auth: undefined }), /auth_missing/],
    ['nothing', () => '', /config_empty|auth_missing|missing|empty/],
  ];
  test.each(BAD)('(%s) changes nothing but the metric and the log', async (_name, spoil, said) => {
    const at = await start();
    const metric = async () => /^llm_proxy_config_reload_success (\d)$/m.exec(await at.metrics.text())?.[1];
    expect(await metric()).toBe('1');
    site.write(spoil(site.settings()));
    log = '';
    expect(await at.reload()).toBe(false);
    expect([await metric(), (await chat(at)).status]).toEqual(['0', 200]);
    expect(log).toMatch(said);
    expect(log).not.toContain(OTHER_KEY);
    expect(log).not.toContain(PROVIDER_KEY);
    site.write(site.settings());
    expect([await at.reload(), await metric()]).toEqual([true, '1']);
  });
  test('names the place in the file and not what stands there', async () => {
    const at = await start();
    site.write(`${JSON.stringify(site.settings())}`.replace('"ops"', '"oops"'));
    log = '';
    expect(await at.reload()).toBe(false);
    expect(log).toMatch(/"line":1,"column":\d+/);
  });
  test('leaves streams alone', async () => {
    const at = await start();
    site.simulator.script({ delayChunk: 30 });
    const streaming = chat(at, KEY, { stream: true });
    await site.simulator.waitForRequest();
    site.write('plugins: [');
    expect(await at.reload()).toBe(false);
    expect((await streaming).text).toMatch(/data: \[DONE\]\n\n$/);
  });
});

describe('what a plugin counts and how its instances are', () => {
  const house = (url: string) =>
    site.settings({
      plugins: [...(site.settings().plugins as string[]), HOUSE],
      instances: { main: { ...extra(), provider: 'house', baseUrl: url } },
    });
  test('is shown from the first call on, and goes on over a reload', async () => {
    site.write(house(site.simulator.url));
    const at = await start();
    const signed = async () => /^house_signed_total (\d+)$/m.exec(await at.metrics.text())?.[1];
    await chat(at);
    expect(await signed()).toBe('1');
    expect(await at.reload()).toBe(true);
    await chat(at);
    expect(await signed()).toBe('2');
  });
  test('one that refuses its probe is shown as failed, and the gateway stays ready', async () => {
    site.write(house(site.simulator.url));
    const at = await start({ probeEveryMs: 50 });
    const probed = () => site.simulator.waitForRequest((r) => r.path === '/probe');
    const state = async () => JSON.parse((await call(`${at.urls.ops}/ready`)).text) as { status: string; instances: Record<string, string> };
    site.simulator.script({ status: 200, when: (r) => r.path === '/probe', times: 2 });
    await probed();
    await expect.poll(state).toEqual({ status: 'ready', reasons: [], instances: { main: 'ok' } });
    expect(await at.metrics.text()).toContain('health_check_status{instance="main"} 1');
    await probed();
    await probed();
    await expect.poll(state).toEqual({ status: 'ready', reasons: [], instances: { main: 'failed' } });
    expect(await at.metrics.text()).toContain('health_check_status{instance="main"} 0');
    expect((await call(`${at.urls.server}/ready`)).text).not.toContain('main');
  });
});

describe('a store that another process has locked at the start', () => {
  test('is waited for: not ready, valid keys 503, then served without a restart', async () => {
    const auth = [{ use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef' }];
    site.write(site.settings({ auth }));
    const first = await start();
    const create = first.graph.admin.find((a) => a.operation.name === 'keys.create');
    if (create === undefined) throw new Error('no keys.create');
    const caller = { id: 't', owner: 't', strategy: 't', credential: 't', groups: [], scopes: ['admin'], factor: 'none' } as const;
    const { key } = (await create.operation.run({ name: 'stored' }, caller, create.host)) as { key: string };
    await first.close();
    const holder = new DatabaseSync(join(site.folder, 'store.db'));
    holder.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE held (x)');
    const at = await start();
    const ready = async () => {
      const { status, text } = await call(`${at.urls.ops}/ready`);
      return [status, (JSON.parse(text) as { reasons: string[] }).reasons];
    };
    expect(await ready()).toEqual([503, ['store']]);
    const refused = await chat(at, key);
    expect([refused.status, refused.code]).toEqual([503, 'auth_unavailable']);
    holder.exec('ROLLBACK');
    holder.close();
    await expect.poll(ready, { timeout: 10_000 }).toEqual([200, []]);
    await expect.poll(async () => (await chat(at, key)).status, { timeout: 10_000 }).toBe(200);
  });
});

test('an instance added by a reload is called at its own address', async () => {
  const simulator = await openaiSimulator({ keys: [PROVIDER_KEY] });
  try {
    const at = await start();
    site.write(
      site.settings({ instances: { main: { ...extra(), baseUrl: simulator.url } }, models: [{ name: MODEL, targets: [{ instance: 'main', model: MODEL }] }] }),
    );
    expect(await at.reload()).toBe(true);
    expect([(await chat(at)).status, simulator.requests.length, site.simulator.requests.length]).toEqual([200, 1, 0]);
  } finally {
    await simulator.close();
  }
});
