import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { ROOT } from './support/process.ts';

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
}
let bench: Bench;
const open = (key: string, path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Response> =>
  fetch(`${bench.gateway.urls.admin}${path}`, { method, headers: { authorization: `Bearer ${key}`, ...headers } });
beforeAll(async () => {
  bench = await openBench({ sections: { admin: { port: 0 } } });
});
afterAll(() => bench.close());

describe('the document of the admin API', () => {
  test('is valid OpenAPI 3.1, served and in the reference', async () => {
    const served = (await (await open(bench.key, '/admin/v1/openapi.json')).json()) as Document;
    const written = JSON.parse(readFileSync(`${ROOT}/docs/reference/admin-api.json`, 'utf8')) as Document;
    for (const document of [served, written]) {
      expect(document.openapi).toBe('3.1.0');
      expect(await new Validator().validate({ ...document })).toEqual({ valid: true });
      expect(Object.keys(document.paths)).toContain('/admin/v1/usage.list');
    }
    expect(await new Validator().validate({ ...served, paths: { bad: 1 } })).toMatchObject({ valid: false });
  });
  test('has what the caller may run, as the list of operations', async () => {
    const key = await bench.makeKey({ scopes: ['usage'] });
    const { paths } = (await (await open(key, '/admin/v1/openapi.json')).json()) as Document;
    expect(Object.values(paths).flatMap((path) => (path.post === undefined ? [] : [path.post.operationId]))).toEqual(['usage.list']);
    const none = await open(await bench.makeKey(), '/admin/v1/openapi.json');
    expect([none.status, none.headers.get('x-lpa-code')]).toEqual([403, 'scope_required']);
    expect((await fetch(`${bench.gateway.urls.admin}/admin/v1/openapi.json`)).status).toBe(401);
  });
});

describe('A103', () => {
  const run = async (base: string, key: string, headers: Readonly<Record<string, string>> = {}, method = 'POST') => {
    const answer = await fetch(`${base}/admin/v1/usage.list`, { method, headers: { authorization: `Bearer ${key}`, ...headers } });
    return [answer.status, answer.headers.get('x-lpa-code')];
  };
  test('A103 the admin API is not on the data port, and needs the scope of the operation; every run leaves a record', async () => {
    const plain = await bench.makeKey({ name: 'plain' });
    const { server, admin = '' } = bench.gateway.urls;
    expect(await run(server, bench.key)).toEqual([404, 'unknown_route']);
    expect(await run(admin, plain)).toEqual([403, 'scope_required']);
    expect(await run(admin, bench.key)).toEqual([200, null]);
    await bench.gateway.audit.flush();
    const records = (await bench.operation('audit.export', { kind: 'admin', limit: 100 })).records as Record<string, unknown>[];
    expect(records.filter((r) => r.operation === 'usage.list').map((r) => [r.principal, r.code])).toEqual([
      ['key:plain', 'scope_required'],
      ['key:k1', undefined],
    ]);
  });
  test.each(['x-http-method-override', 'x-http-method', 'x-method-override'])('A103 %s is not looked at', async (header) => {
    const { admin = '' } = bench.gateway.urls;
    expect(await run(admin, bench.key, { [header]: 'POST' }, 'GET')).toEqual([405, 'method_not_allowed']);
    expect(await run(admin, bench.key, { [header]: 'DELETE' })).toEqual([200, null]);
  });
});
