import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chunk, role, sse } from './support/answers.ts';
import { KEY, openSite, type Served, type Site, serveSite } from './support/file-gateway.ts';
import { chat, SMALL } from './support/limited.ts';
import { cpuSeconds, forgetPeak, memoryOf } from './support/process.ts';
import { answersIn, ask } from './support/raw.ts';
import { openHttp1, type Visitor } from './support/visitor.ts';

// What hostile callers cost is read of a gateway in a process of its own: client and provider would count too.
const MIB = 1024 * 1024;
const CHAT = '/openai/main/v1/chat/completions';
const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
const LIMIT = 4 * MIB;
let site: Site;
let at: Served;
beforeEach(async () => {
  site = await openSite();
  const { plugins, instances } = site.settings() as { readonly plugins: readonly string[]; readonly instances: { readonly main: object } };
  site.write(
    site.settings({
      plugins: [...plugins, '@llm-proxy-auth/dialect-anthropic'],
      server: { port: 0, bodyLimit: '4MiB' },
      instances: { main: { ...instances.main, timeouts: { clientStall: '2s' } } },
    }),
  );
  at = await serveSite(site, { measured: true });
});
afterEach(async () => {
  at.kill('SIGKILL');
  await at.ended;
  await site.close();
});
const pid = (): number => at.child.pid ?? 0;

describe('A098: 100,000 keys like integers', () => {
  const keys = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [String(i), 1]));
  const FILE = [{ type: 'message', role: 'user', content: [{ type: 'input_file', file_id: 'file-of-somebody' }] }];
  const CALLS: readonly (readonly [name: string, path: string, body: string, status: number])[] = [
    ['a chat that passes', CHAT, chat(SMALL, { metadata: keys }), 400],
    ['a body that names ids', '/openai/main/v1/responses', JSON.stringify({ model: SMALL, input: FILE, metadata: keys }), 404],
    ['transparent mode', '/transparent/main/v1/chat/completions', chat(SMALL, { metadata: keys }), 400],
    [
      'a chat that is translated',
      '/anthropic/main/v1/messages',
      chat(SMALL, { max_tokens: 10, tools: [{ name: 'f', input_schema: { type: 'object', properties: keys } }] }),
      400,
    ],
  ];
  test.each(CALLS)('%s: less than 100 ms of work', async (_name, path, body, status) => {
    const costs: number[] = [];
    // The first are read by code that is not compiled yet.
    for (let turn = 0; turn < 8; turn++) {
      site.simulator.script({ status: 400 });
      const before = cpuSeconds(pid()) ?? 0;
      expect((await ask(at.url, { path, headers, body })).status).toBe(status);
      costs.push((cpuSeconds(pid()) ?? 0) - before);
      // Seen to be little, or so much that no compiler makes it little.
      if (Math.min(...costs) < 0.1 || Math.max(...costs) > 2) break;
    }
    expect(Math.min(...costs)).toBeLessThan(0.1);
  });
});

test('A092: 16 bodies over the limit at once are held by no more than three times the limit each', async () => {
  const connections = 16;
  const piece = Buffer.from(`10000\r\n${' '.repeat(65_536)}\r\n`);
  /** Sends eight times the limit in chunks, or as much of it as is taken. */
  const flood = (): Promise<string> =>
    new Promise((resolve) => {
      const { hostname, port } = new URL(at.url);
      const socket = connect(Number(port), hostname);
      let said = '';
      let left = (8 * LIMIT) / 65_536;
      const more = (): void => {
        while (left > 0 && socket.writable) {
          left--;
          if (!socket.write(piece)) return void socket.once('drain', more);
        }
      };
      socket.on('data', (bytes: Buffer) => {
        said += bytes.toString();
      });
      socket.on('error', () => socket.destroy()).on('close', () => resolve(said));
      socket.write(`POST ${CHAT} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`);
      more();
    });
  await flood();
  const before = memoryOf(pid())?.now ?? 0;
  forgetPeak(pid());
  const answers = await Promise.all(Array.from({ length: connections }, flood));
  expect(answers.flatMap((said) => answersIn(said).map(({ status }) => status))).toEqual(Array.from({ length: connections }, () => 413));
  expect((memoryOf(pid())?.peak ?? 0) - before).toBeLessThan(3 * LIMIT * connections);
});

test('F05: clients that never read hold 2 MiB each at most, are cut, and their provider is let go', async () => {
  const clients = 20;
  const body = sse(role) + sse(chunk({ content: 'x'.repeat(100_000) })).repeat(200);
  const call = { path: CHAT, headers, body: chat(SMALL, { stream: true }) };
  const stalled = async (): Promise<Visitor> => {
    const visitor = await openHttp1(at.url, call);
    visitor.stopReading();
    return visitor;
  };
  site.simulator.script({ headers: { 'content-type': 'text/event-stream' }, body, rechunk: { size: 65_536 }, times: clients + 1 });
  expect((await ask(at.url, call)).status).toBe(200);
  const before = memoryOf(pid())?.now ?? 0;
  forgetPeak(pid());
  const visitors = await Promise.all(Array.from({ length: clients }, stalled));
  for (const _ of visitors) expect((await site.simulator.waitForAbort()).bytesSent).toBeLessThan(body.length);
  expect(((memoryOf(pid())?.peak ?? 0) - before) / clients).toBeLessThan(2 * MIB);
  for (const visitor of visitors) visitor.leave();
  const inflight = async (): Promise<string | undefined> => {
    const text = await (await fetch(`${at.ops}/metrics`)).text();
    return /^llm_proxy_inflight\{[^}]*instance="main"[^}]*\} (\d+)$/m.exec(text)?.[1];
  };
  await expect.poll(inflight).toBe('0');
});
