import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Host, Secret, UpstreamRequest } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { certificate } from '../../simulators/test/certificate.ts';
import { createReach } from '../src/plugins/reach.ts';
import { createSeal } from '../src/plugins/seal.ts';
import { GOOD, makeWorld, type World } from './world.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.dispose());

const hostOf = (thing: unknown): Host => (thing as { host: Host }).host;

describe('a host', () => {
  test('is frozen, knows its plugin and the clock, and reveals secrets', async () => {
    const graph = await world.load(GOOD, { now: () => 1_234 });
    const host = hostOf(graph.instances.get('main')?.provider);
    expect([host, host.seal, host.store, host.counters, host.log].every(Object.isFrozen)).toBe(true);
    expect([host.name, host.now()]).toEqual(['@acme/provider-acme', 1_234]);
    const provider: unknown = graph.instances.get('main')?.provider;
    const { seen } = provider as { seen: { apiKey: Secret } };
    await expect(host.secret(seen.apiKey)).resolves.toBe('a-literal-key');
    await expect(host.secret({ ref: 'later', peek: () => undefined, onRotate: () => undefined })).rejects.toMatchObject({
      code: 'upstream_credentials_unavailable',
    });
  });
  test('marks its log lines with the plugin, whatever the plugin says', async () => {
    const host = hostOf((await world.load(GOOD)).instances.get('main')?.provider);
    host.log.warn({ plugin: 'somebody-else', n: 1 }, 'careful');
    expect(world.lines.at(-1)).toEqual({ level: 'warn', fields: { plugin: '@acme/provider-acme', n: 1 }, message: 'careful' });
  });
  test('counts in the metrics it was given', async () => {
    const counted: unknown[] = [];
    const metrics = { counter: (name: string, labels: object = {}) => ({ add: (n: number) => void counted.push([name, labels, n]) }) };
    hostOf((await world.load(GOOD, { metrics })).instances.get('main')?.provider)
      .metrics.counter('acme_total', { a: 'b' })
      .add(2);
    expect(counted).toEqual([['acme_total', { a: 'b' }, 2]]);
  });
  test('sees its own part of the store alone', async () => {
    const graph = await world.load(GOOD);
    const [auth, provider] = [hostOf(graph.strategies[0]?.strategy), hostOf(graph.instances.get('main')?.provider)];
    await expect(auth.store.commit([{ space: 'keys', key: 'a', expect: 0, value: { json: '1' } }])).resolves.toBe(true);
    await expect(auth.store.get('keys', 'a')).resolves.toMatchObject({ value: { json: '1' } });
    await expect(provider.store.get('keys', 'a')).resolves.toBeUndefined();
    await expect(auth.store.get('core', 'seal')).resolves.toBeUndefined();
    await expect(graph.store.get('@acme/auth-badge:keys', 'a')).resolves.toMatchObject({ version: 1 });
    expect((await auth.store.changed(0)).keys).toEqual(['keys/a']);
    expect((await provider.store.changed(0)).keys).toEqual([]);
  });
  test('counts under its own keys', async () => {
    const graph = await world.load(GOOD);
    const [auth, provider] = [hostOf(graph.strategies[0]?.strategy), hostOf(graph.instances.get('main')?.provider)];
    const claim = { key: 'k', amount: 1, limit: 1, windowMs: 60_000, kind: 'rate', shadow: false } as const;
    expect(await auth.counters.take([claim], 0)).toMatchObject({ ok: true, left: [{ key: 'k', remaining: 0 }] });
    expect(await auth.counters.take([claim], 0)).toMatchObject({ ok: false, key: 'k' });
    expect(await provider.counters.take([claim], 0)).toMatchObject({ ok: true });
  });
});

describe('sealing', () => {
  const key = Buffer.alloc(32, 7);
  const seal = createSeal('a', () => key);
  test('what was sealed opens for the same owner and purpose, and for nobody else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), (plain, purpose) => {
        const sealed = seal.seal(purpose, plain);
        expect(Buffer.from(seal.open(purpose, sealed) ?? 'none')).toEqual(Buffer.from(plain));
        expect(seal.open(`${purpose}.`, sealed)).toBeUndefined();
        expect(createSeal('b', () => key).open(purpose, sealed)).toBeUndefined();
        expect(createSeal('a', () => Buffer.alloc(32, 8)).open(purpose, sealed)).toBeUndefined();
      }),
      { numRuns: 50 },
    );
  });
  test('a flipped bit anywhere, a cut and an addition open nothing', () => {
    const sealed = Buffer.from(seal.seal('p', Buffer.from('state')), 'base64url');
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const forged = Buffer.from(sealed);
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(seal.open('p', forged.toString('base64url'))).toBeUndefined();
    }
    for (let length = 0; length < sealed.length; length++) expect(seal.open('p', sealed.subarray(0, length).toString('base64url'))).toBeUndefined();
    expect(seal.open('p', `${sealed.toString('base64url')}A`)).toBeUndefined();
    expect(seal.open('p', '')).toBeUndefined();
  });
  test('the key is kept in the store, so that another graph opens it, and another plugin does not', async () => {
    const [first, second] = [await world.load(GOOD), await world.load(GOOD)];
    const sealed = hostOf(first.strategies[0]?.strategy).seal.seal('p', Buffer.from('state'));
    expect(Buffer.from(hostOf(second.strategies[0]?.strategy).seal.open('p', sealed) ?? '').toString()).toBe('state');
    expect(hostOf(second.instances.get('main')?.provider).seal.open('p', sealed)).toBeUndefined();
    expect(second.seal.open('p', sealed)).toBeUndefined();
    expect(Buffer.from(second.seal.open('p', first.seal.seal('p', Buffer.from('core'))) ?? '').toString()).toBe('core');
  });
});

describe('where a plugin may go', () => {
  const reach = createReach(
    ['api.acme.example', '*.acme.example', 'sts.*.cloud.test', '169.254.169.254', 'x.test:8443'],
    ['http://127.0.0.1:9/v1', 'https://own.example/v1'],
  );
  test.each([
    ['https://api.acme.example', true],
    ['https://eu.acme.example', true],
    ['https://a.b.acme.example', true],
    ['https://API.acme.example', true],
    ['https://sts.eu-1.cloud.test', true],
    ['http://169.254.169.254', true],
    ['http://127.0.0.1:9', true],
    ['https://own.example', true],
    ['https://x.test:8443', true],
    ['https://acme.example', false],
    ['https://evilacme.example', false],
    ['https://api.acme.example.evil.test', false],
    ['http://eu.acme.example', false],
    ['https://127.0.0.1:9', false],
    ['http://127.0.0.1:10', false],
    ['http://own.example', false],
    ['https://x.test', false],
    ['https://sts.cloud.test', false],
    ['https://u@api.acme.example', false],
    ['https://api.acme.example/path', false],
    ['https://api.acme.example?x', false],
    ['ftp://api.acme.example', false],
    ['file:///etc/passwd', false],
    ['', false],
    ['nonsense', false],
  ])('%s: %s', (origin, expected) => {
    expect(reach(origin)).toBe(expected);
  });
});

describe('fetch', () => {
  let server: Server;
  let origin: string;
  const asked: string[] = [];
  let answer: (q: IncomingMessage, r: ServerResponse, body: Buffer) => void;
  beforeEach(async () => {
    asked.length = 0;
    server = createServer((q, r) => {
      asked.push(`${q.method} ${q.url}`);
      const pieces: Buffer[] = [];
      q.on('data', (p: Buffer) => pieces.push(p)).on('end', () => answer(q, r, Buffer.concat(pieces)));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(
    () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(done);
      }),
  );
  const loaded = (edit = (text: string): string => text) =>
    world.load(edit(GOOD.replace('apiKey:', `baseUrl: "${origin}/v1", insecureUpstream: true, apiKey:`)));
  const request = (path: string, more: Partial<UpstreamRequest> = {}): UpstreamRequest => ({
    method: 'GET',
    origin,
    path,
    headers: [],
    body: undefined,
    ...more,
  });

  test('sends what it is given to the configured origin and brings the whole answer', async () => {
    answer = (q, r, body) => r.writeHead(201, { 'x-echo': String(q.headers['x-sent']), 'set-cookie': ['a=1', 'b=2'] }).end(body);
    const host = hostOf((await loaded()).instances.get('main')?.provider);
    const reply = await host.fetch(request('/token?x=1', { method: 'POST', headers: ['x-sent', 'yes'], body: [Buffer.from('one '), Buffer.from('two')] }));
    expect([reply.status, Buffer.from(reply.body).toString()]).toEqual([201, 'one two']);
    expect(reply.headers.join()).toMatch(/x-echo,yes.*set-cookie,a=1,set-cookie,b=2/);
    expect(asked).toEqual(['POST /token?x=1']);
  });
  test('asks no host that was not declared, and not the origin of another instance', async () => {
    const graph = await loaded();
    const host = hostOf(graph.instances.get('main')?.provider);
    for (const to of ['http://127.0.0.1:1', 'https://evil.example', `${origin}@evil.example`])
      await expect(host.fetch(request('/', { origin: to }))).rejects.toMatchObject({ code: 'operation_not_allowed' });
    await expect(hostOf(graph.strategies[0]?.strategy).fetch(request('/'))).rejects.toMatchObject({ code: 'operation_not_allowed' });
    await expect(host.fetch(request('@evil.example/'))).rejects.toMatchObject({ code: 'invalid_target' });
    expect(asked).toEqual([]);
  });
  test('a strategy reaches the origins of its configuration, which keep their trailing slash, and no other', async () => {
    answer = (_, r) => r.writeHead(200).end();
    const graph = await loaded((text) => text.replace('{ use: badge }', `{ use: badge, issuers: ["${origin}/tenant/"] }`));
    const { strategy } = graph.strategies[0] ?? {};
    expect((strategy as unknown as { seen: { issuers: string[] } }).seen.issuers).toEqual([`${origin}/tenant/`]);
    await expect(hostOf(strategy).fetch(request('/jwks'))).resolves.toMatchObject({ status: 200 });
    await expect(hostOf(strategy).fetch(request('/', { origin: 'http://127.0.0.1:1' }))).rejects.toMatchObject({ code: 'operation_not_allowed' });
    expect(asked).toEqual(['GET /jwks']);
  });
  test('takes no longer answer than it is told to', async () => {
    answer = (_, r) => r.writeHead(200).end('x'.repeat(1025));
    const host = hostOf((await loaded()).instances.get('main')?.provider);
    await expect(host.fetch(request('/'), undefined, { maxBytes: 1024 })).rejects.toMatchObject({ code: 'upstream_bad_response' });
    await expect(host.fetch(request('/'), undefined, { maxBytes: 1025 })).resolves.toMatchObject({ status: 200 });
  });
  test('knows a server by the authorities that are given, and by no others', async () => {
    const [own, other] = [certificate(), certificate()];
    const tls = createTlsServer(own, (_, r) => void r.writeHead(200).end());
    await new Promise<void>((done) => tls.listen(0, '127.0.0.1', done));
    const to = `https://127.0.0.1:${(tls.address() as AddressInfo).port}`;
    const graph = await world.load(GOOD.replace('apiKey:', `baseUrl: "${to}", apiKey:`));
    const host = hostOf(graph.instances.get('main')?.provider);
    const ask = (ca?: string) => host.fetch(request('/', { origin: to }), undefined, { ca });
    await expect(ask(own.cert)).resolves.toMatchObject({ status: 200 });
    for (const ca of [other.cert, undefined]) await expect(ask(ca)).rejects.toMatchObject({ code: 'upstream_unreachable' });
    // Many sets of authorities, one after the other: the first is opened again.
    for (let i = 0; i < 9; i++) await expect(ask(`${other.cert}\n${'\n'.repeat(i)}`)).rejects.toMatchObject({ code: 'upstream_unreachable' });
    await expect(ask(own.cert)).resolves.toMatchObject({ status: 200 });
    tls.closeAllConnections();
    await new Promise((done) => tls.close(done));
  });
  test('does not follow redirects', async () => {
    answer = (_, r) => r.writeHead(307, { location: `${origin}/elsewhere` }).end();
    const reply = await hostOf((await loaded()).instances.get('main')?.provider).fetch(request('/'));
    expect(reply.status).toBe(307);
    expect(asked).toEqual(['GET /']);
  });
  test('gives up on more than 16 MiB and closes the connection', async () => {
    let closed: Promise<void> | undefined;
    answer = (_, r) => {
      closed = new Promise((done) => r.once('close', done));
      const piece = Buffer.alloc(1_048_576);
      const more = () => {
        while (!r.destroyed && r.write(piece));
        r.once('drain', more);
      };
      more();
    };
    await expect(hostOf((await loaded()).instances.get('main')?.provider).fetch(request('/'))).rejects.toMatchObject({ code: 'upstream_bad_response' });
    await closed;
  });
  test('does not unpack, so that a small answer stays small', async () => {
    const packed = gzipSync(Buffer.alloc(50_000));
    answer = (_, r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end(packed);
    const reply = await hostOf((await loaded()).instances.get('main')?.provider).fetch(request('/'));
    expect(Buffer.from(reply.body).equals(packed)).toBe(true);
  });
  test('ends with the signal it is given, and with the graph', async () => {
    const graph = await loaded();
    const host = hostOf(graph.instances.get('main')?.provider);
    const cancel = new AbortController();
    answer = () => cancel.abort();
    await expect(host.fetch(request('/'), cancel.signal)).rejects.toMatchObject({ code: 'upstream_unreachable' });
    answer = () => void graph.dispose();
    await expect(host.fetch(request('/'))).rejects.toMatchObject({ code: 'upstream_unreachable' });
  });
  test('tells when nobody answers', async () => {
    const graph = await loaded();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    await expect(hostOf(graph.instances.get('main')?.provider).fetch(request('/'))).rejects.toMatchObject({ code: 'upstream_unreachable' });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
});
