import type { Principal } from '@llm-proxy-auth/plugin';
import { GatewayError } from '@llm-proxy-auth/plugin';
import { afterEach, describe, expect, test } from 'vitest';
import { createOpsApp, type Identify, type OpsApp, type Readiness } from '../src/http/ops.ts';
import { ask, closeAll, closeSessions, code, exchange, open, parseAnswer, session } from './server-clients.ts';

const apps: OpsApp[] = [];
afterEach(async () => {
  closeSessions();
  await closeAll();
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

const READY: Readiness = { ready: true, reasons: [], instances: { alpha: 'degraded' } };
const make = (state: () => Readiness = () => READY): OpsApp => {
  const app = createOpsApp({ ready: state, metrics: async () => 'up 1\n' });
  apps.push(app);
  return app;
};
const principal = (scopes: string[]): Principal => ({
  id: 'key:x',
  owner: 'x',
  strategy: 'api-key',
  credential: 'c',
  groups: [],
  scopes,
  factor: 'none',
});
const openMain = async (identify: Identify = async () => principal([])) => {
  const app = make();
  return open((request, response) => app.main(request, response, 'req_given', identify));
};

describe('ops listener', () => {
  test('health, readiness and metrics over HTTP/1.1 and HTTP/2, nothing else', async () => {
    const listener = await open(make().handler);
    const client = await session(listener);
    for (const [path, body] of [
      ['/health', '{"status":"ok"}'],
      ['/ready', '{"status":"ready","reasons":[],"instances":{"alpha":"degraded"}}'],
      ['/metrics', 'up 1\n'],
    ] as const) {
      const one = await fetch(listener.url + path);
      expect([one.status, await one.text(), one.headers.get('cache-control')]).toEqual([200, body, 'no-store']);
      expect(one.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      const two = await ask(client, { ':path': path });
      expect([two.headers[':status'], two.body]).toEqual([200, body]);
    }
    for (const path of ['/', '/admin/v1/operations', '/v1/models', '/healthz', '/health/'])
      expect([path, (await fetch(listener.url + path)).status]).toEqual([path, 404]);
  });

  test('not ready is 503 with the reasons, liveness stays 200', async () => {
    let state: Readiness = { ready: false, reasons: ['draining'] };
    const listener = await open(make(() => state).handler);
    const draining = await fetch(`${listener.url}/ready`);
    expect([draining.status, await draining.json(), draining.headers.get('x-lpa-code')]).toEqual([
      503,
      { status: 'not_ready', reasons: ['draining'] },
      'draining',
    ]);
    expect((await fetch(`${listener.url}/health`)).status).toBe(200);
    state = READY;
    expect((await fetch(`${listener.url}/ready`)).status).toBe(200);
  });

  test('errors have our envelope, the code header and the request id; the client id is echoed when it is harmless', async () => {
    const listener = await open(make().handler);
    const answer = await fetch(`${listener.url}/nothing`, { headers: { 'x-request-id': 'mine-1' } });
    expect([answer.status, answer.headers.get('x-lpa-code'), answer.headers.get('x-client-request-id')]).toEqual([404, 'unknown_route', 'mine-1']);
    expect(await answer.json()).toEqual({ error: { message: expect.any(String), type: 'not_found_error', param: null, code: 'unknown_route' } });
    expect(answer.headers.get('x-request-id')).not.toBe('mine-1');
    expect((await fetch(`${listener.url}/nothing`, { headers: { 'x-request-id': 'a b' } })).headers.get('x-client-request-id')).toBeNull();
    const post = await fetch(`${listener.url}/health`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
    expect([post.status, post.headers.get('allow'), code(await post.text())]).toEqual([405, 'GET, HEAD', 'method_not_allowed']);
  });

  const MUCH = 'x'.repeat(3_000_000);
  test.each([
    ['/nothing', 'application/json', 404, 'unknown_route'],
    ['/nothing', 'multipart/form-data; boundary=x', 404, 'unknown_route'],
    ['/health', 'text/plain', 405, 'method_not_allowed'],
  ])('%s as %s is answered before its body, however large that is', async (path, type, status, expected) => {
    const listener = await open(make().handler);
    const head = `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\n`;
    for (const [framing, body] of [
      [`content-length: ${MUCH.length}`, MUCH],
      ['transfer-encoding: chunked', `${MUCH.length.toString(16)}\r\n${MUCH}\r\n0\r\n\r\n`],
    ]) {
      const { text, reset } = await exchange(listener, `${head}connection: close\r\n${framing}\r\n\r\n`, body ?? '');
      const answer = parseAnswer(text);
      expect([answer.status, code(answer.body), reset]).toEqual([status, expected, false]);
    }
    const client = await session(listener);
    const two = await ask(client, { ':path': path, ':method': 'POST', 'content-type': type }, MUCH);
    expect([two.headers[':status'], code(two.body)]).toEqual([status, expected]);
  });

  test('HEAD has the head of GET and no body; a target that cannot be decoded is 400', async () => {
    const listener = await open(make().handler);
    const head = await fetch(`${listener.url}/health`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '15', '']);
    const bad = parseAnswer((await exchange(listener, 'GET /%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).text);
    expect([bad.status, code(bad.body)]).toEqual([400, 'invalid_request']);
  });

  test('a metric that fails is 500 without its message, and is reported', async () => {
    const reported: object[] = [];
    const log = { info: () => undefined, warn: () => undefined, error: (fields: object) => void reported.push(fields) };
    const app = createOpsApp({ ready: () => READY, metrics: () => Promise.reject(new Error('inner detail')), log });
    apps.push(app);
    const listener = await open(app.handler);
    const answer = await fetch(`${listener.url}/metrics`);
    const text = await answer.text();
    expect([answer.status, code(text), text.includes('inner detail'), reported.length]).toEqual([500, 'internal_error', false, 1]);
  });
});

describe('main listener', () => {
  test('says name and links without a version, health and readiness without instances, with the id it was given', async () => {
    const listener = await openMain();
    const root = await fetch(listener.url);
    expect(root.headers.get('x-request-id')).toBe('req_given');
    const text = await root.text();
    expect(JSON.parse(text)).toMatchObject({ name: 'LLM Proxy Auth', links: { health: '/health', ready: '/ready' } });
    expect(text).not.toMatch(/\d+\.\d+/);
    expect(await (await fetch(`${listener.url}/ready`)).json()).toEqual({ status: 'ready', reasons: [] });
    expect((await fetch(`${listener.url}/unknown`)).status).toBe(404);
  });

  test.each([
    ['scope metrics', principal(['metrics']), 200, undefined],
    ['scope admin', principal(['admin']), 200, undefined],
    ['another scope', principal(['usage']), 403, 'scope_required'],
    ['a refusal', new GatewayError('invalid_credentials', 'No.', { headers: ['www-authenticate', 'Bearer'] }), 401, 'invalid_credentials'],
  ] as const)('/metrics with %s', async (_name, who, status, lpaCode) => {
    const listener = await openMain(async () => who);
    const answer = await fetch(`${listener.url}/metrics`);
    const text = await answer.text();
    expect([answer.status, answer.headers.get('x-lpa-code') ?? undefined]).toEqual([status, lpaCode]);
    expect(text.includes('up 1')).toBe(status === 200);
    if (lpaCode === 'invalid_credentials') expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });
});
