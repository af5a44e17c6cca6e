import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { KEY, openSite, serveSite } from './support/file-gateway.ts';
import { type Bench, openBench, type VENDORS } from './support/gateway.ts';
import { childrenOf, ROOT } from './support/process.ts';
import { ask } from './support/raw.ts';

/** A listener that nobody may reach: it counts who comes. */
const openEvil = async (): Promise<{ readonly host: string; readonly url: string; readonly visits: () => number; close(): Promise<void> }> => {
  let visits = 0;
  const server: Server = createServer((socket) => {
    visits++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    host: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    visits: () => visits,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
};
let evil: Awaited<ReturnType<typeof openEvil>>;
let bench: Bench;
beforeAll(async () => {
  evil = await openEvil();
  bench = await openBench({
    plugins: ['@llm-proxy-auth/dialect-anthropic', '@llm-proxy-auth/dialect-converse', '@llm-proxy-auth/dialect-gemini', '@llm-proxy-auth/provider-bedrock'],
    instances: {
      aws: { provider: 'bedrock', region: 'us-east-1', credentials: { type: 'static', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'x'.repeat(40) } },
    },
    sections: { admin: { port: 0 } },
  });
});
afterEach(() => {
  bench.simulator.clear();
  expect(evil.visits()).toBe(0);
});
afterAll(async () => {
  await bench.close();
  await evil.close();
});
const post = (path: string, body: object, headers: Readonly<Record<string, string>> = {}) =>
  ask(bench.url, { path, headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
const hello = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] };

describe('A081: no caller says where a call goes', () => {
  const members = ['api_base', 'base_url', 'baseUrl', 'endpoint', 'custom_host', 'extra_headers', 'aws_bedrock_runtime_endpoint', 'vertex_project', 'proxy'];
  const headers = [
    'x-portkey-custom-host',
    'x-base-url',
    'x-api-base',
    'x-custom-host',
    'helicone-target-url',
    'x-lpa-base-url',
    'x-upstream',
    'host-override',
  ];
  test.each(members)('%s in a body', async (member) => {
    for (const base of ['/openai/main/v1', '/v1', '/transparent/main/v1']) {
      const value = member === 'extra_headers' ? { host: evil.host } : evil.url;
      const { status } = await post(`${base}/chat/completions`, { ...hello, [member]: value });
      expect([200, 400, 404]).toContain(status);
    }
    for (const request of bench.simulator.requests) expect(request.header('host')).toBe(new URL(bench.simulator.url).host);
  });
  test.each(headers)('%s as a header', async (header) => {
    for (const base of ['/openai/main/v1', '/transparent/main/v1'])
      expect((await post(`${base}/chat/completions`, hello, { [header]: evil.url })).status).toBe(200);
    expect(bench.simulator.requests).toHaveLength(2);
  });
  test.each(['main', 'aws'])('a query at %s', async (instance) => {
    const { status } = await post(`/openai/${instance}/v1/chat/completions?base_url=${encodeURIComponent(evil.url)}&endpoint=${evil.host}`, hello);
    expect([200, 400, 403, 404, 502, 503]).toContain(status);
  });
});

describe('A084: parts of an address are names and nothing else', () => {
  const wrong: readonly (readonly [key: string, settings: Readonly<Record<string, unknown>>])[] = [
    ['region', { provider: 'bedrock', region: 'us-east-1.evil.example#' }],
    ['region', { provider: 'bedrock', region: 'us-east-1/../x' }],
    ['vpce', { provider: 'bedrock', region: 'us-east-1', endpoints: { vpce: 'vpce-1.evil.example/' } }],
    ['endpoint', { provider: 'azure', endpoint: 'https://user@evil.example', apiKey: 'k'.repeat(32) }],
    ['apiVersion', { provider: 'azure', endpoint: 'https://acme.openai.azure.com', apiVersion: '2024-10-21&x=1', apiKey: 'k'.repeat(32) }],
    ['deployments', { provider: 'azure', endpoint: 'https://acme.openai.azure.com', deployments: { m: 'a/../b' }, apiKey: 'k'.repeat(32) }],
    [
      'tenantId',
      {
        provider: 'azure',
        endpoint: 'https://acme.openai.azure.com',
        credentials: { type: 'client-secret', tenantId: '../x', clientId: 'c', clientSecret: 's'.repeat(32) },
      },
    ],
    ['arn', { provider: 'bedrock', region: 'us-east-1', credentials: { assumeRole: { arn: 'arn:aws:iam::1/../2:role/x' } } }],
    ['serviceAccount', { provider: 'vertex', project: 'p-1', location: 'us-central1', credentials: { serviceAccount: 'x@evil.example/../y' } }],
    ['deployments', { provider: 'watsonx', projectId: 'p', deployments: { m: 'a/../b' }, apiKey: 'k'.repeat(32) }],
    ['endpoints', { provider: 'oci', region: 'us-chicago-1', compartmentId: 'ocid1.compartment.oc1..aaaa', endpoints: { m: '../x' }, apiKey: 'k'.repeat(32) }],
    ['project', { provider: 'vertex', project: '../p', location: 'us-central1' }],
    ['location', { provider: 'vertex', project: 'my-project', location: 'us-central1.evil.example/' }],
    ['region', { provider: 'watsonx', region: 'us-south.evil.example', projectId: 'p', apiKey: 'k'.repeat(32) }],
    ['region', { provider: 'oci', region: 'us-chicago-1.evil.example', compartmentId: 'ocid1.compartment.oc1..aaaa', apiKey: 'k'.repeat(32) }],
    ['compartmentId', { provider: 'oci', region: 'us-chicago-1', compartmentId: '../x', apiKey: 'k'.repeat(32) }],
    ['baseUrl', { provider: 'openai', baseUrl: 'https://api.openai.com/v1#x', apiKey: 'k'.repeat(32) }],
  ];
  test.each(wrong)('%s of %j', async (key, settings) => {
    const opening = openBench({ plugins: [`@llm-proxy-auth/provider-${String(settings.provider)}`], instances: { other: settings } });
    await expect(opening.then((b) => b.close())).rejects.toThrow(new RegExp(`instances\\.other[^\\n]*${key}`));
  });
  test.each(['a/b', '../x', 'x@evil.example', 'a%2fb', 'x?y', 'x#y', 'x\\y'])('a deployment %s in a path', async (name) => {
    const { status } = await post(`/openai/main/deployments/${name}/chat/completions`, hello);
    expect([400, 404]).toContain(status);
    expect(bench.simulator.requests).toEqual([]);
  });
});

/** Native calls that name a part of an address, whichever it is. */
const PARTS: readonly (readonly [vendor: keyof typeof VENDORS, path: (part: string) => string])[] = [
  ['azure', (part) => `/openai/deployments/${part}/chat/completions?api-version=2024-10-21`],
  ['bedrock', (part) => `/model/${part}/converse`],
  ['watsonx', (part) => `/ml/v1/deployments/${part}/text/chat?version=2025-01-01`],
  ['vertex', (part) => `/v1/projects/${part}/locations/us-central1/publishers/google/models/gemini-2.5-flash:generateContent`],
  ['vertex', (part) => `/v1/projects/my-project/locations/${part}/publishers/google/models/gemini-2.5-flash:generateContent`],
  ['oci', (part) => `/20231130/${part}/actions/chat`],
];
describe.each(PARTS)('A084: nor are they more in a native call of %s (%#)', (vendor, path) => {
  let native: Bench;
  beforeAll(async () => {
    native = await openBench({ vendor, sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => native.simulator.clear());
  afterAll(() => native.close());
  test.each(['a/b', '../x', '..%2fx', 'x@evil.example', 'a%2fb', 'x?y', 'x#y', 'x\\y'])('%s', async (part) => {
    const headers = { authorization: `Bearer ${native.key}`, 'content-type': 'application/json' };
    const got = await ask(native.url, { path: `/transparent/main${path(part)}`, headers, body: JSON.stringify(hello) });
    expect([400, 403, 404]).toContain(got.status);
    // A name that is one, though nobody has it, may be asked for.
    for (const { target } of native.simulator.requests) expect(target.split('?', 1)[0]?.replace('%40', '@')).toBe(path(part).split('?', 1)[0]);
  });
});

describe('A085: the address of a picture is fetched by nobody here', () => {
  const urls = (): string[] => [
    `${evil.url}/a.png`,
    `http://localhost:${evil.host.split(':')[1]}/a.png`,
    'http://169.254.169.254/latest/meta-data/',
    'http://[::1]/a.png',
    'http://10.0.0.1/a.png',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://127.1/',
    'file:///etc/passwd',
    'ftp://127.0.0.1/a.png',
    'HTTP:\\\\127.0.0.1\\a',
    'gopher://127.0.0.1/',
    'data:image/png,notbase64',
  ];
  const picture = (url: string) => [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }];
  test('a provider that needs the bytes is not asked: 400', async () => {
    for (const url of urls()) {
      const { status, headers } = await post('/openai/aws/v1/chat/completions', { model: 'amazon.nova-lite-v1:0', messages: picture(url) });
      expect(`${status} ${String(headers['x-lpa-code'])}`, url).toMatch(/^400 (?:unsupported_parameter|invalid_request)$/);
    }
  });
  test('a provider that takes addresses gets it as it was written', async () => {
    for (const url of urls()) {
      bench.simulator.clear();
      await post('/openai/main/v1/chat/completions', { model: 'gpt-4o-mini', messages: picture(url) });
      expect(bench.simulator.requests.map((r) => r.body.toString().includes(JSON.stringify(url)))).toEqual([true]);
    }
  });
});

describe('A104: what is open, and what runs', () => {
  const filled = (pattern: string): string => pattern.replaceAll(/\{[a-zA-Z]+\+?\}/g, 'x1');
  test('without a credential every route is 401, but name, liveness and readiness', async () => {
    const routes = [...bench.gateway.graph.dialects.values()].flatMap((dialect) =>
      dialect.surfaces.flatMap((surface) =>
        surface.routes.flatMap(({ method, pattern }) =>
          [`/${dialect.name}/main`, `/${dialect.name}`].map((base) => [method, `${base}${filled(pattern)}`] as const),
        ),
      ),
    );
    expect(routes.length).toBeGreaterThan(100);
    const others = ['/v1/chat/completions', '/protocol/main/chat/completions', '/transparent/main/v1/models', '/transparent/openai/x', '/bedrock/invoke-model'];
    for (const [method, path] of [...routes, ...others.map((path) => ['POST', path] as const), ['GET', '/metrics'] as const]) {
      const { status, headers } = await ask(bench.url, { method, path });
      expect(`${method} ${path}: ${status} ${String(headers['x-lpa-code'])}`).toBe(`${method} ${path}: 401 missing_credentials`);
    }
    const open = [];
    for (const path of ['/', '/health', '/ready', '/metrics', '/admin/v1/operations', '/console', '/docs', '/debug', '/openapi.json', '/favicon.ico', '/.env'])
      if ((await ask(bench.url, { method: 'GET', path })).status === 200) open.push(path);
    expect(open).toEqual(['/', '/health', '/ready']);
  });
  test('a gateway that has served calls, sessions and a stop has started no process', async () => {
    const site = await openSite();
    const at = await serveSite(site);
    try {
      const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
      for (const path of ['/openai/main/v1/chat/completions', '/transparent/main/v1/chat/completions', '/openai/main/v1/responses', '/openai/main/v1/nowhere'])
        await ask(at.url, { path, headers, body: JSON.stringify(hello) });
      await ask(at.url, { path: '/auth/login', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ api_key: KEY }) });
      at.kill('SIGHUP');
      await at.says(/configuration loaded/);
      expect(childrenOf(at.child.pid ?? 0)).toEqual([]);
    } finally {
      at.kill('SIGKILL');
      await at.ended;
      await site.close();
    }
  });
  test('nothing that serves can start a process', () => {
    const sources = (folder: string): string[] =>
      readdirSync(folder, { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
        .map((entry) => join(entry.parentPath, entry.name));
    const served = ['packages/core/src', 'packages/plugin/src', ...readdirSync(join(ROOT, 'plugins')).map((name) => `plugins/${name}/src`)];
    const files = served.flatMap((folder) => sources(join(ROOT, folder)));
    expect(files.length).toBeGreaterThan(400);
    expect(files.filter((file) => /['"](?:node:)?(?:child_process|cluster|vm|inspector|repl)['"]/.test(readFileSync(file, 'utf8')))).toEqual([]);
  });
});

test('A123: no package runs anything while it is installed, and none brings more than what was built, its licence and its data', () => {
  const folders = ['packages', 'plugins'].flatMap((group) => readdirSync(join(ROOT, group)).map((name) => join(ROOT, group, name, 'package.json')));
  const manifests = folders.map((file) => JSON.parse(readFileSync(file, 'utf8')) as { name: string; files?: string[]; scripts?: object; private?: boolean });
  expect(manifests.length).toBeGreaterThan(25);
  expect(manifests.filter(({ scripts }) => scripts !== undefined).map(({ name }) => name)).toEqual([]);
  const published = manifests.filter((manifest) => manifest.private !== true);
  expect(published.filter(({ files }) => files === undefined || !files.includes('dist'))).toEqual([]);
  const brought = published.flatMap(({ name, files = [] }) => files.filter((file) => !/^(dist|bin|LICENSE\.\w+)$/.test(file)).map((file) => `${name} ${file}`));
  // What `npm create` writes and what browsers are served is text, no module of the gateway.
  const texts = ['create-llm-proxy-plugin template', '@llm-proxy-auth/pages-console page'];
  expect(brought.filter((one) => !one.startsWith('@llm-proxy-auth/simulators ') && !texts.includes(one))).toEqual([]);
});
