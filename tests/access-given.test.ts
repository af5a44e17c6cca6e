import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { newKeys } from '../plugins/auth-oci-signature/test/sign.ts';
import { type Bench, openBench } from './support/gateway.ts';
import { type HeldStream, heldStream } from './support/held-stream.ts';
import { ask, codeOf, type Got } from './support/raw.ts';

const PEPPER = 'pepper-0123456789abcdef0123456789abcdef';
const MODEL = 'gpt-4o-mini';
const { publicKey } = newKeys();
let bench: Bench;
beforeAll(async () => {
  bench = await openBench({
    plugins: ['@llm-proxy-auth/auth-basic', '@llm-proxy-auth/auth-sigv4', '@llm-proxy-auth/auth-oci-signature', '@llm-proxy-auth/factor-totp'],
    sections: {
      admin: { port: 0 },
      keyEncryption: { current: 'k1', keys: { k1: '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff' } },
      auth: [{ use: 'api-key', pepper: PEPPER }, { use: 'basic' }, { use: 'sigv4' }, { use: 'oci-signature' }],
      factor: { use: 'totp', require: 'off' },
      retry: { attempts: 1 },
      models: [{ match: 'gpt-*', targets: [{ instance: 'main', model: '*' }] }],
      policies: [
        ...['key', 'user', 'awskey', 'ocikey'].map((kind) => ({ name: `${kind}s of production`, match: { principal: `${kind}:prod-*` }, allow: {} })),
        { name: 'the office', match: { principal: 'key:office-*', cidr: '127.0.0.0/8' }, allow: {} },
        { name: 'everybody', match: { principal: '*' }, allow: { models: [MODEL] } },
      ],
    },
  });
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());

const answer = ({ status, ...got }: Got): string => (status === 200 ? '200' : `${status} ${codeOf({ status, ...got })}`);
const operate = (key: string, operation: string, input: object = {}): Promise<Got> =>
  ask(bench.gateway.urls.admin ?? '', {
    path: `/admin/v1/${operation}`,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify(input),
  });
const sessionOf = async (key: string): Promise<string> => {
  const got = await ask(bench.url, { path: '/auth/login', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ api_key: key }) });
  return String((JSON.parse(got.text) as { session_token?: unknown }).session_token);
};

describe('A021 the scope keys reaches no further than the policies let its holder', () => {
  let lead = '';
  beforeAll(async () => {
    lead = await bench.makeKey({ name: 'team-lead', scopes: ['keys'] });
    for (const [operation, more] of [
      ['keys.create', {}],
      ['users.add', {}],
      ['signing-keys.create', {}],
      ['public-keys.create', { publicKey }],
    ] as const) {
      await bench.operation(operation, { name: 'prod-real', ...more });
      await bench.operation(operation, { name: 'team-other', ...more });
    }
  });
  test.each([
    ['keys.create', {}],
    ['users.add', {}],
    ['signing-keys.create', {}],
    ['public-keys.create', { publicKey }],
  ])('%s: under a policy that allows more nobody is made, under the same one anybody', async (operation, more) => {
    expect(answer(await operate(lead, operation, { name: 'prod-x', ...more }))).toBe('403 scope_required');
    expect(answer(await operate(lead, operation, { name: 'team-x', ...more }))).toBe('200');
    // The refused name is still free.
    expect(answer(await operate(bench.key, operation, { name: 'prod-x', ...more }))).toBe('200');
  });
  test.each([
    ['keys.rotate', { key: 'prod-real' }, { key: 'team-other' }],
    ['keys.revoke', { key: 'prod-real' }, { key: 'team-other' }],
    ['users.password', { name: 'prod-real' }, { name: 'team-other' }],
    ['users.remove', { name: 'prod-real' }, { name: 'team-other' }],
    ['signing-keys.revoke', { key: 'prod-real' }, { key: 'team-other' }],
    ['public-keys.revoke', { key: 'prod-real' }, { key: 'team-other' }],
  ])('%s: what somebody else made, under the same policy alone', async (operation, beyond, within) => {
    expect(answer(await operate(lead, operation, beyond))).toBe('403 scope_required');
    expect(answer(await operate(lead, operation, within))).toBe('200');
    expect(answer(await operate(bench.key, operation, beyond))).toBe('200');
  });
  test.each(['keys.list', 'users.list', 'signing-keys.list', 'public-keys.list'])('%s: shows what may be changed', async (operation) => {
    const seen = (await operate(lead, operation)).text;
    expect(seen).toContain('team-other');
    expect(seen).not.toContain('prod-');
    expect((await operate(bench.key, operation)).text).toContain('prod-real');
  });
  test('keys.show: as little', async () => {
    expect(answer(await operate(lead, 'keys.show', { key: 'prod-real' }))).toBe('403 scope_required');
    expect(answer(await operate(lead, 'keys.show', { key: 'team-other' }))).toBe('200');
  });
  test('a policy that looks at addresses is never the same one, but for oneself', async () => {
    const office = await bench.makeKey({ name: 'office-lead', scopes: ['keys'] });
    expect(answer(await operate(office, 'keys.create', { name: 'office-x' }))).toBe('403 scope_required');
    expect(answer(await operate(office, 'keys.create', { name: 'team-y' }))).toBe('403 scope_required');
    expect(answer(await operate(lead, 'keys.create', { name: 'office-y' }))).toBe('403 scope_required');
    expect(answer(await operate(office, 'keys.rotate', { key: 'office-lead' }))).toBe('200');
  });
});

describe('A021 a second factor binds what is made with it', () => {
  const keyOf = async (input: object): Promise<string> => String((await bench.operation('keys.create', input)).key);
  test('whoever needs one makes no administrator without one', async () => {
    const guarded = await keyOf({ name: 'guarded', scopes: ['admin'], totp: true });
    for (const key of [guarded, await sessionOf(guarded)])
      for (const [operation, more] of [
        ['keys.create', {}],
        ['users.add', {}],
        ['signing-keys.create', {}],
        ['public-keys.create', { publicKey }],
      ] as const)
        for (const scopes of [['admin'], ['keys']])
          expect(answer(await operate(key, operation, { name: 'unguarded', scopes, ...more })), operation).toBe('403 scope_required');
    expect(answer(await operate(guarded, 'keys.create', { name: 'of-guarded', scopes: ['admin'], totp: true }))).toBe('200');
    expect(answer(await operate(guarded, 'keys.create', { name: 'plain-of-guarded' }))).toBe('200');
  });
  test('a session of a key without one is bound no more than the key', async () => {
    const session = await sessionOf(await keyOf({ name: 'unbound', scopes: ['admin'] }));
    expect(answer(await operate(session, 'keys.create', { name: 'of-unbound', scopes: ['admin'] }))).toBe('200');
  });
  test('it may still revoke any', async () => {
    const guarded = await keyOf({ name: 'guarded-2', scopes: ['admin'], totp: true });
    await bench.operation('keys.create', { name: 'loose', scopes: ['admin'] });
    expect(answer(await operate(guarded, 'keys.rotate', { key: 'loose' }))).toBe('403 scope_required');
    expect(answer(await operate(guarded, 'keys.revoke', { key: 'loose' }))).toBe('200');
  });
  test('a strict key makes no administrator that is not', async () => {
    const strict = await keyOf({ name: 'strict', scopes: ['admin'], strict: true });
    expect(answer(await operate(strict, 'keys.create', { name: 'lax', scopes: ['keys'] }))).toBe('403 scope_required');
    expect(answer(await operate(strict, 'keys.create', { name: 'as-strict', scopes: ['keys'], strict: true }))).toBe('200');
  });
});

describe('a key that is revoked while it streams', () => {
  const streaming = (credential: string): Promise<HeldStream> => heldStream(bench.simulator, bench.url, '/v1/chat/completions', `Bearer ${credential}`);
  test.each([
    ['of the key', async (key: string) => key],
    ['of a session of the key', sessionOf],
  ])('compromised: the stream %s ends with an error', async (_, shown) => {
    const key = await bench.makeKey();
    const { id } = ((await bench.operation('keys.list', {})).keys as { id: string }[]).at(-1) ?? { id: '' };
    const other = await streaming(bench.key);
    const mine = await streaming(await shown(key));
    await bench.operation('keys.revoke', { key: id, reason: 'compromised' });
    const text = await mine.whole();
    expect(text).toContain('Hel');
    expect(text).toContain('invalid_credentials');
    expect(text).not.toContain('"stop"');
    other.go();
    expect(await other.whole()).toContain('"stop"');
    mine.go();
  });
  test('compromised: a request whose body is still on its way is refused', async () => {
    const key = await bench.makeKey();
    const { id } = ((await bench.operation('keys.list', {})).keys as { id: string }[]).at(-1) ?? { id: '' };
    const { hostname, port } = new URL(bench.url);
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}`, expect: '100-continue' };
    const sent = request({ hostname, port, method: 'POST', path: '/v1/chat/completions', headers });
    const answered = once(sent, 'response');
    // The gateway asks for the body once it reads it.
    const asked = once(sent, 'continue');
    sent.flushHeaders();
    await asked;
    sent.write('{"model":');
    await bench.operation('keys.revoke', { key: id, reason: 'compromised' });
    const [reply] = (await answered) as [IncomingMessage];
    expect([reply.statusCode, reply.headers['x-lpa-code']]).toEqual([401, 'invalid_credentials']);
    expect(bench.simulator.requests).toEqual([]);
    sent.destroy();
  });
  test('for any other reason: the stream finishes', async () => {
    const key = await bench.makeKey();
    const { id } = ((await bench.operation('keys.list', {})).keys as { id: string }[]).at(-1) ?? { id: '' };
    const mine = await streaming(key);
    await bench.operation('keys.revoke', { key: id, reason: 'laptop lost' });
    mine.go();
    expect(await mine.whole()).toContain('[DONE]');
  });
});
