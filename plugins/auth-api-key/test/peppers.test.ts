import { describe, expect, it } from 'vitest';
import { pepperOf } from '../src/pepper.ts';
import { KEYS, type KeyRecord } from '../src/record.ts';
import { type Gateway, gateway, openStore, PEPPER, START, secret } from './support.ts';

const NEXT = 'the next pepper, of at least 32 bytes';
const verifierOf = async ({ host }: Gateway, id: string): Promise<KeyRecord['verifier'] | undefined> => {
  const row = await host.store.get(KEYS, id);
  return row === undefined ? undefined : (JSON.parse(row.value.json) as KeyRecord).verifier;
};
/** What is stored anew is never waited for. */
const becomes = async (read: () => Promise<unknown>, wanted: object): Promise<void> => {
  for (let turn = 0; turn < 1000; turn += 1) {
    if (JSON.stringify(await read()) === JSON.stringify(wanted)) return;
    await new Promise(setImmediate);
  }
  expect(await read()).toEqual(wanted);
};
const hmac = (pepper: string) => expect.objectContaining({ alg: 'hmac', pepper: pepperOf(pepper).version });

describe('several peppers', () => {
  it('keys of an earlier one let in and move to the current one when they are used; then the earlier one can go', async () => {
    const clock = { now: START };
    const store = await openStore(':memory:', clock);
    const before = await gateway(store, clock);
    const { id, key } = await before.run('keys.create', { name: 'ci' });
    const { key: unused } = await before.run('keys.create', { name: 'unused' });
    expect(await verifierOf(before, id)).toEqual(hmac(PEPPER));

    const both = await gateway(store, clock, { pepper: secret(NEXT), earlierPeppers: [secret(PEPPER)] });
    expect((await both.ask(key)).is).toBe('principal');
    const wanted = { alg: 'hmac', pepper: pepperOf(NEXT).version };
    await becomes(async () => {
      const { alg, pepper } = ((await verifierOf(both, id)) ?? {}) as { alg?: string; pepper?: string };
      return { alg, pepper };
    }, wanted);
    const after = await gateway(store, clock, { pepper: secret(NEXT) });
    expect((await after.ask(key)).is).toBe('principal');
    expect(await after.ask(unused)).toEqual({ is: 'denied', reason: 'wrong_secret' });
    expect(await both.reasons([`${key.slice(0, -1)}${key.endsWith('x') ? 'y' : 'x'}`])).toEqual(['denied malformed']);
  });
  it('a wrong secret moves nothing, and a revoked key stays what it is', async () => {
    const clock = { now: START };
    const store = await openStore(':memory:', clock);
    const before = await gateway(store, clock);
    const one = await before.run('keys.create', { name: 'one' });
    const other = await before.run('keys.create', { name: 'other' });
    await before.run('keys.revoke', { key: 'one' });
    const both = await gateway(store, clock, { pepper: secret(NEXT), earlierPeppers: [secret(PEPPER)] });
    expect(await both.ask(one.key)).toMatchObject({ is: 'denied', reason: 'revoked' });
    expect((await both.ask(other.key)).is).toBe('principal');
    await becomes(async () => ((await verifierOf(both, other.id)) as { pepper?: string }).pepper, pepperOf(NEXT).version as never);
    expect(await verifierOf(both, one.id)).toEqual(hmac(PEPPER));
  });
  it('keys of argon2id move to HMAC when there is a pepper', async () => {
    const clock = { now: START };
    const store = await openStore(':memory:', clock);
    const without = await gateway(store, clock, {});
    const { id, key } = await without.run('keys.create', { name: 'ci' });
    expect(await verifierOf(without, id)).toMatchObject({ alg: 'argon2id' });
    const peppered = await gateway(store, clock);
    expect((await peppered.ask(key)).is).toBe('principal');
    await becomes(async () => ((await verifierOf(peppered, id)) as { alg?: string }).alg, 'hmac' as never);
    expect((await peppered.ask(key)).is).toBe('principal');
  });
});
