import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { certificateAuthority } from '@llm-proxy-auth/simulators';
import { Agent } from 'undici';
import { expect } from 'vitest';
import { chunk, role, sse } from '../answers.ts';
import type { Bench } from '../gateway.ts';
import { CHAT, call, chat, chatBody, type Effects, MODEL, pem, type Stage, trusting, withHouse } from './effect.ts';

export const freePort = async (): Promise<number> => {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
};
const server = (keys: object) => ({ sections: { server: { port: 0, ...keys } } });
const tls = (keys: object = {}) => ({ port: 0, cert: pem('server'), key: pem('server-key'), ...keys });
const plainTls = (keys: object = {}) => ({ cert: pem('server'), key: pem('server-key'), ...keys });
const admin = (keys: object) => ({ sections: { admin: { port: 0, ...keys } } });
const ops = (keys: object) => ({ sections: { ops: { port: 0, ...keys } } });
const isRefused = async (url: string): Promise<boolean> =>
  call(url).then(
    () => false,
    () => true,
  );
/** Writes pieces to the gateway and returns all that comes back until it closes the connection. */
const rawly = async (bench: Bench, first: string, every?: { readonly ms: number; readonly piece: string }): Promise<string> => {
  const { port, hostname } = new URL(bench.url);
  const socket: Socket = net.connect(Number(port), hostname);
  let text = '';
  socket.on('data', (piece) => {
    text += piece.toString('latin1');
  });
  socket.on('error', () => undefined);
  socket.write(first);
  const timer = every === undefined ? undefined : setInterval(() => socket.write(every.piece), every.ms);
  await once(socket, 'close');
  clearInterval(timer);
  return text;
};
const head = (bench: Bench, more: string): string =>
  `POST ${CHAT} HTTP/1.1\r\nhost: ${new URL(bench.url).host}\r\nauthorization: Bearer ${bench.key}\r\ncontent-type: application/json\r\n${more}`;
const endless = (bench: Bench): void => {
  const text = sse(role, chunk({ content: 'Hel' }));
  bench.simulator.script({ body: text + sse(chunk({ content: 'lo' })), headers: { 'content-type': 'text/event-stream' }, stall: { at: text.length } });
};
/** HTTPS on a listener: with the CA it is trusted, without TLS settings it speaks plainly. */
const speaksTls = async (stage: Stage, url: string | undefined, path: string): Promise<void> => {
  expect(url).toMatch(/^https:/);
  expect((await call(`${url}${path}`, { dispatcher: trusting(stage) })).status).toBeLessThan(500);
};
/** Only a certificate of the CA opens the listener. */
const wantsCertificate = async (stage: Stage, url: string | undefined, path: string): Promise<void> => {
  const answers = await Promise.allSettled(
    [undefined, 'stranger', 'client'].map((name) => call(`${url}${path}`, { dispatcher: trusting(stage, name) }).then(({ status }) => status < 500)),
  );
  expect(answers.map((a) => (a.status === 'fulfilled' ? a.value : 'closed'))).toEqual(['closed', 'closed', true]);
};

/** A certificate on the list is none: whoever shows it is answered like somebody without. `ask` gives what is told of an answer. */
const knowsRevoked = async (
  stage: Stage,
  openAt: (keys: { readonly clientCa: string; readonly clientCrl: string }) => Promise<string | undefined>,
  ask: (url: string, dispatcher: Agent) => Promise<unknown>,
): Promise<readonly unknown[]> => {
  const authority = certificateAuthority();
  const [good, revoked] = [authority.issue(), authority.issue()];
  const url = await openAt({ clientCa: authority.pem, clientCrl: authority.revoke({ revoked: [revoked.pem] }) });
  const answers: unknown[] = [];
  for (const { pem: cert, key } of [good, revoked]) {
    const dispatcher = new Agent({ connect: { ca: pem('server'), cert, key } });
    stage.after(() => dispatcher.close());
    answers.push(await ask(url ?? '', dispatcher).catch(() => 'closed'));
  }
  return answers;
};

export const listeners: Effects = {
  async 'server.host'({ open }) {
    const bench = await open(server({ host: '127.0.0.2' }));
    const { port, hostname } = new URL(bench.url);
    expect([hostname, await isRefused(`http://127.0.0.1:${port}/health`), (await chat(bench)).status]).toEqual(['127.0.0.2', true, 200]);
  },
  async 'server.port'({ open }) {
    const port = await freePort();
    await open(server({ port }));
    expect((await call(`http://127.0.0.1:${port}/health`)).status).toBe(200);
  },
  async 'server.tls.port'(stage) {
    const port = await freePort();
    const bench = await stage.open(server({ tls: tls({ port }) }));
    expect(bench.gateway.urls.tls).toBe(`https://127.0.0.1:${port}`);
    await speaksTls(stage, bench.gateway.urls.tls, '/health');
  },
  async 'server.tls.cert'(stage) {
    const bench = await stage.open(server({ tls: tls() }));
    await speaksTls(stage, bench.gateway.urls.tls, '/health');
    expect(await stage.refused(server({ tls: tls({ cert: undefined }) }))).toEqual(['tls_incomplete']);
  },
  async 'server.tls.key'(stage) {
    await expect(stage.open(server({ tls: tls({ key: pem('second-key') }) }))).rejects.toThrow();
    const bench = await stage.open(server({ tls: tls({ cert: pem('second'), key: pem('second-key') }) }));
    await expect(call(`${bench.gateway.urls.tls}/health`, { dispatcher: trusting(stage) })).rejects.toThrow();
  },
  async 'server.tls.clientCa'(stage) {
    const at = (clientCa: string) => ({
      ...withHouse,
      sections: { auth: [{ use: 'api-key' }, { use: 'house' }], server: { port: 0, tls: tls({ clientCa }) } },
    });
    const url = (await stage.open(at(pem('ca')))).gateway.urls.tls;
    const statuses = [undefined, 'stranger', 'client'].map(
      async (name) => (await call(`${url}/openai/main/v1/models`, { dispatcher: trusting(stage, name) })).status,
    );
    expect(await Promise.all(statuses)).toEqual([401, 401, 200]);
  },
  async 'server.tls.clientCrl'(stage) {
    const statuses = await knowsRevoked(
      stage,
      async (keys) => {
        const sections = { auth: [{ use: 'api-key' }, { use: 'house' }], server: { port: 0, tls: tls(keys) } };
        return (await stage.open({ ...withHouse, sections })).gateway.urls.tls;
      },
      async (url, dispatcher) => (await call(`${url}/openai/main/v1/models`, { dispatcher })).status,
    );
    expect(statuses).toEqual([200, 401]);
  },
  async 'server.trustedProxies'({ open }) {
    const bench = await open(server({ trustedProxies: ['127.0.0.1/32'] }));
    const key = await bench.makeKey({ cidr: ['10.0.0.0/8'] });
    const from = (address: string) => chat(bench, {}, { key, headers: { 'x-forwarded-for': address } });
    expect([(await from('10.1.2.3')).status, (await from('11.1.2.3')).code]).toEqual([200, 'address_not_allowed']);
    const without = await open();
    const other = await without.makeKey({ cidr: ['10.0.0.0/8'] });
    expect((await chat(without, {}, { key: other, headers: { 'x-forwarded-for': '10.1.2.3' } })).code).toBe('address_not_allowed');
  },
  async 'server.bodyLimit'({ open }) {
    const bench = await open(server({ bodyLimit: '1KiB' }));
    expect([(await chat(bench)).status, (await chat(bench, { user: 'u'.repeat(1024) })).code]).toEqual([200, 'body_too_large']);
  },
  async 'server.maxDepth'({ open }) {
    const bench = await open(server({ maxDepth: 4 }));
    const deep = { metadata: { a: { b: { c: {} } } } };
    expect([(await chat(bench)).status, (await chat(bench, deep)).code]).toEqual([200, 'invalid_request']);
  },
  async 'server.timeouts.head'({ open }) {
    const bench = await open(server({ timeouts: { head: '200ms' } }));
    expect(await rawly(bench, 'POST /v1/chat')).toMatch(/^HTTP\/1\.1 408 /);
  },
  async 'server.timeouts.body'({ open }) {
    const bench = await open(server({ timeouts: { body: '300ms' } }));
    expect(await rawly(bench, head(bench, 'content-length: 100\r\n\r\n{'))).toMatch(/^HTTP\/1\.1 408 /);
  },
  async 'server.timeouts.minRate'({ open }) {
    const bench = await open(server({ timeouts: { minRate: '1MiB' } }));
    expect(await rawly(bench, head(bench, 'content-length: 100000\r\n\r\n{'), { ms: 500, piece: ' ' })).toMatch(/^HTTP\/1\.1 408 /);
    expect(bench.simulator.requests).toEqual([]);
  },
  async 'server.drain.delay'({ open }) {
    const bench = await open(server({ drain: { delay: '3s' } }));
    const began = performance.now();
    const drained = bench.gateway.drain();
    expect([(await call(`${bench.url}/ready`)).status, (await chat(bench)).status]).toEqual([503, 200]);
    await drained;
    const took = performance.now() - began;
    expect([took >= 3_000, took < 30_000, await isRefused(`${bench.url}/health`)]).toEqual([true, true, true]);
  },
  async 'server.drain.deadline'({ open }) {
    const bench = await open(server({ drain: { delay: '0ms', deadline: '300ms' } }));
    endless(bench);
    const streaming = chat(bench, { stream: true });
    await bench.simulator.waitForRequest();
    await bench.gateway.drain();
    const { status, text, code } = await streaming;
    expect(status === 503 ? code : /"code":"draining"/.test(text) && 'draining').toBe('draining');
  },
  async 'server.cors.origins'({ open }) {
    const origin = 'https://app.example.com';
    const ask = (bench: Bench, from: string) =>
      call(bench.url + CHAT, { method: 'OPTIONS', headers: { origin: from, 'access-control-request-method': 'POST' } });
    const bench = await open(server({ cors: { origins: [origin] } }));
    expect((await ask(bench, origin)).headers['access-control-allow-origin']).toBe(origin);
    expect((await ask(bench, 'https://evil.example.com')).headers['access-control-allow-origin']).toBeUndefined();
    expect((await chat(bench, {}, { headers: { origin } })).headers['access-control-allow-origin']).toBe(origin);
    expect((await ask(await open(), origin)).headers['access-control-allow-origin']).toBeUndefined();
  },
  async 'server.reusePort'({ open }) {
    const port = await freePort();
    const both = await Promise.all([open(server({ port, reusePort: true })), open(server({ port, reusePort: true }))]);
    expect(both.map((b) => b.url)).toEqual([`http://127.0.0.1:${port}`, `http://127.0.0.1:${port}`]);
    const alone = await freePort();
    await open(server({ port: alone }));
    await expect(open(server({ port: alone }))).rejects.toThrow(/EADDRINUSE/);
  },
  async 'server.defaultDialect'({ open }) {
    const bench = await open({
      ...withHouse,
      sections: { server: { port: 0, defaultDialect: 'house' }, models: [{ name: MODEL, targets: [{ instance: 'main', model: MODEL }] }] },
    });
    for (const path of ['/v1/chat/completions', '/protocol/main/v1/chat/completions'])
      expect((await call(bench.url + path, { key: bench.key, body: chatBody() })).status).toBe(200);
    const lines = await Promise.all(['/house/v1', '/house'].map(() => bench.line((l) => l.dialect === 'house')));
    expect(lines.length).toBe(2);
    expect(bench.lines.filter((l) => l.dialect === 'openai')).toEqual([]);
  },

  async 'ops.host'({ open }) {
    const bench = await open(ops({ host: '127.0.0.2' }));
    expect([new URL(bench.gateway.urls.ops).hostname, (await call(`${bench.gateway.urls.ops}/ready`)).status]).toEqual(['127.0.0.2', 200]);
  },
  async 'ops.port'({ open }) {
    const port = await freePort();
    await open(ops({ port }));
    expect((await call(`http://127.0.0.1:${port}/metrics`)).text).toContain('llm_proxy_config_reload_success 1');
  },
  async 'ops.tls.cert'(stage) {
    await speaksTls(stage, (await stage.open(ops({ tls: plainTls() }))).gateway.urls.ops, '/metrics');
    expect(await stage.refused(ops({ tls: plainTls({ cert: undefined }) }))).toEqual(['tls_incomplete']);
  },
  async 'ops.tls.key'(stage) {
    await expect(stage.open(ops({ tls: plainTls({ key: pem('second-key') }) }))).rejects.toThrow();
  },
  async 'ops.tls.clientCa'(stage) {
    await wantsCertificate(stage, (await stage.open(ops({ tls: plainTls({ clientCa: pem('ca') }) }))).gateway.urls.ops, '/health');
  },
  async 'ops.tls.clientCrl'(stage) {
    const open = async (keys: object) => (await stage.open(ops({ tls: plainTls(keys) }))).gateway.urls.ops;
    expect(await knowsRevoked(stage, open, async (url, dispatcher) => (await call(`${url}/health`, { dispatcher })).status)).toEqual([200, 'closed']);
  },
  async pages({ open, refused }) {
    const wanted = { plugins: ['@llm-proxy-auth/pages-console'], sections: { admin: { port: 0 }, pages: [{ use: 'console' }] } };
    const at = async (one: object): Promise<number> => (await call(`${(await open(one)).gateway.urls.admin}/console`)).status;
    expect([await at(wanted), await at({ ...wanted, sections: { admin: { port: 0 } } })]).toEqual([200, 404]);
    expect(await refused({ ...wanted, sections: { pages: wanted.sections.pages } })).toEqual(['missing_key']);
  },
  async 'pages[].use'({ refused }) {
    expect(await refused({ sections: { admin: { port: 0 }, pages: [{ use: 'console' }] } })).toEqual(['unknown_kind']);
  },
  async 'admin.host'({ open }) {
    const bench = await open(admin({ host: '127.0.0.2' }));
    expect(new URL(bench.gateway.urls.admin ?? '').hostname).toBe('127.0.0.2');
    expect((await call(`${bench.gateway.urls.admin}/admin/v1/operations`)).status).toBe(401);
  },
  async 'admin.port'({ open }) {
    const port = await freePort();
    const bench = await open(admin({ port }));
    const listed = await call(`http://127.0.0.1:${port}/admin/v1/keys.list`, { key: bench.key, body: {} });
    expect([listed.status, bench.gateway.urls.admin]).toEqual([200, `http://127.0.0.1:${port}`]);
    expect((await open()).gateway.urls.admin).toBeUndefined();
  },
  async 'admin.tls.cert'(stage) {
    await speaksTls(stage, (await stage.open(admin({ tls: plainTls() }))).gateway.urls.admin, '/admin/v1/keys.list');
  },
  async 'admin.tls.key'(stage) {
    await expect(stage.open(admin({ tls: plainTls({ key: pem('second-key') }) }))).rejects.toThrow();
  },
  async 'admin.tls.clientCa'(stage) {
    await wantsCertificate(stage, (await stage.open(admin({ tls: plainTls({ clientCa: pem('ca') }) }))).gateway.urls.admin, '/admin/v1/keys.list');
  },
  async 'admin.tls.clientCrl'(stage) {
    const open = async (keys: object) => (await stage.open(admin({ tls: plainTls(keys) }))).gateway.urls.admin;
    const ask = async (url: string, dispatcher: Agent) => (await call(`${url}/admin/v1/keys.list`, { dispatcher })).status < 500;
    expect(await knowsRevoked(stage, open, ask)).toEqual([true, 'closed']);
  },
};
