import { describe, expect, it } from 'vitest';
import { checksum, newKey } from '../src/key.ts';
import { fresh, gateway } from './support.ts';

const otherSecret = (key: string): string => {
  const body = `${key.slice(0, 17)}${newKey().key.slice(17, -6)}`;
  return body + checksum(body);
};
const GUESSER = '192.0.2.1';
type Gateway = Awaited<ReturnType<typeof fresh>>;
const guess = async ({ ask }: Pick<Gateway, 'ask'>, times: number, address = GUESSER): Promise<void> => {
  for (let i = 0; i < times; i++) expect(await ask(newKey().key, 'bearer', address)).toEqual({ is: 'denied', reason: 'unknown' });
};
/** Lets store calls of the poll and of commands be told from those of a question. */
const asksOf = async ({ host }: Gateway, work: () => Promise<unknown>): Promise<readonly string[]> => {
  const before = host.asked.length;
  await work();
  return host.asked.slice(before).filter((one) => one === 'get keys');
};

describe('whoever guesses keys', () => {
  it('waits after ten, 30 s at first, twice as long after each further one, 15 minutes at most', async () => {
    const at = await fresh();
    await guess(at, 10);
    expect(await at.ask(newKey().key, 'bearer', GUESSER)).toEqual({ is: 'denied', reason: 'locked', retryAfterMs: 30_000 });
    at.clock.now += 29_999;
    expect(await at.ask(newKey().key, 'bearer', GUESSER)).toMatchObject({ retryAfterMs: 1 });
    at.clock.now += 1;
    await guess(at, 1);
    expect(await at.ask(newKey().key, 'bearer', GUESSER)).toMatchObject({ retryAfterMs: 60_000 });
    for (let i = 0; i < 10; i++) {
      at.clock.now += 900_000;
      await guess(at, 1);
    }
    expect(await at.ask(newKey().key, 'bearer', GUESSER)).toMatchObject({ retryAfterMs: 900_000 });
    at.clock.now += 3_600_001;
    await guess(at, 10);
  });
  it('makes nobody elsewhere wait, and by IPv6 all of a network of 64 bits', async () => {
    const at = await fresh();
    await guess(at, 10);
    await guess(at, 1, '192.0.2.2');
    for (let i = 0; i < 10; i++) await guess(at, 1, `2001:db8::${i}`);
    expect(await at.ask(newKey().key, 'bearer', '2001:db8::ffff:1')).toMatchObject({ reason: 'locked' });
    await guess(at, 1, '2001:db8:0:1::1');
  });
  it('A013 verify cost: makes the store look for four keys at a time and no more; a wrong secret of a known key is told at once', async () => {
    const at = await fresh();
    const { key } = await at.run('keys.create', { name: 'ci' });
    expect(await asksOf(at, () => guess(at, 10))).toHaveLength(10);
    const answers: unknown[] = [];
    const flood = async (): Promise<void> =>
      void answers.push(...(await Promise.all(Array.from({ length: 50 }, () => at.ask(newKey().key, 'bearer', GUESSER)))));
    expect(await asksOf(at, flood)).toHaveLength(4);
    expect(answers).toEqual(Array(50).fill({ is: 'denied', reason: 'locked', retryAfterMs: 30_000 }));
    expect(await at.ask(otherSecret(key), 'bearer', GUESSER)).toEqual({ is: 'denied', reason: 'wrong_secret', retryAfterMs: 30_000 });
  });
  it('A017 state: gets the same wait for every key that does not let in, good once or never', async () => {
    const at = await fresh();
    const [ended, revoked] = [await at.run('keys.create', { name: 'ended', expires: '1s' }), await at.run('keys.create', { name: 'revoked' })];
    await at.run('keys.revoke', { key: 'revoked' });
    at.clock.now += 1000;
    await guess(at, 10);
    for (const value of [ended.key, revoked.key, otherSecret(ended.key), newKey().key, 'lpa_malformed'])
      expect(await at.ask(value, 'bearer', GUESSER)).toMatchObject({ is: 'denied', retryAfterMs: 30_000 });
  });
  it('does not shut out good keys from the same address, seen before or not', async () => {
    const at = await fresh();
    const before = await at.run('keys.create', { name: 'before' });
    await guess(at, 10);
    const after = await at.run('keys.create', { name: 'after' });
    for (const { key } of [before, after]) expect((await at.ask(key, 'bearer', GUESSER)).is).toBe('principal');
  });
  it('does not shut out a key that another process has made a moment ago, for all who hold it at once', async () => {
    const at = await fresh();
    const there = await gateway(at.store, at.clock);
    await guess(at, 10);
    const { key } = await there.run('keys.create', { name: 'new' });
    const answers = await Promise.all(Array.from({ length: 20 }, () => at.ask(key, 'bearer', GUESSER)));
    expect(answers.map(({ is }) => is)).toEqual(Array(20).fill('principal'));
    expect(await at.ask(newKey().key, 'bearer', GUESSER)).toMatchObject({ reason: 'locked' });
  });
  it('and whose key ended does not guess', async () => {
    const at = await fresh();
    const { key } = await at.run('keys.create', { name: 'ended', expires: '1s' });
    at.clock.now += 1000;
    for (let i = 0; i < 20; i++) expect(await at.ask(key, 'bearer', GUESSER)).toMatchObject({ is: 'denied', reason: 'expired' });
    for (let i = 0; i < 20; i++) expect(await at.ask('lpa_malformed', 'bearer', GUESSER)).toEqual({ is: 'denied', reason: 'malformed' });
    await guess(at, 10);
  });
  it('makes argon2id work for one at a time without a pepper: good keys are let in, verified before or not, or unavailable', async () => {
    const at = await fresh({ pepper: undefined });
    const [seen, unseen] = [await at.run('keys.create', { name: 'seen' }), await at.run('keys.create', { name: 'unseen' })];
    expect((await at.ask(seen.key, 'bearer', GUESSER)).is).toBe('principal');
    await guess(at, 10);
    expect((await at.ask(seen.key, 'bearer', GUESSER)).is).toBe('principal');
    expect(await at.ask(otherSecret(seen.key), 'bearer', GUESSER)).toEqual({ is: 'denied', reason: 'wrong_secret', retryAfterMs: 30_000 });
    expect((await at.ask(unseen.key, 'bearer', GUESSER)).is).toBe('principal');
  });
  it('does not shut out a good key that nobody has shown, after a burst of wrong secrets for it; during one it is unavailable, elsewhere let in', async () => {
    const at = await fresh({ pepper: undefined });
    const [first, second] = [await at.run('keys.create', { name: 'first' }), await at.run('keys.create', { name: 'second' })];
    const burst = () => Promise.all(Array.from({ length: 60 }, () => at.ask(otherSecret(first.key), 'bearer', GUESSER)));
    await burst();
    expect((await at.ask(first.key, 'bearer', GUESSER)).is).toBe('principal');
    const during = burst();
    const [here, elsewhere] = [at.ask(second.key, 'bearer', GUESSER), at.ask(second.key, 'bearer', '192.0.2.2')];
    expect(await here).toEqual({ is: 'unavailable', reason: 'too_many_verifications', retryAfterMs: 1000 });
    expect((await elsewhere).is).toBe('principal');
    const answers = await during;
    expect(answers.filter(({ is }) => is === 'denied')).toHaveLength(9);
    expect(answers.filter(({ is }) => is === 'unavailable')).toHaveLength(51);
  });
});
