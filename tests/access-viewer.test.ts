import { randomBytes } from 'node:crypto';
import type { Principal } from '@llm-proxy-auth/plugin';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

interface Told {
  readonly name: string;
  readonly scope: string;
  readonly reads: boolean;
}
/** What may be read; a further operation that reads has to be thought about here. */
const READS = ['audit.export', 'audit.verify', 'keys.list', 'keys.show', 'public-keys.list', 'sessions.list', 'signing-keys.list', 'usage.list', 'users.list'];

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({
    plugins: ['@llm-proxy-auth/auth-basic', '@llm-proxy-auth/auth-sigv4', '@llm-proxy-auth/auth-oci-signature', '@llm-proxy-auth/factor-totp'],
    sections: {
      admin: { port: 0 },
      keyEncryption: { current: 'k1', keys: { k1: randomBytes(32).toString('base64') } },
      auth: [
        { use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef', keys: [{ name: 'written', key: '0123456789abcdef'.repeat(3) }] },
        { use: 'basic' },
        { use: 'sigv4' },
        { use: 'oci-signature' },
      ],
      factor: { use: 'totp' },
    },
  });
});
afterAll(() => bench.close());

const ask = async (key: string, path: string, body?: object): Promise<{ readonly status: number; readonly code: string | null; readonly json: never }> => {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const answer = await fetch(`${bench.gateway.urls.admin}/admin/v1/${path}`, { ...init, headers });
  return { status: answer.status, code: answer.headers.get('x-lpa-code'), json: (await answer.json()) as never };
};
const namesOf = (list: readonly { readonly name: string }[]): readonly string[] => list.map(({ name }) => name).toSorted();
const operationsOf = async (key: string): Promise<readonly Told[]> => ((await ask(key, 'operations')).json as { operations: Told[] }).operations;

describe('the scope viewer', () => {
  test('may run what reads, all of it, and nothing else', async () => {
    const viewer = await bench.makeKey({ scopes: ['viewer'] });
    const all = await operationsOf(bench.key);
    expect(namesOf(all.filter(({ reads }) => reads))).toEqual(READS);
    expect(namesOf(await operationsOf(viewer))).toEqual(READS);
    for (const { name, reads } of all) {
      const { status, code } = await ask(viewer, name, name === 'keys.show' ? { key: 'k1' } : {});
      expect([name, status, code]).toEqual(reads ? [name, 200, null] : [name, 403, 'scope_required']);
    }
    const { paths } = (await ask(viewer, 'openapi.json')).json as { paths: Record<string, unknown> };
    expect(Object.keys(paths).toSorted()).toEqual([...READS, 'openapi.json', 'operations'].map((name) => `/admin/v1/${name}`).toSorted());
  });
  test('sees what others made, with scopes that it has not, and the names of written keys; the scope keys sees its own bounds', async () => {
    const viewer = await bench.makeKey({ scopes: ['viewer'], expires: '1h' });
    const lead = await bench.makeKey({ scopes: ['keys'] });
    await bench.operation('users.add', { name: 'root', scopes: ['admin'] });
    await bench.operation('signing-keys.create', { name: 'signer', scopes: ['admin'] });
    const seen = async (key: string) => {
      const { keys, configured } = (await ask(key, 'keys.list', {})).json as { keys: { name: string; scopes?: string[] }[]; configured: string[] };
      const { users } = (await ask(key, 'users.list', {})).json as { users: { name: string }[] };
      const { keys: pairs } = (await ask(key, 'signing-keys.list', {})).json as { keys: { name: string }[] };
      return [keys.some(({ scopes = [] }) => scopes.includes('admin')), configured, users.length, pairs.length];
    };
    expect(await seen(viewer)).toEqual([true, ['written'], 1, 1]);
    expect(await seen(lead)).toEqual([false, [], 0, 0]);
  });
  test('is shown no secret, and makes no change with another operation’s name', async () => {
    const viewer = await bench.makeKey({ scopes: ['viewer'] });
    for (const name of READS)
      expect(JSON.stringify((await ask(viewer, name, name === 'keys.show' ? { key: 'k1' } : {})).json)).not.toMatch(/lpa_|digest|phc|verifier|material/);
    expect(await ask(viewer, 'keys.revoke', { key: 'k1' })).toMatchObject({ status: 403, code: 'scope_required' });
    expect(await ask(viewer, 'keys.create', { name: 'more', scopes: ['viewer'] })).toMatchObject({ status: 403, code: 'scope_required' });
    expect(await ask(bench.key, 'keys.list', {})).toMatchObject({ status: 200 });
  });
  test('of a key that is restricted to instances sees keys of these alone', async () => {
    await bench.makeKey({ name: 'of-main', instances: ['main'] });
    await bench.makeKey({ name: 'of-all' });
    const viewer = await bench.makeKey({ name: 'looks', scopes: ['viewer'], instances: ['main'] });
    const { keys } = (await ask(viewer, 'keys.list', {})).json as { keys: { name: string }[] };
    expect(namesOf(keys)).toEqual(['looks', 'of-main']);
    expect(await ask(viewer, 'keys.show', { key: 'of-all' })).toMatchObject({ status: 403, code: 'instance_not_allowed' });
  });
  test('is looked at by the operations themselves too', async () => {
    const caller: Principal = { id: 'v', owner: 'v', strategy: 'test', credential: 'v', groups: [], scopes: ['viewer'], factor: 'none' };
    const run = (name: string, input: object): Promise<unknown> => {
      const entry = bench.gateway.graph.admin.find(({ operation }) => operation.name === name);
      if (entry === undefined) throw new Error(name);
      return entry.operation.run(input, caller, entry.host);
    };
    expect(await run('keys.list', {})).toMatchObject({ configured: ['written'] });
    await bench.makeKey({ name: 'without-scopes' });
    await expect(run('keys.revoke', { key: 'without-scopes' })).rejects.toMatchObject({ code: 'scope_required' });
  });
});

test('who ends keys may end those that live longer than its own', async () => {
  const lead = await bench.makeKey({ scopes: ['keys'], expires: '1h' });
  await bench.makeKey({ name: 'endless' });
  expect(await ask(lead, 'keys.revoke', { key: 'endless' })).toMatchObject({ status: 200 });
  expect(await ask(lead, 'keys.create', { name: 'longer', expires: '2h' })).toMatchObject({ status: 403, code: 'scope_required' });
  expect(await ask(lead, 'keys.create', { name: 'shorter', expires: '30m' })).toMatchObject({ status: 200 });
});
