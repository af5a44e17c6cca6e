import { createHash } from 'node:crypto';
import { isGatewayError } from '@llm-proxy-auth/plugin';
import { hash, verify } from '@node-rs/bcrypt';
import { beforeAll, describe, expect, it } from 'vitest';
import { bcryptVerify } from '../src/bcrypt.ts';
import type { KeyBook, KeyEntry } from '../src/book.ts';
import { type LegacyKeys, legacyKeys } from '../src/legacy.ts';
import { KEYS, type KeyRecord } from '../src/record.ts';
import type { Verifiers } from '../src/verifier.ts';
import { fresh, type Gateway, gateway, PEPPER, principal, refusal, START, secret } from './support.ts';

const bdrk = (n: number): string => `bdrk_${createHash('sha256').update(`seed ${n}`).digest('hex')}`;
const hashes: string[] = [];
beforeAll(async () => {
  for (const n of [0, 1, 2]) hashes.push(await hash(bdrk(n), { cost: 10 }));
});
const file = (keys: readonly object[]): string => JSON.stringify(keys);
const listed = (): readonly object[] => hashes.map((each, n) => ({ name: `seed${n}`, hash: each.replace(/^\$2b/, ['$2a', '$2b', '$2y'][n] ?? '') }));
const recordOf = async ({ host }: Gateway, name: string): Promise<KeyRecord> => {
  const rows = await host.store.list(KEYS, undefined, 100);
  const record = rows.map(({ value }) => JSON.parse(value.json) as KeyRecord).find((one) => one.name === name);
  if (record === undefined) throw new Error(`no key ${name}`);
  return record;
};

describe('bcrypt', () => {
  it('is the published vector; costs and versions that are not taken over are wrong', async () => {
    const vector = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
    expect(await verify('U*U', vector)).toBe(true);
    expect(await bcryptVerify(vector, 'U*U')).toBe(false);
    const good = hashes[0] ?? '';
    expect(await bcryptVerify(good, bdrk(0))).toBe(true);
    for (const bad of [good.replace('$2b', '$2x'), good.replace('$10$', '$15$'), good.replace('$10$', '$09$'), good.slice(0, -1), `${good}a`, ''])
      expect(await bcryptVerify(bad, bdrk(0))).toBe(false);
  });
  it('leaves the event loop alone: it turns many times meanwhile', async () => {
    let [turns, isOver] = [0, false];
    const turn = (): void => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    expect(await bcryptVerify(hashes[0] ?? '', bdrk(0))).toBe(true);
    isOver = true;
    expect(turns).toBeGreaterThan(20);
  });
  it('refuses what bcrypt would cut: more than 72 bytes, and a NUL', async () => {
    const long = await hash('k'.repeat(72), { cost: 10 });
    expect(await bcryptVerify(long, 'k'.repeat(72))).toBe(true);
    expect(await bcryptVerify(long, 'k'.repeat(73))).toBe(false);
    expect(await bcryptVerify(await hash('é'.repeat(36), { cost: 10 }), `${'é'.repeat(36)}x`)).toBe(false);
    expect(await bcryptVerify(await hash('key', { cost: 10 }), 'key\0more')).toBe(false);
  });
});

describe('imported keys', () => {
  it('let in as they are; the first use stores a digest that later ones are found by', async () => {
    const at = await fresh();
    const { imported } = await at.run<{ imported: readonly { id: string; name: string }[] }>('keys.import', { file: file(listed()) });
    expect(imported.map(({ name }) => name)).toEqual(['seed0', 'seed1', 'seed2']);
    expect(JSON.stringify(imported)).not.toContain('$2');
    for (const n of [0, 1, 2])
      expect(await at.ask(bdrk(n))).toMatchObject({ is: 'principal', principal: { id: `key:seed${n}`, owner: `key:seed${n}`, factor: 'none' } });
    for (let turn = 0; turn < 1000 && (await recordOf(at, 'seed1')).verifier.alg !== 'hmac'; turn += 1) await new Promise(setImmediate);
    expect((await recordOf(at, 'seed1')).verifier).toMatchObject({ alg: 'hmac' });

    const later = await gateway(at.store, at.clock);
    expect((await later.ask(bdrk(1))).is).toBe('principal');
    await later.run('keys.revoke', { key: 'seed1' });
    expect(await later.ask(bdrk(1))).toMatchObject({ is: 'denied', reason: 'revoked' });
  });
  it('deny what is none of them, and never by another strategy', async () => {
    const at = await fresh();
    expect(await at.ask(bdrk(9))).toEqual({ is: 'not-mine' });
    await at.run('keys.import', { file: file(listed()) });
    expect(await at.ask(bdrk(9))).toEqual({ is: 'denied', reason: 'unknown' });
    for (const other of [`bdrk_${'g'.repeat(64)}`, `${bdrk(0)}0`, bdrk(0).toUpperCase(), 'bdrk_']) expect(await at.ask(other)).toEqual({ is: 'not-mine' });
  });
  it('are looked for no more by who guesses, and not called wrong', async () => {
    const at = await fresh();
    await at.run('keys.import', { file: file(listed().slice(0, 1)) });
    for (let i = 0; i < 10; i++) expect(await at.ask(bdrk(100 + i))).toEqual({ is: 'denied', reason: 'unknown' });
    expect(await at.ask(bdrk(200))).toEqual({ is: 'unavailable', reason: 'locked', retryAfterMs: 30_000 });
    expect(await at.ask(bdrk(0))).toMatchObject({ is: 'unavailable', reason: 'locked' });
    expect((await at.ask(bdrk(0), 'bearer', '192.0.2.1')).is).toBe('principal');
  });
  it('one that is revoked before its first use lets nobody in; rotation gives a key of ours', async () => {
    const at = await fresh();
    await at.run('keys.import', { file: file(listed()) });
    await at.run('keys.revoke', { key: 'seed0' });
    expect((await at.ask(bdrk(0))).is).toBe('denied');
    const rotated = await at.run('keys.rotate', { key: 'seed1' });
    expect(rotated.key).toMatch(/^lpa_/);
    expect(await at.ask(rotated.key)).toMatchObject({ is: 'principal', principal: { id: 'key:seed1' } });
    expect((await at.ask(bdrk(1))).is).toBe('principal');
  });
  it('A013 verify cost: unknown ones are looked for one after the other, few wait, more are unavailable; other keys are as quick as ever', async () => {
    const at = await fresh();
    const { key } = await at.run('keys.create', { name: 'ci' });
    await at.run('keys.import', { file: file(listed().slice(0, 1)) });
    const unknown = Array.from({ length: 200 }, (_, n) => at.ask(bdrk(100 + n), 'bearer', `192.0.2.${n}`));
    const all = Promise.all(unknown);
    const first = await Promise.race([at.ask(key).then(({ is }) => is), all.then(() => 'the unknown ones')]);
    expect(first).toBe('principal');
    const results = await all;
    expect(results.filter(({ is }) => is === 'denied').length).toBe(9);
    expect(results.filter(({ is }) => is === 'unavailable').length).toBe(191);
  });
  it('A013 verify cost: in a minute so much work is done for unknown ones and no more, dear hashes counting for what they cost', async () => {
    // Not a hash to its end, which takes no time: the work is counted by the cost that stands in it.
    const entry = (cost: number) =>
      ({ record: { legacy: true, status: 'active', verifier: { alg: 'bcrypt', hash: `$2b$${cost}$short` } } }) as unknown as KeyEntry;
    const keysOf = (costs: readonly number[]) =>
      legacyKeys({ all: () => costs.map(entry), epoch: () => 1 } as unknown as KeyBook, { digests: () => [] } as unknown as Verifiers);
    const scans = async (keys: LegacyKeys, now: number): Promise<{ readonly done: number; readonly retryAfterMs: unknown }> => {
      for (let done = 0; ; done++) {
        try {
          expect(await keys.scan(bdrk(9), now)).toBeUndefined();
        } catch (error) {
          if (isGatewayError(error)) expect(error.code).toBe('auth_unavailable');
          return { done, retryAfterMs: (error as { retryAfterMs?: unknown }).retryAfterMs };
        }
      }
    };
    const keys = keysOf(Array.from({ length: 64 }, () => 10));
    expect(await scans(keys, START + 1_000)).toEqual({ done: 7, retryAfterMs: 59_000 });
    expect(await scans(keys, START + 59_999)).toEqual({ done: 0, retryAfterMs: 1 });
    expect((await scans(keys, START + 60_000)).done).toBe(7);
    expect((await scans(keysOf([10, 12]), START)).done).toBe(80);
    expect((await scans(keysOf([14]), START)).done).toBe(25);
  });
});

describe('keys import', () => {
  it('takes a list or one object a line, with restrictions, demands and an end', async () => {
    const at = await fresh();
    const [one, two] = [
      { name: 'one', hash: hashes[0], models: ['fast-*'], totp: true },
      { name: 'two', hash: hashes[1], expires: '2026-06-01' },
    ];
    await at.run('keys.import', { file: `${JSON.stringify(one)}\n\n${JSON.stringify(two)}\n` });
    expect(await at.ask(bdrk(0))).toMatchObject({ principal: { restrict: { models: ['fast-*'] }, factor: 'needed' } });
    expect(await at.ask(bdrk(1))).toMatchObject({ principal: { expires: Date.parse('2026-06-01') } });
  });
  it.each([
    ['no JSON', 'nonsense'],
    ['no hash', '[{"name":"a"}]'],
    ['an unknown member', '[{"name":"a","hash":"HASH","role":"admin"}]'],
    ['a cost below 10', '[{"name":"a","hash":"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}]'],
    ['a name twice', '[{"name":"a","hash":"HASH"},{"name":"a","hash":"HASH"}]'],
    ['a name that is taken', '[{"name":"b","hash":"HASH"},{"name":"taken","hash":"HASH"}]'],
    ['an end that is past', '[{"name":"a","hash":"HASH","expires":"2020-01-01"}]'],
  ])('refuses %s, and then takes none', async (_, text) => {
    const at = await fresh();
    await at.run('keys.create', { name: 'taken' });
    expect((await refusal(at.run('keys.import', { file: text.replaceAll('HASH', hashes[0] ?? '') }))).code).toBe('invalid_request');
    expect(await at.host.store.list(KEYS, undefined, 10)).toHaveLength(1);
  });
  it('takes 64 that wait for their first use and no more', async () => {
    const at = await fresh();
    const many = (count: number, from: number) => file(Array.from({ length: count }, (_, n) => ({ name: `k${from + n}`, hash: hashes[0] })));
    expect((await refusal(at.run('keys.import', { file: many(65, 0) }))).code).toBe('invalid_request');
    await at.run('keys.import', { file: many(64, 0) });
    expect((await refusal(at.run('keys.import', { file: many(1, 100) }))).code).toBe('invalid_request');
  });
  it('wants a pepper, and gives nobody more than they have', async () => {
    const without = await fresh({});
    expect((await refusal(without.run('keys.import', { file: file(listed()) }))).param).toBe('pepper');
    const at = await fresh({ pepper: secret(PEPPER) });
    const limited = principal({ scopes: ['keys'], restrict: { models: ['fast-*'] } });
    expect((await refusal(at.run('keys.import', { file: file(listed()) }, limited))).code).toBe('model_not_allowed');
    expect((await refusal(at.run('keys.import', { file: file([{ name: 'a', hash: hashes[0], scopes: ['admin'] }]) }, limited))).code).toBe('scope_required');
  });
});
