import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { ask, codeOf } from './support/raw.ts';

/** The routes that are documented, as `method pattern`; `{x+}` may hold slashes. What a gateway registers is this and nothing else. */
const twice = (...routes: readonly string[]): string[] =>
  routes.flatMap((route) => [route.replace(' /', ' /openai/{instance}/'), route.replace(' /', ' /openai/{instance}/v1/')]);
const OPENAI = twice(
  ...['chat/completions', 'completions', 'embeddings', 'responses', 'responses/input_tokens', 'responses/compact', 'moderations', 'rerank'].map(
    (operation) => `POST /${operation}`,
  ),
  ...['images/generations', 'images/edits', 'images/variations', 'audio/speech', 'audio/transcriptions', 'audio/translations'].map(
    (operation) => `POST /${operation}`,
  ),
  'GET /models',
  'GET /models/{model+}',
  // What is stored is read and removed where it was made.
  ...['GET /responses/{id}', 'DELETE /responses/{id}', 'POST /responses/{id}/cancel', 'GET /responses/{id}/input_items'],
  ...['GET /chat/completions', 'GET /chat/completions/{id}', 'POST /chat/completions/{id}', 'DELETE /chat/completions/{id}'],
  'GET /chat/completions/{id}/messages',
  ...['POST /files', 'GET /files', 'GET /files/{id}', 'DELETE /files/{id}', 'GET /files/{id}/content'],
  ...['POST /uploads', 'POST /uploads/{id}/parts', 'POST /uploads/{id}/complete', 'POST /uploads/{id}/cancel'],
  ...['POST /batches', 'GET /batches', 'GET /batches/{id}', 'POST /batches/{id}/cancel'],
);
const ANTHROPIC = ['POST /messages', 'POST /messages/count_tokens', 'GET /models', 'GET /models/{model+}'].flatMap((route) => [
  route.replace(' /', ' /anthropic/{instance}/'),
  route.replace(' /', ' /anthropic/{instance}/v1/'),
]);
const FORMS = ['', '/publishers/google', '/projects/{project}/locations/{location}/publishers/google'];
/** The Vertex form for publishers whose name stands in the model. */
const OWNED = ['/publishers/{owner}', '/projects/{project}/locations/{location}/publishers/{owner}'];
const GEMINI = ['v1', 'v1beta', 'v1beta1'].flatMap((version) => {
  const base = `/gemini/{instance}/${version}`;
  const operations = ['generateContent', 'streamGenerateContent', 'countTokens', 'embedContent', 'batchEmbedContents', 'predict'];
  return [
    ...FORMS.map((form) => `GET ${base}${form}/models`),
    ...[...FORMS, ...OWNED].flatMap((form) => [
      `GET ${base}${form}/models/{model+}`,
      ...operations.map((operation) => `POST ${base}${form}/models/{model+}:${operation}`),
    ]),
  ];
});
const CONVERSE = ['converse', 'converse-stream', 'count-tokens'].map((operation) => `POST /converse/{instance}/model/{model+}/${operation}`);
const DIALECTS = [...OPENAI, ...ANTHROPIC, ...GEMINI, ...CONVERSE];
const SHORTCUTS = ['POST /v1/bedrock/invoke-model', 'POST /bedrock/invoke-model', 'POST /model/{id}/{operation}'];
const SURROUNDINGS = ['GET /', 'GET /health', 'GET /ready', 'GET /metrics'];
const SESSIONS = ['POST /auth/login', 'POST /auth/refresh', 'POST /auth/logout', 'GET /auth/sessions', 'DELETE /auth/sessions/{id}'];
const OPS = ['GET /health', 'GET /ready', 'GET /metrics'];
const ADMIN = ['GET /admin/v1/operations', 'GET /admin/v1/openapi.json', 'POST /admin/v1/{operation}'];

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({
    plugins: ['@llm-proxy-auth/dialect-anthropic', '@llm-proxy-auth/dialect-converse', '@llm-proxy-auth/dialect-gemini', '@llm-proxy-auth/provider-bedrock'],
    instances: {
      aws: { provider: 'bedrock', region: 'us-east-1', credentials: { type: 'static', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'x'.repeat(40) } },
    },
    sections: { admin: { port: 0 } },
  });
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());

const filled = (pattern: string): string =>
  pattern
    .replace('{instance}', 'main')
    .replace('{operation}', 'keys.list')
    .replaceAll(/\{[a-zA-Z]+\+?\}/g, 'x1');
/** As the administrator, who may do everything: what is 404 for that caller is there for nobody. */
const answer = async (listener: 'server' | 'ops' | 'admin', method: string, path: string): Promise<string> => {
  const headers = { authorization: `Bearer ${bench.key}`, ...(method === 'POST' ? { 'content-type': 'application/json' } : {}) };
  const got = await ask(bench.gateway.urls[listener] ?? '', { method, path, headers, ...(method === 'POST' ? { body: '{}' } : {}) });
  return `${got.status} ${codeOf(got)}`;
};
const UNKNOWN = '404 unknown_route';
const split = (route: string): [method: string, pattern: string] => route.split(' ') as [string, string];
/** Whether a path is that of a documented route, with whatever method. */
const covered = (routes: readonly string[]): ((path: string) => boolean) => {
  const patterns = routes.map((route) => {
    const literal = split(route)[1].replaceAll(/[.+]/g, (c) => (c === '.' ? '\\.' : c));
    return new RegExp(`^${literal.replaceAll(/\{[a-zA-Z]+\+\}/g, '.+').replaceAll(/\{[a-zA-Z]+\}/g, '[^/]+')}$`);
  });
  return (path) => patterns.some((pattern) => pattern.test(path));
};

describe('A104 routes', () => {
  test('are registered as they are documented, none more and none less', () => {
    const { dialects, shortcuts } = bench.gateway.graph;
    const registered = [...dialects.values()].flatMap(({ name, surfaces }) =>
      surfaces.flatMap(({ routes }) => routes.map(({ method, pattern }) => `${method} /${name}/{instance}${pattern}`)),
    );
    expect(registered.toSorted()).toEqual(DIALECTS.toSorted());
    expect(shortcuts.map(({ method, pattern }) => `${method} ${pattern}`).toSorted()).toEqual(SHORTCUTS.toSorted());
  });
  test('that are documented are there, in each form', async () => {
    const byModel = DIALECTS.map((route) => route.replace('/{instance}', ''));
    const byDefault = OPENAI.map((route) => route.replace('/openai/', '/protocol/'));
    const bare = OPENAI.filter((route) => route.includes('/v1/')).map((route) => route.replace('/openai/{instance}', ''));
    const deployments = ['POST /openai/deployments/{model}/chat/completions', 'POST /openai/{instance}/deployments/{model}/chat/completions'];
    for (const route of [...DIALECTS, ...byModel, ...byDefault, ...bare, ...deployments, ...SHORTCUTS, ...SURROUNDINGS, ...SESSIONS]) {
      const [method, pattern] = split(route);
      const got = await answer('server', method, filled(pattern));
      expect([UNKNOWN, '405 method_not_allowed'], `${route}: ${got}`).not.toContain(got);
    }
    for (const [listener, routes] of [['ops', OPS] as const, ['admin', ADMIN] as const])
      for (const [method, pattern] of routes.map(split)) expect(await answer(listener, method, filled(pattern)), pattern).toBe('200 ');
  });
  // Beside each documented route, and where other servers have pages of their own.
  const OTHER = [
    ...['/admin', '/admin/v1', '/admin/v1/operations', '/admin/v1/keys.list', '/console', '/console/', '/docs', '/documentation', '/swagger', '/openapi.json'],
    ...['/debug', '/debug/pprof', '/actuator', '/server-status', '/.env', '/.git/config', '/favicon.ico', '/robots.txt', '/index.html', '/static/a.js'],
    ...['/graphql', '/ws', '/api', '/api/v1/chat/completions', '/v2/chat/completions', '/v1', '/v1beta', '/model', '/models', '/chat/completions', '/config'],
    ...['/health/x', '/healthz', '/livez', '/ready/x', '/readyz', '/metrics/x', '/auth', '/auth/x', '/auth/login/x', '/auth/sessions/x1/y', '/oauth/token'],
    ...['/shutdown', '/reload', '/keys', '/key/generate', '/user/info', '/mcp', '/pass-through', '/proxy', '/openai', '/gemini', '/anthropic', '/converse'],
  ];
  const beside = (routes: readonly string[]): string[] =>
    routes.map((route) => filled(split(route)[1])).flatMap((path) => [`${path}x`, `${path}/x1/y1/z1`.replace('//', '/'), path.replace(/^\/([a-z])/, '/x$1')]);
  const ELSEWHERE = ['/', '/health', '/ready', '/metrics', '/v1/chat/completions', '/transparent/main/v1/models', '/auth/login', '/auth/sessions'];
  test.each([
    ['server', [...DIALECTS, ...SHORTCUTS, ...SURROUNDINGS, ...SESSIONS]],
    ['ops', OPS],
    ['admin', [...ADMIN, 'GET /console']],
  ] as const)('that are not documented are nowhere on the %s listener', async (listener, routes) => {
    const isDocumented = covered(routes);
    const paths = [...OTHER, ...beside(routes), ...(listener === 'server' ? [] : ELSEWHERE)].filter((path) => !isDocumented(path));
    expect(paths.length).toBeGreaterThan(50);
    const there: string[] = [];
    for (const path of new Set(paths))
      for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
        const got = await answer(listener, method, path);
        if (got !== UNKNOWN) there.push(`${method} ${path}: ${got}`);
      }
    expect(there).toEqual([]);
    expect(bench.simulator.requests).toEqual([]);
  });
  test('below transparent mode are those of the provider’s table: every other path is 403, whoever asks', async () => {
    for (const path of [
      '',
      '/',
      '/v1',
      '/v1/organization/admin_api_keys',
      '/v1/fine_tuning/jobs',
      '/v1/nowhere',
      '/dashboard/billing/usage',
      '/v2/chat/completions',
    ])
      for (const method of ['GET', 'POST', 'DELETE'])
        expect(await answer('server', method, `/transparent/main${path}`), `${method} ${path}`).toBe('403 operation_not_allowed');
    expect(bench.simulator.requests).toEqual([]);
  });
});
