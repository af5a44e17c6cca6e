import { connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { type CertificateWanted, certificateAuthority, SERVER_AUTH } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';
import { chat, SMALL } from './support/limited.ts';
import { ask, ask2, codeOf, type Got, type Sent } from './support/raw.ts';

const authority = certificateAuthority();
const server = authority.issue({ subject: [['CN', 'localhost']], dns: ['localhost'], usages: [SERVER_AUTH] });
const API_KEY = { use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef' };
const PATHS = ['/openai/main/v1/chat/completions', '/transparent/main/v1/chat/completions'];

const opened: Bench[] = [];
const open = async (mtls: object, more: object = {}): Promise<Bench> => {
  const bench = await openBench({
    plugins: ['@llm-proxy-auth/auth-mtls'],
    sections: {
      auth: [API_KEY, { use: 'mtls', spiffe: ['spiffe://corp/apps/'], ...mtls }],
      policies: [
        { match: { principal: 'mtls:spiffe://corp/apps/*' }, allow: {} },
        { match: { principal: 'key:*' }, allow: {} },
      ],
      server: { port: 0, tls: { port: 0, cert: server.pem, key: server.key, clientCa: authority.pem }, trustedProxies: ['127.0.0.1'], ...more },
    },
  });
  opened.push(bench);
  return bench;
};
afterAll(async () => {
  for (const bench of opened) await bench.close();
});

const sent = (headers: Sent['headers'] = {}, path = PATHS[0] ?? ''): Sent => ({
  path,
  headers: { 'content-type': 'application/json', ...headers },
  body: chat(SMALL),
});
const answer = (got: Got): string => `${got.status} ${codeOf(got)}`.trim();
const caller = (bench: Bench): unknown => bench.lines.findLast((line) => line.msg === 'request')?.principal;
const identity = (wanted: CertificateWanted | undefined, from = authority): ConnectionOptions => {
  if (wanted === undefined) return { rejectUnauthorized: false };
  const { pem, key } = from.issue(wanted);
  return { rejectUnauthorized: false, cert: pem, key };
};
const askTls = (bench: Bench, { path, headers, body }: Sent, who: ConnectionOptions): Promise<Got> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(bench.gateway.urls.tls ?? '');
    const out = request({ host: '127.0.0.1', port, method: 'POST', path, headers: headers as Record<string, string>, agent: false, ...who }, (reply) => {
      let text = '';
      reply.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, headers: reply.headers, text }));
    });
    out.on('error', reject);
    out.end(body);
  });
const askTls2 = (bench: Bench, { path, headers, body }: Sent, who: ConnectionOptions): Promise<number> =>
  new Promise((resolve, reject) => {
    const session = connectHttp2(bench.gateway.urls.tls ?? '', who);
    session.on('error', reject);
    const stream = session.request({ ':method': 'POST', ':path': path, ...(headers as Record<string, string>) });
    stream.on('response', (head) => resolve(Number(head[':status'])));
    stream.on('error', reject);
    stream.on('end', () => session.close());
    stream.resume();
    stream.end(body);
  });
const uris = ['spiffe://corp/apps/billing'];

describe('a client certificate', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await open({});
  });
  afterEach(() => bench.simulator.clear());

  test('lets in as mtls:<spiffe id>, over HTTP/1.1 and HTTP/2, in both modes', async () => {
    for (const path of PATHS) {
      expect(answer(await askTls(bench, sent({}, path), identity({ uris })))).toBe('200');
      await expect.poll(() => caller(bench)).toBe('mtls:spiffe://corp/apps/billing');
      expect(await askTls2(bench, sent({}, path), identity({ uris }))).toBe(200);
    }
  });
  const refused: readonly (readonly [string, CertificateWanted])[] = [
    ['another trust domain', { uris: ['spiffe://prod.example.evil/apps/a'] }],
    ['two ids', { uris: [...uris, 'spiffe://corp/apps/b'] }],
    ['no id', { subject: [['CN', 'spiffe://corp/apps/billing']] }],
    ['a usage that is not for clients', { uris, usages: [SERVER_AUTH] }],
    ['a time that is over', { uris, notAfter: Date.now() - 60_000 }],
  ];
  test.each(refused)('of %s does not', async (_name, wanted) => {
    expect((await askTls(bench, sent(), identity(wanted))).status).toBe(401);
    expect(bench.simulator.requests).toEqual([]);
  });
  test('of another authority does not, and neither does none', async () => {
    expect((await askTls(bench, sent(), identity({ uris }, certificateAuthority('Other CA')))).status).toBe(401);
    expect(answer(await askTls(bench, sent(), identity(undefined)))).toBe('401 missing_credentials');
  });
  test('A018 a key beats it: the caller is who the key says', async () => {
    expect(answer(await askTls(bench, sent({ 'x-api-key': bench.key }), identity({ uris })))).toBe('200');
    await expect.poll(() => caller(bench)).toBe('key:k1');
    expect(answer(await askTls(bench, sent({ 'x-api-key': 'lpa_wrong' }), identity({ uris })))).toBe('401 invalid_credentials');
  });
});

describe('A040 x-forwarded-client-cert', () => {
  const good = 'By=spiffe://corp/gateway;Hash=00ff;URI=spiffe://corp/apps/billing';
  let bench: Bench;
  let stranger: Bench;
  beforeAll(async () => {
    bench = await open({});
    stranger = await open({}, { trustedProxies: ['10.0.0.0/8'] });
  });
  afterEach(() => {
    bench.simulator.clear();
    stranger.simulator.clear();
  });

  test('A040 the good one passes, over HTTP/1.1 and HTTP/2', async () => {
    for (const path of PATHS) {
      expect(answer(await ask(bench.url, sent({ 'X-Forwarded-Client-Cert': good }, path)))).toBe('200');
      await expect.poll(() => caller(bench)).toBe('mtls:spiffe://corp/apps/billing');
      expect(answer(await ask2(bench.url, sent({ 'x-forwarded-client-cert': good }, path)))).toBe('200');
    }
  });
  test('A040 over a connection that the proxy opened with a certificate of its own, the caller is who the proxy says', async () => {
    const proxy = identity({ uris: ['spiffe://corp/apps/proxy'] });
    expect(answer(await askTls(bench, sent({ 'x-forwarded-client-cert': good }), proxy))).toBe('200');
    await expect.poll(() => caller(bench)).toBe('mtls:spiffe://corp/apps/billing');
    expect((await askTls(bench, sent({ 'x-forwarded-client-cert': 'URI=spiffe://corp/other' }), proxy)).status).toBe(401);
    expect(answer(await askTls(stranger, sent({ 'x-forwarded-client-cert': good }), proxy))).toBe('200');
    await expect.poll(() => caller(stranger)).toBe('mtls:spiffe://corp/apps/proxy');
  });
  const refused: readonly (readonly [string, string | readonly string[]])[] = [
    ['two elements', `${good},${good}`],
    ['a URI inside a quoted subject', 'Hash=00;Subject="CN=a;URI=spiffe://corp/apps/billing"'],
    ['a wrong trust domain', 'URI=spiffe://prod.example.evil/apps/a'],
    ['two URIs', 'URI=spiffe://corp/apps/a;URI=spiffe://corp/apps/b'],
    ['no URI', 'By=spiffe://corp/apps/a;Hash=00'],
    ['two lines', [good, good]],
    ['more than 16 KiB', `${good};Chain="${'a'.repeat(16_384)}"`],
  ];
  test.each(refused)('A040 %s is 401', async (_name, value) => {
    expect((await ask(bench.url, sent({ 'X-Forwarded-Client-Cert': value }))).status).toBe(401);
    expect(bench.simulator.requests).toEqual([]);
  });
  test('A040 from an untrusted peer it is nothing, under any spelling', async () => {
    for (const name of ['X-Forwarded-Client-Cert', 'X_Forwarded_Client_Cert', 'x-forwarded_client-cert'])
      expect((await ask(stranger.url, sent({ [name]: good }))).status).toBe(401);
    expect((await ask(bench.url, sent({ X_Forwarded_Client_Cert: good }))).status).toBe(401);
    expect(stranger.simulator.requests).toEqual([]);
  });
  test('A051 it goes no further', async () => {
    for (const path of PATHS) {
      bench.simulator.clear();
      expect(answer(await ask(bench.url, sent({ 'X-Forwarded-Client-Cert': good }, path)))).toBe('200');
      const [captured] = bench.simulator.requests;
      expect(captured?.header('authorization')).toBe(`Bearer ${PROVIDER_KEY}`);
      expect(JSON.stringify(captured?.headers)).not.toMatch(/spiffe|forwarded-client/i);
    }
  });
});

test('requireBoth: a key alone is not enough, a certificate alone says who it is, both together are the key', async () => {
  const bench = await open({ requireBoth: true });
  expect((await askTls(bench, sent({ 'x-api-key': bench.key }), identity(undefined))).status).toBe(401);
  expect((await askTls(bench, sent({ 'x-api-key': bench.key }), identity({ uris: ['spiffe://other/a'] }))).status).toBe(401);
  expect((await askTls(bench, sent({ 'x-api-key': 'lpa_wrong' }), identity({ uris }))).status).toBe(401);
  expect(answer(await askTls(bench, sent({ 'x-api-key': bench.key }), identity({ uris })))).toBe('200');
  await expect.poll(() => caller(bench)).toBe('key:k1');
  expect(answer(await askTls(bench, sent(), identity({ uris })))).toBe('200');
  await expect.poll(() => caller(bench)).toBe('mtls:spiffe://corp/apps/billing');
});
