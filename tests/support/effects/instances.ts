import { once } from 'node:events';
import { createServer, type RequestListener, request } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { openaiSimulator } from '@llm-proxy-auth/simulators';
import { expect } from 'vitest';
import { chunk, completion, role, sse, usageChunk } from '../answers.ts';
import { type Bench, PROVIDER_KEY } from '../gateway.ts';
import { CHAT, call, chat, chatBody, type Effects, MODEL, pem, type Stage, withHouse } from './effect.ts';

const events = { headers: { 'content-type': 'text/event-stream' } };
const started = sse(role, chunk({ content: 'Hel' }));
/** A stream that says something and then nothing more. */
const stalling = { ...events, body: started + sse(chunk({ content: 'lo' })), stall: { at: started.length } };

/** An HTTPS server that answers every chat; with a CA it wants a certificate of it. */
const secure = async (stage: Stage, clientCa?: string): Promise<string> => {
  const answer: RequestListener = (_request, response) => void response.setHeader('content-type', 'application/json').end(JSON.stringify(completion({})));
  const wants = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true };
  const server = createSecureServer({ cert: pem('server'), key: pem('server-key'), ...wants }, answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stage.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `https://localhost:${(server.address() as AddressInfo).port}/v1`;
};
/** Something that takes connections and never says a word. */
const silent = async (stage: Stage): Promise<string> => {
  const server = net.createServer(() => undefined).listen(0, '127.0.0.1');
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket) => void sockets.add(socket.on('error', () => undefined)));
  await once(server, 'listening');
  stage.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
};
/** A proxy that tunnels and forwards, and what it was asked to reach. */
const proxy = async (stage: Stage): Promise<{ readonly url: string; readonly reached: string[] }> => {
  const reached: string[] = [];
  const server = createServer().listen(0, '127.0.0.1');
  server.on('connect', (asked, client) => {
    reached.push(asked.url ?? '');
    const [host = '', port = ''] = (asked.url ?? '').split(':');
    const upstream = net.connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    stage.after(() => upstream.destroy());
  });
  server.on('request', (incoming, answer) => {
    const target = incoming.url ?? '';
    reached.push(target);
    const upstream = request(target, { method: incoming.method ?? 'GET', headers: incoming.headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    incoming.pipe(upstream);
  });
  await once(server, 'listening');
  stage.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, reached };
};
const native = (bench: Bench, path: string, more: Parameters<typeof call>[1] = {}) => call(`${bench.url}/transparent${path}`, { key: bench.key, ...more });
const second = (bench: { readonly url: string }) => ({ provider: 'openai', baseUrl: bench.url, apiKey: PROVIDER_KEY, insecureUpstream: true });
const spare = async (stage: Stage) => {
  const simulator = await openaiSimulator({ keys: [PROVIDER_KEY] });
  stage.after(() => simulator.close());
  return simulator;
};

export const instances: Effects = {
  async 'instances.*.provider'({ open }) {
    const bench = await open({ ...withHouse, main: { provider: 'house' } });
    const answer = await chat(bench);
    expect([answer.status, answer.headers['x-lpa-provider']]).toEqual([200, 'house']);
  },
  async 'instances.*.insecureUpstream'({ open, refused }) {
    expect(await refused({ main: { insecureUpstream: false } })).toEqual(['unsafe_url']);
    expect((await chat(await open({ main: { insecureUpstream: true } }))).status).toBe(200);
  },
  async 'instances.*.timeouts.connect'(stage) {
    const bench = await stage.open({ main: { baseUrl: await silent(stage), timeouts: { connect: '200ms' } } });
    const began = performance.now();
    const { status, code } = await chat(bench);
    expect([status, code, performance.now() - began < 4_000]).toEqual([502, 'upstream_unreachable', true]);
  },
  async 'instances.*.timeouts.firstByte'({ open }) {
    const bench = await open({ main: { timeouts: { firstByte: '200ms' } } });
    for (const fault of [{ delayHead: 5_000 }, { ...stalling, stall: { at: 0 } }]) {
      bench.simulator.script(fault);
      const { status, code } = await chat(bench, { stream: true });
      expect([status, code]).toEqual([504, 'upstream_timeout']);
    }
    bench.simulator.script({ delayHead: 400 });
    expect((await chat(bench)).status).toBe(200);
  },
  async 'instances.*.timeouts.idle'({ open }) {
    const bench = await open({ main: { timeouts: { idle: '200ms' } } });
    bench.simulator.script(stalling);
    const { status, text } = await chat(bench, { stream: true });
    expect([status, text.includes('Hel'), text.includes('upstream_timeout')]).toEqual([200, true, true]);
  },
  async 'instances.*.timeouts.total'({ open }) {
    const bench = await open({ main: { timeouts: { total: '200ms' } } });
    bench.simulator.script({ delayHead: 5_000 });
    const { status, code } = await chat(bench);
    expect([status, code]).toEqual([504, 'upstream_timeout']);
  },
  async 'instances.*.timeouts.clientStall'(stage) {
    const bench = await stage.open({ main: { timeouts: { clientStall: '300ms' } } });
    bench.simulator.script({ body: Buffer.alloc(64 * 1024 * 1024), headers: { 'content-type': 'application/octet-stream' } });
    const { hostname, port, host } = new URL(bench.url);
    const socket = net.connect(Number(port), hostname).on('error', () => undefined);
    stage.after(() => socket.destroy());
    socket.pause();
    socket.write(`GET /transparent/main/v1/models HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${bench.key}\r\n\r\n`);
    await bench.simulator.waitForAbort();
    expect((await bench.line((l) => l.route === '/transparent/{instance}/*')).code).not.toBe('');
  },
  async 'instances.*.default'(stage) {
    const simulator = await spare(stage);
    const both = { spare: { ...second(simulator), default: true } };
    const bench = await stage.open({ instances: both });
    expect((await native(bench, '/openai/v1/models')).headers['x-lpa-instance']).toBe('spare');
    const without = await stage.open({ instances: { spare: second(simulator) } });
    expect((await native(without, '/openai/v1/models')).code).toBe('instance_not_found');
  },
  async 'instances.*.tags.*'(stage) {
    const simulator = await spare(stage);
    const bench = await stage.open({
      main: { tags: { residency: 'us' } },
      instances: { eu: { ...second(simulator), tags: { residency: 'eu' } } },
      sections: { policies: [{ allow: { tags: { residency: 'eu' } } }] },
    });
    expect([(await chat(bench)).code, (await call(`${bench.url}/openai/eu/chat/completions`, { key: bench.key, body: chatBody() })).status]).toEqual([
      'instance_not_allowed',
      200,
    ]);
  },
  async 'instances.*.models'({ open }) {
    const bench = await open({ main: { models: ['one', 'two'] } });
    const { text } = await call(`${bench.url}/openai/main/v1/models`, { key: bench.key });
    expect((JSON.parse(text) as { data: { id: string }[] }).data.map((m) => m.id)).toEqual(['one', 'two']);
    expect(bench.simulator.requests).toEqual([]);
  },
  async 'instances.*.ca'(stage) {
    const baseUrl = await secure(stage);
    const [trusting, other] = [await stage.open({ main: { baseUrl, ca: pem('server') } }), await stage.open({ main: { baseUrl } })];
    expect([(await chat(trusting)).status, (await chat(other)).code]).toEqual([200, 'upstream_unreachable']);
  },
  async 'instances.*.clientCertificate.cert'(stage) {
    const main = { baseUrl: await secure(stage, pem('ca')), ca: pem('server') };
    const known = await stage.open({ main: { ...main, clientCertificate: { cert: pem('client'), key: pem('client-key') } } });
    const stranger = await stage.open({ main: { ...main, clientCertificate: { cert: pem('stranger'), key: pem('stranger-key') } } });
    expect([(await chat(known)).status, (await chat(stranger)).status]).toEqual([200, 502]);
  },
  async 'instances.*.clientCertificate.key'(stage) {
    const main = { baseUrl: await secure(stage, pem('ca')), ca: pem('server') };
    const wrong = await stage.open({ main: { ...main, clientCertificate: { cert: pem('client'), key: pem('stranger-key') } } });
    expect((await chat(wrong)).status).toBe(502);
  },
  async 'instances.*.proxy'(stage) {
    const { url, reached } = await proxy(stage);
    const baseUrl = await secure(stage);
    const tunnelled = await stage.open({ main: { proxy: url, baseUrl, ca: pem('server') } });
    expect((await chat(tunnelled)).status).toBe(200);
    const plain = await stage.open({ main: { proxy: url } });
    expect((await chat(plain)).status).toBe(200);
    expect(reached).toEqual([new URL(baseUrl).host, `${plain.simulator.url}/chat/completions`]);
  },
  async 'instances.*.onDisconnect'({ open }) {
    const leave = async (bench: Bench): Promise<void> => {
      const gone = new AbortController();
      let end: (() => void) | undefined;
      const until = new Promise<void>((resolve) => {
        end = resolve;
      });
      bench.simulator.script({ ...events, body: started + sse(chunk({}, 'stop'), usageChunk, '[DONE]'), stall: { at: started.length, until } });
      const answer = await fetch(bench.url + CHAT, {
        method: 'POST',
        signal: gone.signal,
        headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
        body: JSON.stringify(chatBody({ stream: true })),
      });
      await answer.body?.getReader().read();
      gone.abort();
      if (bench === draining) await new Promise((resolve) => setTimeout(resolve, 200));
      else await bench.simulator.waitForAbort();
      end?.();
      await bench.line((l) => String(l.route).includes('chat/completions'));
    };
    const [aborting, draining] = [await open(), await open({ main: { onDisconnect: 'drain' } })];
    await leave(aborting);
    await leave(draining);
    const counted = async (bench: Bench) => /llm_proxy_tokens_total\{instance="main",type="output"\} 2/.test(await bench.gateway.metrics.text());
    expect([await counted(aborting), await counted(draining)]).toEqual([false, true]);
    expect(draining.simulator.requests[0]?.progress).toBe('ended');
  },
  async 'instances.*.forwardHeaders'({ open, refused }) {
    const sent = { headers: { 'x-team': 'blue' } };
    const [forwarding, other] = [await open({ main: { forwardHeaders: ['x-team'] } }), await open()];
    await chat(forwarding, {}, sent);
    await chat(other, {}, sent);
    expect([forwarding, other].map((b) => b.simulator.requests[0]?.header('x-team'))).toEqual(['blue', undefined]);
    expect(await refused({ main: { forwardHeaders: ['authorization'] } })).toEqual(['header_refused']);
  },
  async 'instances.*.aliases'({ open }) {
    const models = [{ name: 'fast', targets: [{ instance: 'main', model: MODEL }] }];
    const body = chatBody({ model: 'fast' });
    const [on, off] = [await open({ main: { aliases: true }, sections: { models } }), await open({ main: { aliases: false }, sections: { models } })];
    const path = '/main/v1/chat/completions';
    expect([(await native(on, path, { body })).status, (await native(off, path, { body })).status]).toEqual([200, 404]);
    expect([on, off].map((b) => b.simulator.requests.map((r) => (r.json() as { model: string }).model))).toEqual([[MODEL], ['fast']]);
  },
  async 'instances.*.control'({ open }) {
    const sections = { policies: [{ allow: { classes: ['control'] } }] };
    const [on, off] = [await open({ main: { control: true }, sections }), await open({ sections })];
    await native(on, '/main/v1/fine_tuning/jobs');
    expect((await native(off, '/main/v1/fine_tuning/jobs')).code).toBe('operation_not_allowed');
    expect([on.simulator.requests.length, off.simulator.requests.length]).toEqual([1, 0]);
  },
};

/** Keys of `provider: openai`. */
export const openai: Effects = {
  async 'instances.*.baseUrl'(stage) {
    const simulator = await spare(stage);
    const bench = await stage.open({ main: { baseUrl: simulator.url } });
    expect([(await chat(bench)).status, simulator.requests.length, bench.simulator.requests.length]).toEqual([200, 1, 0]);
  },
  async 'instances.*.apiKey'({ open }) {
    const bench = await open({ main: { apiKey: 'sk-of-somebody-else' } });
    expect((await chat(bench)).code).toBe('upstream_auth_failed');
    expect(bench.simulator.requests[0]?.header('authorization')).toBe('Bearer sk-of-somebody-else');
  },
  async 'instances.*.organization'({ open }) {
    const bench = await open({ main: { organization: 'org-acme' } });
    await chat(bench);
    expect(bench.simulator.requests[0]?.header('openai-organization')).toBe('org-acme');
  },
  async 'instances.*.project'({ open }) {
    const bench = await open({ main: { project: 'proj_acme' } });
    await chat(bench);
    expect(bench.simulator.requests[0]?.header('openai-project')).toBe('proj_acme');
  },
};
