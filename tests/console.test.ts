import { readdirSync, readFileSync } from 'node:fs';
import { type LoadBalancerKeys, loadBalancerKeys } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, type Wanted } from './support/gateway.ts';
import { ask, ask2, codeOf, type Got, type Sent } from './support/raw.ts';

const FILES = new URL('../plugins/pages-console/page/', import.meta.url);
const PEPPER = 'pepper-0123456789abcdef0123456789abcdef';
const opened: Bench[] = [];
const open = async ({ plugins = [], sections = {} }: Pick<Wanted, 'plugins' | 'sections'> = {}): Promise<Bench> => {
  const bench = await openBench({
    plugins: ['@llm-proxy-auth/pages-console', ...plugins],
    sections: { admin: { port: 0 }, pages: [{ use: 'console' }], ...sections },
  });
  opened.push(bench);
  return bench;
};
afterEach(async () => {
  for (const bench of opened.splice(0)) await bench.close();
});
const adminOf = (bench: Bench): string => bench.gateway.urls.admin ?? '';
const get = (url: string, path: string, headers: Sent['headers'] = {}): Promise<Got> => ask(url, { method: 'GET', path, headers });
const answer = (got: Got): string => `${got.status} ${codeOf(got)}`.trim();
const SAME = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' } as const;

describe('the console', () => {
  test('is served by the admin listener alone, and only where it is configured', async () => {
    const bench = await open();
    const { server, ops } = bench.gateway.urls;
    for (const path of ['/console', '/console/', '/console?x=1', '/console/index.html'])
      expect((await get(adminOf(bench), path)).text).toBe(readFileSync(new URL('index.html', FILES), 'utf8'));
    for (const url of [server, ops]) expect(answer(await get(url, '/console'))).toBe('404 unknown_route');
    const without = await open({ sections: { pages: [] } });
    for (const path of ['/console', '/console/console.js']) expect(answer(await get(adminOf(without), path))).toBe('404 unknown_route');
  });
  test('is the files of its package, each by its type, over both protocols', async () => {
    const bench = await open();
    const types = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml' };
    for (const name of readdirSync(FILES)) {
      const got = await get(adminOf(bench), `/console/${name}`);
      expect([got.status, got.headers['content-type'], got.text]).toEqual([
        200,
        types[name.split('.')[1] as keyof typeof types],
        readFileSync(new URL(name, FILES), 'utf8'),
      ]);
    }
    const second = await ask2(adminOf(bench), { method: 'GET', path: '/console' });
    expect([second.status, second.headers['x-frame-options']]).toEqual([200, 'DENY']);
  });
  test('runs nothing but its own files, is nobody’s frame and is kept nowhere', async () => {
    const bench = await open();
    for (const path of ['/console', '/console/console.js', '/console/console.css'])
      expect((await get(adminOf(bench), path)).headers).toMatchObject({
        'content-security-policy':
          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
  });
  test('is read, and nothing else; nothing beside its files is served', async () => {
    const bench = await open();
    const head = await ask(adminOf(bench), { method: 'HEAD', path: '/console' });
    expect([head.status, head.text]).toEqual([200, '']);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const got = await ask(adminOf(bench), { method, path: '/console' });
      expect([answer(got), got.headers.allow]).toEqual(['405 method_not_allowed', 'GET, HEAD']);
    }
    const others = [
      '../package.json',
      '..%2fpackage.json',
      '%2e%2e/package.json',
      'constructor',
      '__proto__',
      'console.js/',
      'x/console.js',
      'console.js%00',
      'CONSOLE.JS',
    ];
    for (const name of others) expect([name, answer(await get(adminOf(bench), `/console/${name}`))]).toEqual([name, '404 unknown_route']);
    expect(answer(await get(adminOf(bench), '/constructor'))).toBe('404 unknown_route');
  });
  test('is refused at the start without the listener, twice, and under a name that nobody provides', async () => {
    const refused = (sections: Readonly<Record<string, unknown>>) =>
      open({ sections }).catch(({ problems }) => (problems as { code: string }[]).map(({ code }) => code));
    expect(await refused({ admin: undefined })).toEqual(['missing_key']);
    expect(await refused({ pages: [{ use: 'console' }, { use: 'console' }] })).toEqual(['duplicate_name']);
    expect(await refused({ pages: [{ use: 'konsole' }] })).toEqual(['unknown_kind']);
    expect(await refused({ pages: [{ use: 'console', title: 'x' }] })).toEqual(['unknown_key']);
  });
});

describe('calls of a web page that change something', () => {
  const create = (bench: Bench, name: string, headers: Sent['headers'], body: string | undefined = JSON.stringify({ name })): Promise<Got> =>
    ask(adminOf(bench), { path: '/admin/v1/keys.create', headers: { authorization: `Bearer ${bench.key}`, ...headers }, ...(body === '' ? {} : { body }) });
  const names = async (bench: Bench): Promise<readonly unknown[]> =>
    ((await bench.operation('keys.list', {})).keys as { name: string }[]).map(({ name }) => name);

  test('are those of the listener’s own page alone', async () => {
    const bench = await open();
    const { host, port } = new URL(adminOf(bench));
    const json = { 'content-type': 'application/json' };
    const foreign: Sent['headers'][] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://${host}.evil.example` },
      { origin: `http://evil.example:${port}` },
      { origin: `http://127.0.0.1:${Number(port) + 1}` },
      { origin: `http://user@${host}` },
      { origin: [`http://${host}`, 'https://evil.example'] },
      { origin: '' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': ['same-origin', 'cross-site'] },
      { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site', origin: `http://${host}` },
    ];
    for (const headers of foreign)
      expect([headers, answer(await create(bench, 'foreign', { ...json, ...headers }))]).toEqual([headers, '403 address_not_allowed']);
    expect(await names(bench)).not.toContain('foreign');
    const own: Sent['headers'][] = [{ origin: `http://${host}` }, SAME, { ...SAME, origin: `http://${host}` }, {}];
    for (const [i, headers] of own.entries()) expect([headers, answer(await create(bench, `own-${i}`, { ...json, ...headers }))]).toEqual([headers, '200']);
    const other = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    expect(answer(await ask(adminOf(bench), { path: '/admin/v1/keys.create', headers: { ...json, ...other }, body: '{}' }))).toBe('401 missing_credentials');
    expect(
      answer(await ask2(adminOf(bench), { path: '/admin/v1/keys.list', headers: { ...json, ...other, authorization: `Bearer ${bench.key}` }, body: '{}' })),
    ).toBe('403 address_not_allowed');
  });
  test('that are refused stand in the audit log', async () => {
    const bench = await open();
    await create(bench, 'foreign', { origin: 'https://evil.example', 'content-type': 'application/json' });
    await bench.gateway.audit.flush();
    const { records } = (await bench.operation('audit.export', { kind: 'admin' })) as { records: Record<string, unknown>[] };
    expect(records.at(-1)).toMatchObject({ operation: 'keys.create', principal: 'key:k1', code: 'address_not_allowed' });
  });
  test('are JSON that says so: what a form can send is none', async () => {
    const bench = await open();
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
      expect(answer(await create(bench, 'form', { 'sec-fetch-site': 'same-origin', 'content-type': type }))).toBe('415 unsupported_media_type');
    expect(answer(await create(bench, '', { 'sec-fetch-site': 'same-origin' }, ''))).toBe('415 unsupported_media_type');
  });
  test('of another site are not let through by a preflight, and what they read is not shown', async () => {
    const bench = await open({ sections: { server: { port: 0, cors: { origins: ['https://app.example'] } } } });
    const origin = 'https://app.example';
    const asks = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
    for (const got of [
      await ask(adminOf(bench), { method: 'OPTIONS', path: '/admin/v1/keys.create', headers: asks }),
      await get(adminOf(bench), '/admin/v1/operations', { origin, authorization: `Bearer ${bench.key}` }),
    ]) {
      expect(Object.keys(got.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(got.headers['cross-origin-resource-policy']).toBe('same-origin');
    }
  });
  test('over TLS are those of a page that came over TLS', async () => {
    // A page of the same name without TLS may be anybody's who sits between.
    const { certificateAuthority, SERVER_AUTH } = await import('@llm-proxy-auth/simulators');
    const { Agent, fetch } = await import('undici');
    const authority = certificateAuthority();
    const { pem, key } = authority.issue({ subject: [['CN', 'localhost']], dns: ['localhost'], usages: [SERVER_AUTH] });
    const bench = await open({ sections: { admin: { host: 'localhost', port: 0, tls: { cert: pem, key } } } });
    const url = `https://localhost:${new URL(adminOf(bench)).port}`;
    const dispatcher = new Agent({ connect: { ca: authority.pem } });
    const by = async (origin: string): Promise<number> => {
      const headers = { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', origin };
      return (await fetch(`${url}/admin/v1/keys.list`, { method: 'POST', headers, body: '{}', dispatcher })).status;
    };
    expect([await by(url), await by(url.replace('https', 'http'))]).toEqual([200, 403]);
    await dispatcher.close();
  });
});

test('a script of a page is offered no Basic, for which a browser would ask by itself and which it would send from then on', async () => {
  const bench = await open({ plugins: ['@llm-proxy-auth/auth-basic'], sections: { auth: [{ use: 'api-key', pepper: PEPPER }, { use: 'basic' }] } });
  const offered = async (headers: Sent['headers']): Promise<string> =>
    String((await get(adminOf(bench), '/admin/v1/operations', headers)).headers['www-authenticate']);
  expect(await offered({})).toMatch(/^Bearer.*Basic/);
  expect(await offered({ 'sec-fetch-mode': 'navigate' })).toMatch(/Basic/);
  expect(await offered({ 'sec-fetch-mode': 'cors' })).toMatch(/^Bearer[^,]*$/);
});

describe('behind a load balancer that signs people in', () => {
  const ARN = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/gateway/50dc6c495c0c9188';
  const RULE = { arn: ARN, clientId: 'console', issuer: 'https://idp.example' };
  let keys: LoadBalancerKeys;
  beforeAll(async () => {
    keys = await loadBalancerKeys();
  });
  afterAll(() => keys.close());
  const behind = (trustedProxies: readonly string[] = ['127.0.0.1']): Promise<Bench> =>
    open({
      plugins: ['@llm-proxy-auth/auth-alb'],
      sections: {
        server: { port: 0, trustedProxies },
        auth: [
          { use: 'api-key', pepper: PEPPER },
          {
            use: 'alb',
            arns: [ARN],
            clientId: 'console',
            issuer: 'https://idp.example',
            keys: keys.url,
            insecureKeys: true,
            scopes: { claim: 'role', map: { operator: ['admin'] } },
          },
        ],
        policies: [{ match: { principal: 'key:*' }, allow: {} }],
      },
    });
  const data = (claims: object, rule: Partial<typeof RULE> = {}): string =>
    keys.loadBalancer({ ...RULE, ...rule }).data({ sub: 'alice', ...claims }, Date.now());
  const by = (claims: object = { role: 'operator' }, rule: Partial<typeof RULE> = {}): Record<string, string> => ({ 'x-amzn-oidc-data': data(claims, rule) });

  test('the console needs no credential of its own: it sees what the person may run, and runs it', async () => {
    const bench = await behind();
    const origin = `https://${new URL(adminOf(bench)).host}`;
    const got = await get(adminOf(bench), '/admin/v1/operations', { ...by(), 'sec-fetch-site': 'same-origin' });
    expect((JSON.parse(got.text) as { operations: { name: string }[] }).operations.map(({ name }) => name)).toContain('keys.create');
    // Nothing lives longer than the word of the load balancer for whoever made it.
    const body = JSON.stringify({ name: 'by-alice', expires: '1m' });
    const made = await ask(adminOf(bench), { path: '/admin/v1/keys.create', headers: { ...by(), ...SAME, origin }, body });
    expect(JSON.parse(made.text)).toMatchObject({ name: 'by-alice', createdBy: 'alb:alice' });
    expect(answer(await get(adminOf(bench), '/admin/v1/operations', by({ role: 'guest' })))).toBe('403 scope_required');
  });
  test('another load balancer’s word is 401, as is anybody’s who is not behind it', async () => {
    const bench = await behind();
    const other = { arn: ARN.replace('123456789012', '210987654321') };
    for (const headers of [by(undefined, other), by(undefined, { clientId: 'other' })])
      expect(answer(await get(adminOf(bench), '/admin/v1/operations', headers))).toBe('401 invalid_credentials');
    expect(answer(await get(adminOf(bench), '/admin/v1/operations'))).toBe('401 missing_credentials');
    const elsewhere = await behind(['10.0.0.0/8']);
    expect(answer(await get(adminOf(elsewhere), '/admin/v1/operations', by()))).toBe('401 missing_credentials');
  });
  test('a web page elsewhere gets nothing done by the cookie that comes with its requests', async () => {
    const bench = await behind();
    const headers = { ...by(), 'content-type': 'application/json', origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    expect(answer(await ask(adminOf(bench), { path: '/admin/v1/keys.create', headers, body: '{"name":"theirs","expires":"1m"}' }))).toBe(
      '403 address_not_allowed',
    );
    expect(JSON.stringify(await bench.operation('keys.list', {}))).not.toContain('theirs');
  });
});
