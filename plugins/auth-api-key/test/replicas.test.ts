import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { POLL, STALE } from '@llm-proxy-auth/plugin/issued';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newKey } from '../src/key.ts';
import { WRITE_EVERY } from '../src/last-used.ts';
import { KEYS } from '../src/record.ts';
import { folder, type Gateway, gateway, openStore, PEPPER, START, secret } from './support.ts';

/** Only what polling and staleness are measured with is faked; the store's own pauses are real. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});
/** Lets the time pass and what it set off come to its end. */
const pass = async (ms: number, until: () => boolean = () => true): Promise<void> => {
  vi.advanceTimersByTime(ms);
  for (const started = Date.now(); !until(); ) {
    if (Date.now() - started > 10_000) throw new Error('what was waited for did not come');
    await new Promise(setImmediate);
  }
};
const two = async (): Promise<{ here: Gateway; there: Gateway; clock: { now: number } }> => {
  const clock = { now: START };
  const path = join(folder(), 'db');
  const here = await gateway(await openStore(path, clock), clock);
  const there = await gateway(await openStore(path, clock), clock);
  return { here, there, clock };
};
const lock = async (path: string): Promise<() => Promise<void>> => {
  const script = fileURLToPath(new URL('../../store-sqlite/test/processes/hold-lock.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, path, 'exclusive'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  return async () => {
    child.stdin.end();
    await ended;
  };
};

describe('a change made by another process', () => {
  it('is seen within one poll, which is under 5 s, and moves the epoch (A023)', async () => {
    const { here, there } = await two();
    const { key } = await here.run('keys.create', { name: 'ci' });
    const before = await there.ask(key);
    if (before.is !== 'principal') throw new Error('the key works before');
    await here.run('keys.revoke', { key: 'ci' });
    expect(await here.ask(key)).toMatchObject({ is: 'denied', reason: 'revoked' });
    expect(POLL).toBeLessThanOrEqual(2000);
    await pass(POLL, () => there.strategy.epoch?.() !== before.epoch);
    expect(await there.ask(key)).toMatchObject({ is: 'denied', reason: 'revoked' });
  });

  it('is told when a key is in wrong hands, and for no other reason', async () => {
    const { here, there } = await two();
    const [told, toldHere]: [string[], string[]] = [[], []];
    there.strategy.onCompromised?.((credential) => told.push(credential));
    here.strategy.onCompromised?.((credential) => toldHere.push(credential));
    const [lost, stolen] = [await here.run('keys.create', { name: 'lost' }), await here.run('keys.create', { name: 'stolen' })];
    await here.run('keys.revoke', { key: 'lost', reason: 'laptop lost' });
    await here.run('keys.revoke', { key: 'stolen', reason: 'compromised' });
    expect([lost.id === stolen.id, toldHere]).toEqual([false, [stolen.id]]);
    expect(told).toEqual([]);
    await pass(POLL, () => told.length > 0);
    expect(told).toEqual([stolen.id]);
    // Who learns it later than that it was lost says so then.
    expect(await here.run('keys.revoke', { key: 'lost', reason: 'compromised' })).toMatchObject({ revoked: [] });
    expect(toldHere).toEqual([stolen.id, lost.id]);
    await pass(POLL, () => told.includes(lost.id));
    await here.run('keys.revoke', { key: 'lost', reason: 'tidied' });
    expect(await here.run('keys.show', { key: 'lost' })).toMatchObject({ keys: [{ revokedReason: 'compromised' }] });
    // After a long silence everything is read again.
    const later = await here.run('keys.create', { name: 'later' });
    vi.advanceTimersByTime(STALE - POLL);
    await here.run('keys.revoke', { key: 'later', reason: 'compromised' });
    await pass(POLL, () => told.includes(later.id));
  });

  it('is not asked for by requests: no read of the store for a known key', async () => {
    const { here, there } = await two();
    const { key } = await here.run('keys.create', { name: 'ci' });
    await there.ask(key);
    there.host.asked.length = 0;
    for (let i = 0; i < 100; i++) await there.ask(key);
    expect(there.host.asked).toEqual([]);
  });

  it('of something else moves no epoch', async () => {
    const { here, there } = await two();
    const before = there.strategy.epoch?.();
    await here.host.store.commit([{ space: 'other', key: 'x', expect: 0, value: { json: '1' } }]);
    await here.run('keys.create', { name: 'ci' });
    await pass(POLL, () => there.strategy.epoch?.() !== before);
    const after = there.strategy.epoch?.();
    await here.host.store.commit([{ space: 'other', key: 'y', expect: 0, value: { json: '1' } }]);
    const changed = vi.spyOn(there.host.store, 'changed');
    await pass(POLL, () => changed.mock.settledResults.some((result) => result.type === 'fulfilled'));
    expect(there.strategy.epoch?.()).toBe(after);
  });

  it('that deletes the row makes the key unknown', async () => {
    const { here, there } = await two();
    const { id, key } = await here.run('keys.create', { name: 'ci' });
    const before = await there.ask(key);
    const row = await here.host.store.get(KEYS, id);
    await here.host.store.commit([{ space: KEYS, key: id, expect: row?.version ?? 0 }]);
    await pass(POLL, () => 'epoch' in before && there.strategy.epoch?.() !== before.epoch);
    expect(await there.ask(key)).toEqual({ is: 'denied', reason: 'unknown' });
  });

  it('is not looked for any more once the gateway has let go of the plugin', async () => {
    const { there } = await two();
    expect(vi.getTimerCount()).toBe(4);
    there.host.stop();
    expect(vi.getTimerCount()).toBe(2);
  });

  it('is an older database put in its place: everything is read again', async () => {
    const { here, there } = await two();
    const { key } = await here.run('keys.create', { name: 'ci' });
    const before = await there.ask(key);
    if (before.is !== 'principal') throw new Error('the key works before');
    await pass(POLL, () => there.strategy.epoch?.() !== before.epoch);
    const empty = await openStore(':memory:', { now: START });
    const { store } = there.host;
    vi.spyOn(store, 'changed').mockImplementation((since) => empty.changed(since));
    vi.spyOn(store, 'list').mockImplementation((space, after, limit) => empty.list(space, after, limit));
    vi.spyOn(store, 'get').mockImplementation((space, id) => empty.get(space, id));
    const read = there.strategy.epoch?.();
    await pass(POLL, () => there.strategy.epoch?.() !== read);
    expect(await there.ask(key)).toEqual({ is: 'denied', reason: 'unknown' });
  });
});

describe('a store that does not answer (R11, F31, F32)', () => {
  it('leaves known keys valid for 60 s and makes unknown ones unavailable, never wrong', async () => {
    const { here, there } = await two();
    const { key } = await here.run('keys.create', { name: 'ci' });
    await there.ask(key);
    const failed = vi.spyOn(there.host.store, 'changed').mockRejectedValue(new Error('locked'));
    await pass(POLL, () => failed.mock.calls.length > 0);
    expect(await there.ask(key)).toMatchObject({ is: 'principal', cacheUntil: START + 30_000 });
    vi.advanceTimersByTime(STALE - POLL - 10_000);
    expect(await there.ask(key)).toMatchObject({ is: 'principal', cacheUntil: START + 10_000 });
    expect(await there.ask(newKey().key)).toMatchObject({ is: 'unavailable', retryAfterMs: expect.any(Number) });
    vi.advanceTimersByTime(10_000);
    expect(await there.ask(key)).toMatchObject({ is: 'unavailable' });
    failed.mockRestore();
    await pass(POLL, () => there.host.logged.some((line) => line.level === 'info'));
    expect(await there.ask(key)).toMatchObject({ is: 'principal' });
    expect(await there.ask(newKey().key)).toEqual({ is: 'denied', reason: 'unknown' });
    expect(there.host.logged.map((line) => line.level)).toEqual(['warn', 'info']);
  });

  it('with staleAuth allow known keys go on, but strict ones, and nothing of it is remembered', async () => {
    const clock = { now: START };
    const path = join(folder(), 'db');
    const here = await gateway(await openStore(path, clock), clock);
    const { key } = await here.run('keys.create', { name: 'ci' });
    const { key: strict } = await here.run('keys.create', { name: 'strict', strict: true });
    const there = await gateway(await openStore(path, clock), clock, { pepper: secret(PEPPER), staleAuth: 'allow' });
    const failed = vi.spyOn(there.host.store, 'changed').mockRejectedValue(new Error('locked'));
    await pass(POLL, () => failed.mock.calls.length > 0);
    expect([(await there.ask(key)).is, (await there.ask(strict)).is]).toEqual(['principal', 'principal']);
    vi.advanceTimersByTime(STALE + POLL);
    expect(await there.ask(key)).toMatchObject({ is: 'principal', cacheUntil: START });
    expect(await there.ask(strict)).toMatchObject({ is: 'unavailable' });
    expect(await there.ask(newKey().key)).toMatchObject({ is: 'unavailable' });
  });

  it('locked by another process: known keys in, unknown ones unavailable', async () => {
    const clock = { now: START };
    const path = join(folder(), 'db');
    const first = await openStore(path, clock);
    const here = await gateway(first, clock);
    const known = await here.run('keys.create', { name: 'known' });
    // A process that holds the file for itself can only come when nobody has it open.
    await first.close?.();
    const release = await lock(path);
    const later = await gateway(await openStore(path, clock), clock);
    expect(await here.ask(known.key)).toMatchObject({ is: 'principal' });
    expect(await here.ask(newKey().key)).toMatchObject({ is: 'unavailable' });
    expect(await later.ask(known.key)).toMatchObject({ is: 'unavailable' });
    await release();
    await pass(POLL, () => later.host.logged.some((line) => line.level === 'info'));
    expect(await later.ask(known.key)).toMatchObject({ is: 'principal' });
  });
});

it('after a silence longer than deletions are reported everything is read again', async () => {
  const { here, there } = await two();
  const { id, key } = await here.run('keys.create', { name: 'ci' });
  const before = await there.ask(key);
  await pass(POLL, () => 'epoch' in before && there.strategy.epoch?.() !== before.epoch);
  const row = await here.host.store.get(KEYS, id);
  await here.host.store.commit([{ space: KEYS, key: id, expect: row?.version ?? 0 }]);
  const { store } = there.host;
  const { epoch } = await store.changed(0);
  const changed = vi.spyOn(store, 'changed').mockRejectedValueOnce(new Error('asleep')).mockResolvedValue({ epoch, keys: [] });
  const read = there.strategy.epoch?.();
  await pass(POLL, () => changed.mock.settledResults.some((result) => result.type === 'rejected'));
  await pass(STALE + POLL, () => there.strategy.epoch?.() !== read);
  expect(await there.ask(key)).toEqual({ is: 'denied', reason: 'unknown' });
});

describe('a change made here', () => {
  it('holds at once, also when the store stops answering right after it', async () => {
    const { here } = await two();
    const { key } = await here.run('keys.create', { name: 'ci' });
    const before = await here.ask(key);
    vi.spyOn(here.host.store, 'changed').mockRejectedValue(new Error('locked'));
    await here.run('keys.revoke', { key: 'ci' });
    expect(here.strategy.epoch?.()).not.toBe('epoch' in before ? before.epoch : undefined);
    expect(await here.ask(key)).toMatchObject({ is: 'denied', reason: 'revoked' });
  });

  it('is not undone by a look-up that began before it', async () => {
    const { here, there } = await two();
    const { id, key } = await here.run('keys.create', { name: 'ci' });
    const { store } = there.host;
    const row = await store.get(KEYS, id);
    const get = vi.spyOn(store, 'get').mockImplementationOnce(async () => {
      await here.run('keys.revoke', { key: 'ci' });
      await pass(POLL, () => there.strategy.epoch?.() !== known);
      return row;
    });
    const known = there.strategy.epoch?.();
    expect(await there.ask(key)).toMatchObject({ is: 'denied', reason: 'revoked' });
    expect(get.mock.calls.length).toBeGreaterThan(1);
  });
});

describe('uses', () => {
  it('that are older than what another process wrote change nothing', async () => {
    const { here, there, clock } = await two();
    const { key } = await here.run('keys.create', { name: 'ci' });
    await here.ask(key);
    clock.now += 1000;
    await there.ask(key);
    await there.strategy.close?.();
    await here.strategy.close?.();
    const { keys } = await here.run<{ keys: { lastUsedAt?: string }[] }>('keys.list', {});
    expect(keys.map(({ lastUsedAt }) => lastUsedAt)).toEqual(['2026-01-01T00:00:01.000Z']);
  });

  it('are written together, later, with the newest time, and by two processes at once', async () => {
    const { here, there, clock } = await two();
    const one = await here.run('keys.create', { name: 'one' });
    const other = await here.run('keys.create', { name: 'two' });
    here.host.asked.length = 0;
    for (let i = 0; i < 50; i++) {
      clock.now += 10;
      await here.ask(one.key);
      await here.ask(other.key);
    }
    clock.now += 10;
    await there.ask(one.key);
    expect(here.host.asked).toEqual([]);
    await pass(WRITE_EVERY, () => here.host.asked.some((call) => call.startsWith('commit')) && there.host.asked.some((call) => call.startsWith('commit')));
    expect(here.host.asked.filter((call) => call.startsWith('commit'))).toEqual(['commit used used']);
    await Promise.all([here.strategy.close?.(), there.strategy.close?.()]);
    await Promise.all([here.strategy.close?.(), there.strategy.close?.()]);
    const { keys } = await here.run<{ keys: { lastUsedAt?: string }[] }>('keys.list', {});
    expect(keys.map((key) => key.lastUsedAt).toSorted()).toEqual(['2026-01-01T00:00:00.500Z', '2026-01-01T00:00:00.510Z']);
  });
});
