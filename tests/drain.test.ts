import { Agent } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chunk, role, sse } from './support/answers.ts';
import { CHAT, call, chatBody } from './support/effects/effect.ts';
import { KEY, linesOf, openSite, type Served, type Site, serveSite } from './support/file-gateway.ts';

let site: Site;
let served: Served | undefined;
const agents: Agent[] = [];
beforeEach(async () => {
  site = await openSite();
});
afterEach(async () => {
  served?.kill('SIGKILL');
  await served?.ended;
  served = undefined;
  await Promise.all(agents.splice(0).map((a) => a.destroy()));
  await site.close();
});
const client = (): Agent => {
  const agent = new Agent();
  agents.push(agent);
  return agent;
};
const start = async (drain: object): Promise<Served> => {
  site.write(site.settings({ server: { port: 0, drain } }));
  served = await serveSite(site);
  return served;
};
const chat = (at: Served, more: object = {}, dispatcher = client()) => call(at.url + CHAT, { key: KEY, body: chatBody(more), dispatcher });
const streams = { headers: { 'content-type': 'text/event-stream' } };
const begun = sse(role, chunk({ content: 'Hel' }));
const rest = sse(chunk({ content: 'lo' }), chunk({}, 'stop'), '[DONE]');

test('SIGTERM with 100 streams open: none fails, readiness flips, new calls are served for the delay and then refused, exit 0', async () => {
  const at = await start({ delay: '1s', deadline: '20s' });
  let finish: (() => void) | undefined;
  const until = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const isStream = (r: { json(): unknown }) => (r.json() as { stream?: boolean }).stream === true;
  site.simulator.script({ ...streams, body: begun + rest, stall: { at: begun.length, until }, when: isStream, times: 100 });
  const dispatcher = client();
  const open = Array.from({ length: 100 }, () => chat(at, { stream: true }, dispatcher));
  for (let i = 0; i < 100; i++) await site.simulator.waitForRequest(isStream, 20_000);

  at.kill('SIGTERM');
  const told = performance.now();
  const probe = client();
  while ((await call(`${at.ops}/ready`, { dispatcher: probe })).status === 200 && performance.now() - told < 5_000);
  // 100 ms on a machine of its own (R7); the delay of 1 s is what it must not wait for.
  expect(performance.now() - told).toBeLessThan(700);
  const during = await chat(at);
  expect([during.status, during.headers.connection]).toEqual([200, 'close']);
  await expect
    .poll(
      () =>
        chat(at).then(
          () => 'served',
          () => 'refused',
        ),
      { timeout: 10_000, interval: 50 },
    )
    .toBe('refused');
  expect(performance.now() - told).toBeGreaterThan(900);
  finish?.();
  const answers = await Promise.all(open);
  expect(answers.filter(({ status, text }) => status !== 200 || !text.endsWith('data: [DONE]\n\n'))).toEqual([]);
  expect(await at.ended).toBe(0);
});

test('a stream that never ends gets an error event at the deadline, is recorded, and the exit code is 0', async () => {
  const at = await start({ delay: '100ms', deadline: '1s' });
  site.simulator.script({ ...streams, body: begun + rest, stall: { at: begun.length } });
  const streaming = chat(at, { stream: true });
  await site.simulator.waitForRequest();
  await expect.poll(() => site.simulator.requests[0]?.bytesSent).toBe(begun.length);
  at.kill('SIGTERM');
  const told = performance.now();
  const { status, text } = await streaming;
  const took = performance.now() - told;
  expect([status, text.includes('Hel'), /"code":"draining"/.test(text), text.includes('[DONE]')]).toEqual([200, true, true, false]);
  expect([took > 1_000, took < 5_000]).toEqual([true, true]);
  expect(await at.ended).toBe(0);
  expect(performance.now() - told).toBeLessThan(8_000);
  const line = linesOf(at).find((l) => l.code === 'draining');
  expect([line?.status, line?.principal, line?.instance]).toEqual([200, 'key:ci', 'main']);
  expect(site.simulator.requests[0]?.abortedAt).toBeGreaterThan(0);
});

test('a call without an answer at the deadline is told so with a status', async () => {
  const at = await start({ delay: '0ms', deadline: '500ms' });
  site.simulator.script({ stall: { at: 0 }, delayHead: 60_000 });
  const waiting = chat(at);
  await site.simulator.waitForRequest();
  at.kill('SIGTERM');
  const { status, code, headers } = await waiting;
  expect([status, code, headers['retry-after']]).toEqual([503, 'draining', '1']);
  expect(await at.ended).toBe(0);
});

test('without open calls it ends after the delay; liveness answers until then', async () => {
  const at = await start({ delay: '600ms', deadline: '20s' });
  at.kill('SIGTERM');
  const told = performance.now();
  expect((await call(`${at.url}/health`, { dispatcher: client() })).status).toBe(200);
  expect(await at.ended).toBe(0);
  const took = performance.now() - told;
  expect([took >= 600, took < 6_000]).toEqual([true, true]);
});

test('a second signal more than a second later ends it at once, exit code 1', async () => {
  const at = await start({ delay: '30s', deadline: '30s' });
  at.kill('SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  at.kill('SIGTERM');
  expect(await at.ended).toBe(1);
});
