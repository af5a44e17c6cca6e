import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KEY, linesOf, openSite, type Served, type Site, serveSite } from './support/file-gateway.ts';
import { PROVIDER_KEY } from './support/gateway.ts';

/** The way to a provider: shut, connections are refused; the address stays the same. */
interface Way {
  readonly url: string;
  shut(): Promise<void>;
  open(): Promise<void>;
}
const wayTo = async (url: string): Promise<Way> => {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(new URL(url).port), new URL(url).hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy()).on('close', () => sockets.delete(from));
      from.pipe(to);
    }
  });
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: url.replace(/:\d+/, `:${port}`),
    async shut() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    open: () => listen(port),
  };
};

const PROBE_MS = '1s';
let site: Site;
let at: Served;
let main: Way;
let spare: Way;
beforeEach(async () => {
  site = await openSite();
  [main, spare] = await Promise.all([wayTo(site.simulator.url), wayTo(site.simulator.url)]);
  const instance = (way: Way): object => ({ provider: 'openai', baseUrl: way.url, apiKey: PROVIDER_KEY, insecureUpstream: true });
  site.write(site.settings({ instances: { main: instance(main), spare: instance(spare) }, breaker: { probeAfter: PROBE_MS } }));
  at = await serveSite(site);
});
afterEach(async () => {
  at.kill('SIGKILL');
  await at.ended;
  await Promise.all([main.shut(), spare.shut()]);
  await site.close();
});
const chat = async (instance: string): Promise<string> => {
  const answer = await fetch(`${at.url}/openai/${instance}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] }),
  });
  await answer.arrayBuffer();
  return [answer.status, answer.headers.get('x-lpa-code') ?? ''].join(' ').trim();
};
const probes = async (): Promise<readonly number[]> => Promise.all(['health', 'ready'].map(async (path) => (await fetch(`${at.ops}/${path}`)).status));
const degraded = async (): Promise<readonly string[]> => {
  const { instances } = (await (await fetch(`${at.ops}/ready`)).json()) as { readonly instances: Readonly<Record<string, string>> };
  return Object.keys(instances).filter((name) => instances[name] === 'degraded');
};
const UNREACHABLE = '502 upstream_unreachable';
const LEFT_ALONE = '503 upstream_overloaded';

describe('providers that refuse connections', () => {
  test('F36 one is down: the gateway stays ready, and the others are served without a failure', async () => {
    await spare.shut();
    const [down, ...up] = await Promise.all([chat('spare'), ...Array.from({ length: 30 }, () => chat('main'))]);
    expect(down).toBe(UNREACHABLE);
    expect(new Set(up)).toEqual(new Set(['200']));
    expect(await probes()).toEqual([200, 200]);
    for (let n = 0; n < 5; n++) await chat('spare');
    expect([await probes(), await degraded()]).toEqual([[200, 200], ['spare']]);
    await spare.open();
    await expect.poll(() => chat('spare'), { interval: 25, timeout: 10_000 }).toBe('200');
    expect(await degraded()).toEqual([]);
  });

  test('F37 all are down: alive throughout, refused at once and without asking, served again within the time until one is let through', async () => {
    expect([await chat('main'), await chat('spare')]).toEqual(['200', '200']);
    await Promise.all([main.shut(), spare.shut()]);
    const waited: number[] = [];
    const seen = { main: [] as string[], spare: [] as string[] };
    for (let n = 0; n < 20; n++) {
      const started = performance.now();
      const [a, b, alive] = await Promise.all([chat('main'), chat('spare'), probes()]);
      waited.push(performance.now() - started);
      expect(alive).toEqual([200, 200]);
      seen.main.push(a);
      seen.spare.push(b);
    }
    // Five failures, some of them the second tries of a call; after them a call in a second is let through, and finds nobody.
    for (const codes of Object.values(seen)) expect([codes[0], new Set(codes)]).toEqual([UNREACHABLE, new Set([UNREACHABLE, LEFT_ALONE])]);
    for (const codes of Object.values(seen)) expect(codes.slice(0, 5)).toContain(LEFT_ALONE);
    expect(await (await fetch(`${at.ops}/metrics`)).text()).toMatch(/llm_proxy_breaker_state\{instance="main"\} [12]/);
    // One that hangs would wait for a time-out of 5 s and more; the middle says so on a busy machine too.
    expect(waited.toSorted((a, b) => a - b)[10]).toBeLessThan(2500);
    await Promise.all([main.open(), spare.open()]);
    const back = performance.now();
    for (const name of ['main', 'spare']) await expect.poll(() => chat(name), { interval: 25, timeout: 10_000 }).toBe('200');
    // One interval and its fifth, and what a busy machine adds.
    expect(performance.now() - back).toBeLessThan(2_500);
    await expect.poll(async () => (await fetch(`${at.ops}/metrics`)).text()).toMatch(/llm_proxy_breaker_state\{instance="main"\} 0/);
    expect(
      linesOf(at)
        .filter(({ msg }) => msg === 'the provider failed too often and is left alone')
        .map(({ instance }) => instance),
    ).toContain('main');
    expect(at.child.exitCode).toBeNull();
  });
});
