import { type AdminOperation, GatewayError, type Host, isGatewayError, type Principal } from '@llm-proxy-auth/plugin';
import { Type } from 'typebox';
import { afterEach, describe, expect, test } from 'vitest';
import type { OperationRun } from '../src/audit/audit.ts';
import type { AdminEntry, Instance } from '../src/graph.ts';
import { type AdminApp, createAdminApp } from '../src/http/admin.ts';
import { ask, closeAll, closeSessions, code, open, session } from './server-clients.ts';

const apps: AdminApp[] = [];
afterEach(async () => {
  closeSessions();
  await closeAll();
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

const host = { name: '@acme/keys' } as Host;
const entry = (operation: Partial<AdminOperation> & Pick<AdminOperation, 'name' | 'run'>): AdminEntry => ({
  host,
  operation: { summary: 'Does it.', scope: 'keys', input: Type.Object({}, { additionalProperties: false }), output: Type.Object({}), ...operation },
});
const INPUT = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    scopes: Type.Array(Type.String(), { default: [] }),
    instances: Type.Optional(Type.Array(Type.String())),
    restrict: Type.Optional(Type.Object({ days: Type.Integer() }, { additionalProperties: false })),
  },
  { additionalProperties: false },
);

interface Call {
  readonly input: unknown;
  readonly caller: string;
  readonly host: string;
}
const setup = async (options: { fail?: boolean; who?: (header: string | undefined) => Principal | GatewayError } = {}) => {
  const rows: unknown[] = [];
  const calls: Call[] = [];
  const reported: object[] = [];
  const note =
    (result: unknown): AdminOperation['run'] =>
    async (input, caller, h) => {
      calls.push({ input, caller: caller.id, host: h.name });
      if (result instanceof Error) throw result;
      return result;
    };
  const operations: AdminEntry[] = [
    entry({
      name: 'keys.create',
      input: INPUT,
      run: note({ id: 'k1' }),
      example: 'keys create --name ci',
      target: (input) => (input as { name?: string | undefined }).name,
    }),
    entry({ name: 'keys.refuse', run: note(new GatewayError('invalid_request', 'The name is taken.', { param: 'name' })) }),
    entry({ name: 'keys.break', run: note(new Error('inner detail')) }),
    entry({ name: 'keys.nothing', run: note(undefined) }),
    entry({ name: 'audit.read', scope: 'viewer', run: note({}) }),
  ];
  const audit = {
    operation: async ({ caller, name, target, code: why }: OperationRun) => {
      if (options.fail === true) throw new GatewayError('overloaded', 'The audit log takes no more records.');
      rows.push({ actor: caller.id, operation: name, target, code: why });
    },
  };
  const scopes = (header: string | undefined): Principal | GatewayError =>
    header === undefined
      ? new GatewayError('missing_credentials', 'Send a credential.', { headers: ['www-authenticate', 'Bearer'] })
      : {
          id: 'key:root',
          owner: 'root',
          strategy: 'api-key',
          credential: 'c',
          groups: [],
          scopes: header.split(','),
          factor: 'none',
        };
  const app = createAdminApp({
    operations: () => operations,
    instances: () => new Map([['main', {} as Instance]]),
    pages: () => new Map(),
    audit,
    authenticate: async (request) => {
      const caller = (options.who ?? scopes)(request.headers['x-scopes'] as string | undefined);
      return isGatewayError(caller) ? caller : { principal: caller };
    },
    confirm: async (_request, _response, { principal }) => principal,
    log: { info: () => undefined, warn: () => undefined, error: (fields) => void reported.push(fields) },
  });
  apps.push(app);
  const listener = await open(app.handler);
  const post = async (name: string, body?: unknown, headers: Record<string, string> = { 'x-scopes': 'admin' }) => {
    const answer = await fetch(`${listener.url}/admin/v1/${name}`, {
      method: 'POST',
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body) }),
    });
    return {
      status: answer.status,
      headers: answer.headers,
      json: (await answer.json()) as Record<string, unknown> & { error?: { code: string; param: string | null; message: string } },
    };
  };
  return { listener, post, rows, calls, reported, operations };
};

describe('operations', () => {
  test('an operation gets its checked input with defaults, the caller and its host; output and audit row follow', async () => {
    const { post, rows, calls } = await setup();
    const answer = await post('keys.create', { name: 'ci' });
    expect([answer.status, answer.json]).toEqual([200, { id: 'k1' }]);
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(calls).toEqual([{ input: { name: 'ci', scopes: [] }, caller: 'key:root', host: '@acme/keys' }]);
    expect(rows).toEqual([{ actor: 'key:root', operation: 'keys.create', target: 'ci', code: undefined }]);
  });

  test('works over HTTP/2 and without a body', async () => {
    const { listener } = await setup();
    const client = await session(listener);
    const answer = await ask(
      client,
      { ':method': 'POST', ':path': '/admin/v1/keys.create', 'content-type': 'application/json', 'x-scopes': 'keys' },
      '{"name":"h2"}',
    );
    expect([answer.headers[':status'], answer.body]).toEqual([200, '{"id":"k1"}']);
    const empty = await ask(client, { ':method': 'POST', ':path': '/admin/v1/keys.nothing', 'x-scopes': 'keys' });
    expect([empty.headers[':status'], empty.body]).toEqual([200, '{}']);
  });

  test.each([
    ['a missing field', {}, 'name'],
    ['an unknown field', { name: 'a', nmae: 'b' }, 'nmae'],
    ['a wrong type', { name: 1 }, 'name'],
    ['a wrong type below', { name: 'a', restrict: { days: 'x' } }, 'restrict.days'],
    ['a missing field below', { name: 'a', restrict: {} }, 'restrict.days'],
    ['an unknown field below', { name: 'a', restrict: { days: 1, nights: 2 } }, 'restrict.nights'],
    ['no object', [], null],
  ])('%s is 400 with the field, and is recorded as failed', async (_name, body, param) => {
    const { post, rows, calls } = await setup();
    const answer = await post('keys.create', body);
    expect([answer.status, answer.json.error?.code, answer.json.error?.param]).toEqual([400, 'invalid_request', param]);
    expect(calls).toEqual([]);
    expect(rows).toMatchObject([{ actor: 'key:root', operation: 'keys.create', code: 'invalid_request' }]);
  });

  test('a field `instances` names instances of the configuration or globs', async () => {
    const { post, calls, rows } = await setup();
    const refused = await post('keys.create', { name: 'a', instances: ['main', 'nope'] });
    expect([refused.status, refused.json.error?.code, refused.json.error?.param]).toEqual([400, 'invalid_request', 'instances']);
    expect(calls).toEqual([]);
    expect(rows).toMatchObject([{ operation: 'keys.create', code: 'invalid_request' }]);
    expect((await post('keys.create', { name: 'a', instances: ['main', 'no*'] })).status).toBe(200);
  });
  test('who may use some instances only learns nothing about others from it', async () => {
    const restricted = {
      id: 'key:r',
      owner: 'r',
      strategy: 's',
      credential: 'c',
      groups: [],
      scopes: ['keys'],
      factor: 'none',
      restrict: { instances: ['main'] },
    };
    const { post, calls } = await setup({ who: () => restricted as Principal });
    expect((await post('keys.create', { name: 'a', instances: ['nope'] })).status).toBe(200);
    expect(calls).toHaveLength(1);
  });

  test.each([
    ['a key twice', '{"name":"a","n\\u0061me":"b"}', {}, 400, 'invalid_request'],
    ['broken JSON', '{"name":', {}, 400, 'invalid_json'],
    ['JSON that is no UTF-8', new Uint8Array([0x22, 0xff, 0x22]), {}, 400, 'invalid_json'],
    ['a prototype key', '{"name":"a","__proto__":{"x":1}}', {}, 400, 'invalid_request'],
    ['5,000 levels', `${'['.repeat(5000)}${']'.repeat(5000)}`, {}, 400, 'invalid_request'],
    ['a form', 'name=a', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'unsupported_media_type'],
    ['plain text', '{}', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    ['another charset', '{}', { 'content-type': 'application/json; charset=utf-7' }, 415, 'unsupported_media_type'],
    ['a coded body', '{}', { 'content-encoding': 'gzip' }, 415, 'unsupported_media_type'],
    ['2 MiB', JSON.stringify({ name: 'a'.repeat(2_000_000) }), {}, 413, 'body_too_large'],
  ] as const)('a body of %s is refused before any operation runs', async (_name, body, headers, status, expected) => {
    const { post, calls } = await setup();
    const answer = await post('keys.create', body, { 'x-scopes': 'admin', ...headers });
    expect([answer.status, answer.json.error?.code, calls.length]).toEqual([status, expected, 0]);
  });

  test('a coded refusal of the operation passes, anything else is 500 without its message', async () => {
    const { post, rows, reported } = await setup();
    const refused = await post('keys.refuse', {});
    expect([refused.status, refused.json.error]).toEqual([
      400,
      { message: 'The name is taken.', type: 'invalid_request_error', param: 'name', code: 'invalid_request' },
    ]);
    const broken = await post('keys.break', {});
    expect([broken.status, broken.json.error?.code, JSON.stringify(broken.json).includes('inner detail'), reported.length]).toEqual([
      500,
      'internal_error',
      false,
      1,
    ]);
    expect(rows).toMatchObject([{ code: 'invalid_request' }, { code: 'internal_error' }]);
  });

  test('an answer that the audit log did not take is not given', async () => {
    const { post } = await setup({ fail: true });
    const answer = await post('keys.create', { name: 'ci' });
    expect([answer.status, answer.json.error?.code, answer.json.id]).toEqual([503, 'overloaded', undefined]);
  });
});

describe('who may', () => {
  test('without a credential every path below /admin is 401 and nothing runs, known or not, however spelled', async () => {
    const { listener, calls, rows } = await setup();
    for (const [method, path] of [
      ['POST', '/admin/v1/keys.create'],
      ['POST', '/admin/v1/nothing'],
      ['GET', '/admin/v1/operations'],
      ['GET', '/admin/v1/keys.create'],
      ['DELETE', '/admin/anything'],
      ['GET', '/%61dmin/v1/operations'],
      ['POST', '/%61dmin/v1/keys.create'],
    ] as const) {
      const answer = await fetch(listener.url + path, { method });
      expect([path, answer.status, code(await answer.text())]).toEqual([path, 401, 'missing_credentials']);
    }
    expect((await fetch(`${listener.url}/admin/v1/operations`)).headers.get('www-authenticate')).toBe('Bearer');
    expect([calls, rows]).toEqual([[], []]);
  });

  test.each([
    ['admin', 'keys.create', 200],
    ['keys', 'keys.create', 200],
    ['viewer', 'keys.create', 403],
    ['metrics,usage', 'keys.create', 403],
    ['viewer', 'audit.read', 200],
    ['keys', 'audit.read', 403],
  ])('scopes %s on %s: %i', async (scopes, name, status) => {
    const { post, calls } = await setup();
    const answer = await post(name, name === 'keys.create' ? { name: 'a' } : {}, { 'x-scopes': scopes });
    expect([answer.status, calls.length]).toEqual([status, status === 200 ? 1 : 0]);
  });

  test('the list shows what the caller may run, with schemas and examples', async () => {
    const { listener } = await setup();
    const list = async (scopes: string) => {
      const answer = await fetch(`${listener.url}/admin/v1/operations`, { headers: { 'x-scopes': scopes } });
      return { status: answer.status, json: (await answer.json()) as { operations: { name: string; example?: string; input: { required: string[] } }[] } };
    };
    expect((await list('admin')).json.operations.map((each) => each.name)).toEqual(['keys.create', 'keys.refuse', 'keys.break', 'keys.nothing', 'audit.read']);
    const viewer = (await list('viewer')).json.operations;
    expect(viewer.map((each) => each.name)).toEqual(['audit.read']);
    expect((await list('keys')).json.operations[0]).toMatchObject({ example: 'keys create --name ci', input: { required: ['name', 'scopes'] } });
    expect((await list('metrics')).status).toBe(403);
  });
});

describe('routes', () => {
  test('an unknown operation is 404, another method 405; a method override changes nothing', async () => {
    const { listener, post, calls } = await setup();
    expect([(await post('keys.delete', {})).status, (await post('operations', {})).status]).toEqual([404, 404]);
    const headers = { 'x-scopes': 'admin', 'x-http-method-override': 'POST', 'x-http-method': 'POST', 'x-method-override': 'POST' };
    const get = await fetch(`${listener.url}/admin/v1/keys.create?_method=POST`, { headers });
    expect([get.status, get.headers.get('allow'), code(await get.text())]).toEqual([405, 'POST', 'method_not_allowed']);
    expect(calls).toEqual([]);
    expect((await post('keys.create', { name: 'a' }, { 'x-scopes': 'admin', 'x-http-method-override': 'DELETE' })).status).toBe(200);
  });

  test('a reload changes the operations that are served', async () => {
    const { post, operations } = await setup();
    operations.splice(0);
    expect((await post('keys.create', { name: 'a' })).status).toBe(404);
  });
});
