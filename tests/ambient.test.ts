import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { installed } from './support/installed.ts';
import { chat, SMALL } from './support/limited.ts';
import { ask, ask2, codeOf, type Got, namesIn, type Sent } from './support/raw.ts';

const gate = installed('gate', '@acme/auth-gate');
const pem = (name: string): string => readFileSync(new URL(`../packages/core/test/fixtures/tls/${name}.pem`, import.meta.url), 'utf8');
const API_KEY = { use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef' };
const XFCC = { use: 'gate', from: 'x-forwarded-client-cert' };
const OIDC = { use: 'gate', from: 'x-amzn-oidc-data' };
const CERTIFICATE = { use: 'gate', from: 'certificate' };
const CLIENT = `gate:${new X509Certificate(pem('client')).fingerprint256.replaceAll(':', '').toLowerCase()}`;

const opened: Bench[] = [];
const open = async (auth: readonly object[], server: object = {}): Promise<Bench> => {
  const tls = { port: 0, cert: pem('server'), key: pem('server-key'), clientCa: pem('ca') };
  const bench = await openBench({
    pluginRoots: [gate.root],
    plugins: ['@acme/auth-gate'],
    sections: { auth, server: { port: 0, tls, trustedProxies: ['127.0.0.1'], ...server } },
  });
  opened.push(bench);
  return bench;
};
afterAll(async () => {
  for (const bench of opened) await bench.close();
  gate.remove();
});
const sent = (headers: Sent['headers'], path = '/openai/main/v1/chat/completions'): Sent => ({
  path,
  headers: { 'content-type': 'application/json', ...headers },
  body: chat(SMALL),
});
const answer = (got: Got): string => `${got.status} ${codeOf(got)}`.trim();
/** Whom the last request was let in as. */
const caller = (bench: Bench): unknown => bench.lines.findLast((line) => line.msg === 'request')?.principal;
const identity = (name: string | undefined): ConnectionOptions =>
  name === undefined ? { rejectUnauthorized: false } : { rejectUnauthorized: false, cert: pem(name), key: pem(`${name}-key`) };

/** One request over TLS, with a certificate or none. */
const askTls = (bench: Bench, name: string | undefined, { path, headers, body }: Sent, session?: Buffer): Promise<Got> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(bench.gateway.urls.tls ?? '');
    const out = request(
      { host: '127.0.0.1', port, method: 'POST', path, headers: headers as Record<string, string>, agent: false, session, ...identity(name) },
      (reply) => {
        let text = '';
        reply.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
        reply.on('end', () => resolve({ status: reply.statusCode ?? 0, headers: reply.headers, text }));
      },
    );
    out.on('error', reject);
    out.end(body);
  });

describe('a header that a proxy wrote', () => {
  let bench: Bench;
  let stranger: Bench;
  beforeAll(async () => {
    bench = await open([API_KEY, XFCC, OIDC]);
    stranger = await open([API_KEY, XFCC, OIDC], { trustedProxies: ['10.0.0.0/8'] });
  });
  afterEach(() => bench.simulator.clear());

  test('A040 from a trusted peer it lets in and goes no further; from anybody else it is nothing', async () => {
    for (const header of ['x-forwarded-client-cert', 'X-Amzn-Oidc-Data']) {
      for (const path of ['/openai/main/v1/chat/completions', '/transparent/main/v1/chat/completions']) {
        expect(answer(await ask(bench.url, sent({ [header]: 'mesh' }, path)))).toBe('200');
        await expect.poll(() => caller(bench)).toBe('gate:mesh');
        expect(answer(await ask(stranger.url, sent({ [header]: 'mesh' }, path)))).toBe('401 missing_credentials');
      }
      expect(answer(await ask2(bench.url, sent({ [header.toLowerCase()]: 'mesh' })))).toBe('200');
    }
    expect(bench.simulator.requests).toHaveLength(6);
    for (const { headers } of bench.simulator.requests) expect(namesIn(headers).filter((name) => /client-cert|oidc/.test(name))).toEqual([]);
    expect(stranger.simulator.requests).toEqual([]);
  });
  test.each(['x-forwarded-client-cert', 'x-amzn-oidc-data'])('A040 two lines of %s reach the strategy together and are refused', async (header) => {
    for (const pair of [
      ['mesh', 'other'],
      ['mesh', 'mesh'],
    ])
      expect(answer(await ask(bench.url, sent({ [header]: pair })))).toBe('401 invalid_credentials');
    expect(bench.simulator.requests).toEqual([]);
  });
  test('A052 a spelling with underscores is nothing', async () => {
    for (const header of ['x_forwarded_client_cert', 'x-amzn-oidc_data', 'X_Amzn_Oidc_Data', 'x-forwarded_client-cert'])
      expect(answer(await ask(bench.url, sent({ [header]: 'mesh' })))).toBe('401 missing_credentials');
  });
  test('A054 a trusted address further down the line does not make the peer trusted', async () => {
    const headers = { 'x-forwarded-client-cert': 'mesh', 'x-forwarded-for': '10.1.2.3', forwarded: 'for=10.1.2.3', 'x-real-ip': '10.1.2.3' };
    expect(answer(await ask(stranger.url, sent(headers)))).toBe('401 missing_credentials');
  });
  test('a credential that the caller sent beats it, right or wrong', async () => {
    expect(answer(await ask(bench.url, sent({ 'x-forwarded-client-cert': 'mesh', authorization: `Bearer ${bench.key}` })))).toBe('200');
    await expect.poll(() => caller(bench)).toBe('key:k1');
    for (const wrong of [{ authorization: 'Bearer wrong' }, { 'x-api-key': `${bench.key}x` }, { authorization: 'Digest x' }])
      expect(answer(await ask(bench.url, sent({ 'x-forwarded-client-cert': 'mesh', ...wrong })))).toBe('401 invalid_credentials');
  });
  test('a page of another origin calls with nothing that a browser adds by itself; one of cors.origins and one of the host do', async () => {
    const friends = await open([API_KEY, XFCC], { cors: { origins: ['https://app.example'] } });
    const by = (more: Readonly<Record<string, string>>) => sent({ 'x-forwarded-client-cert': 'mesh', ...more });
    for (const foreign of [
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://${new URL(friends.url).hostname}:1` },
    ]) {
      for (const path of ['/openai/main/v1/chat/completions', '/transparent/main/v1/chat/completions'])
        expect(answer(await ask(friends.url, { ...by(foreign), path }))).toBe('403 address_not_allowed');
      expect(answer(await ask2(friends.url, by(foreign)))).toBe('403 address_not_allowed');
    }
    expect(friends.simulator.requests).toEqual([]);
    // What a page must put there itself is its own affair: a browser asks first whether it may.
    expect(answer(await ask(friends.url, sent({ 'x-api-key': friends.key, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })))).toBe('200');
    for (const own of [
      { origin: 'https://app.example', 'sec-fetch-site': 'cross-site' },
      { origin: friends.url, 'sec-fetch-site': 'same-origin' },
    ])
      expect(answer(await ask(friends.url, by(own)))).toBe('200');
    expect(friends.lines.findLast(({ msg }) => msg === 'a credential was refused')).toMatchObject({ reason: 'foreign_page' });
  });
  test('several are offered in the order of the strategies; the first that knows one decides', async () => {
    expect(answer(await ask(bench.url, sent({ 'x-amzn-oidc-data': 'alb', 'x-forwarded-client-cert': 'mesh' })))).toBe('200');
    await expect.poll(() => caller(bench)).toBe('gate:mesh');
    expect(answer(await ask(bench.url, sent({ 'x-amzn-oidc-data': 'alb', 'x-forwarded-client-cert': 'NOT A NAME' })))).toBe('401 invalid_credentials');
    expect(answer(await ask(bench.url, sent({ 'x-amzn-oidc-data': 'alb' })))).toBe('200');
    await expect.poll(() => caller(bench)).toBe('gate:alb');
  });
  test('what is remembered of one header is not believed of another', async () => {
    const only = await open([API_KEY, OIDC]);
    expect(answer(await ask(only.url, sent({ 'x-amzn-oidc-data': 'one' })))).toBe('200');
    expect(answer(await ask(only.url, sent({ 'x-forwarded-client-cert': 'one' })))).toBe('401 invalid_credentials');
    expect(answer(await ask(only.url, sent({ authorization: 'Bearer one' })))).toBe('401 invalid_credentials');
  });
});

describe('the certificate of the connection', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await open([API_KEY, CERTIFICATE, XFCC]);
  });
  test('of the CA it lets in, over HTTP/1.1 and HTTP/2', async () => {
    expect(answer(await askTls(bench, 'client', sent({})))).toBe('200');
    await expect.poll(() => caller(bench)).toBe(CLIENT);
    const session = connectHttp2(bench.gateway.urls.tls ?? '', { rejectUnauthorized: false, cert: pem('client'), key: pem('client-key') });
    const twice = [0, 1].map(
      () =>
        new Promise<unknown>((resolve, reject) => {
          const stream = session.request({ ':method': 'POST', ':path': '/openai/main/v1/chat/completions', 'content-type': 'application/json' });
          stream.on('response', (head) => resolve(head[':status']));
          stream.on('error', reject);
          stream.resume().end(chat(SMALL));
        }),
    );
    expect(await Promise.all(twice)).toEqual([200, 200]);
    session.close();
  });
  test('of another CA it is nothing, and does not keep a key out', async () => {
    expect(answer(await askTls(bench, 'stranger', sent({})))).toBe('401 missing_credentials');
    expect(answer(await askTls(bench, 'stranger', sent({ 'x-api-key': bench.key })))).toBe('200');
    expect(answer(await askTls(bench, undefined, sent({})))).toBe('401 missing_credentials');
  });
  test('a key beats it; it beats a header of a proxy when its strategy stands first', async () => {
    expect(answer(await askTls(bench, 'client', sent({ 'x-api-key': bench.key })))).toBe('200');
    await expect.poll(() => caller(bench)).toBe('key:k1');
    expect(answer(await askTls(bench, 'client', sent({ 'x-forwarded-client-cert': 'mesh' })))).toBe('200');
    await expect.poll(() => caller(bench)).toBe(CLIENT);
  });
  test('a resumed connection that began without one has none', async () => {
    const { port } = new URL(bench.gateway.urls.tls ?? '');
    const ticket = (name: string | undefined): Promise<Buffer> =>
      new Promise((resolve, reject) => {
        const socket: TLSSocket = connect({ host: '127.0.0.1', port: Number(port), ...identity(name) });
        socket.once('session', (session: Buffer) => {
          socket.destroy();
          resolve(session);
        });
        socket.once('error', reject);
      });
    expect(answer(await askTls(bench, undefined, sent({}), await ticket(undefined)))).toBe('401 missing_credentials');
    expect(answer(await askTls(bench, 'client', sent({}), await ticket('client')))).toBe('200');
  });
});

describe('a gate that every caller must pass too', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await open([API_KEY, { ...CERTIFICATE, also: true }]);
  });
  test('a key alone and a wrong key are refused alike; both together pass as the key', async () => {
    const [right, wrong] = [await ask(bench.url, sent({ 'x-api-key': bench.key })), await ask(bench.url, sent({ 'x-api-key': 'wrong' }))];
    expect([answer(right), answer(wrong)]).toEqual(['401 missing_credentials', '401 missing_credentials']);
    expect(answer(await askTls(bench, undefined, sent({ 'x-api-key': bench.key })))).toBe('401 missing_credentials');
    expect(answer(await askTls(bench, 'stranger', sent({ 'x-api-key': bench.key })))).toBe('401 missing_credentials');
    for (let i = 0; i < 2; i++) {
      expect(answer(await askTls(bench, 'client', sent({ 'x-api-key': bench.key })))).toBe('200');
      await expect.poll(() => caller(bench)).toBe('key:k1');
    }
    expect(answer(await askTls(bench, 'client', sent({ 'x-api-key': 'wrong' })))).toBe('401 invalid_credentials');
  });
  test('it lets in alone as well', async () => {
    expect(answer(await askTls(bench, 'client', sent({})))).toBe('200');
    await expect.poll(() => caller(bench)).toBe(CLIENT);
  });
  test('it holds for metrics', async () => {
    expect((await ask(bench.url, { method: 'GET', path: '/metrics', headers: { 'x-api-key': bench.key } })).status).toBe(401);
  });
});
