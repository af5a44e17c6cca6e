import { afterEach, describe, expect, it, vi } from 'vitest';
import { usedOnce } from '../src/issued/pairs/once.ts';
import { type Replays, type ReplaysOptions, replays } from '../src/issued/pairs/replays.ts';
import { sharedStore } from './shared-store.ts';

const SKEW = 300_000;
const LIFE = 2 * SKEW;
const opened = (options: Partial<ReplaysOptions> = {}) => {
  const shared = sharedStore();
  const open = (): Replays => replays(shared.host(), { skew: SKEW, ...options });
  return { ...shared, open, used: open() };
};

describe('signatures that were used', () => {
  it('are known at least as long as they live, whenever in that time they came, without the store', async () => {
    const { used, clock, state } = opened();
    await used.use('another', clock.now);
    for (let first = 0; first < 3; first++) {
      const at = clock.now;
      expect(await used.use(`a${first}`, at)).toBe(true);
      for (let passed = 0; passed < LIFE; passed += 50_000) {
        // Others turn the generations meanwhile.
        await used.use(`other ${first} ${passed}`, clock.now);
        const before = state.commits;
        expect(used.has(`a${first}`)).toBe(true);
        expect(await used.use(`a${first}`, at)).toBe(false);
        expect(state.commits).toBe(before);
        clock.now += 50_000;
      }
    }
  });
  it('are used up for all who share the store, after a restart too', async () => {
    const { open, clock } = opened();
    const [here, there] = [open(), open()];
    expect(await here.use('a', clock.now)).toBe(true);
    expect(there.has('a')).toBe(false);
    expect(await there.use('a', clock.now)).toBe(false);
    expect(there.has('a')).toBe(true);
    clock.now += LIFE - 1;
    expect(await open().use('a', clock.now - LIFE + 1)).toBe(false);
  });
  it('of twenty uses at once in five processes are used by one', async () => {
    const { open, clock } = opened();
    const all = Array.from({ length: 5 }, open);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => all[n % 5]?.use('a', clock.now)));
    expect(answers.filter((answer) => answer === true)).toHaveLength(1);
  });
  it('are all taken when many different ones come at once in several processes', async () => {
    const { open, clock } = opened();
    const all = Array.from({ length: 5 }, open);
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => all[n % 5]?.use(`a${n}`, clock.now)));
    expect(answers.every((answer) => answer === true)).toBe(true);
    const again = await Promise.all(Array.from({ length: 100 }, (_, n) => all[(n + 1) % 5]?.use(`a${n}`, clock.now)));
    expect(again.every((answer) => answer === false)).toBe(true);
  });
  it('that come together are written together', async () => {
    const { used, clock, state } = opened();
    await Promise.all(Array.from({ length: 100 }, (_, n) => used.use(`a${n}`, clock.now)));
    expect(state.commits).toBe(2);
  });
  it('may be used again for a while after the first use, where that is said, whoever took it first', async () => {
    const { open, clock, state } = opened({ again: 2000 });
    const [here, there] = [open(), open()];
    const at = clock.now;
    expect([await here.use('a', at), here.has('a')]).toEqual([true, false]);
    clock.now += 1999;
    const before = state.commits;
    expect(await here.use('a', at)).toBe(true);
    expect(state.commits).toBe(before);
    expect(await there.use('a', at)).toBe(true);
    for (const back of [1999, 2000]) {
      clock.now = at - back;
      expect(await here.use('a', at)).toBe(back < 2000);
    }
    clock.now = at + 2000;
    expect([here.has('a'), await here.use('a', at), there.has('a'), await there.use('a', at), await open().use('a', at)]).toEqual([
      true,
      false,
      true,
      false,
      false,
    ]);
  });
  it('are used up wherever the clocks stand: one that was set back, one of another process that is behind', async () => {
    const { open, clock } = opened();
    const [here, there] = [open(), open()];
    const at = clock.now;
    expect(await here.use('a', at)).toBe(true);
    for (const back of [1, 5_000]) {
      clock.now = at - back;
      expect([here.has('a'), await here.use('a', at), await there.use('a', at), there.has('a'), await there.use('a', at)]).toEqual([
        true,
        false,
        false,
        true,
        false,
      ]);
    }
  });
  it('are not taken while the store does not say, and then once', async () => {
    const { used, open, clock, state } = opened();
    state.away = true;
    await expect(used.use('a', clock.now)).rejects.toMatchObject({ code: 'auth_unavailable' });
    expect(used.has('a')).toBe(false);
    state.away = false;
    expect([await used.use('a', clock.now), await used.use('a', clock.now), await open().use('a', clock.now)]).toEqual([true, false, false]);
  });
  it('are not taken over a row that cannot be read', async () => {
    const { used, host, open, clock, rows } = opened();
    expect(await used.use('a', clock.now)).toBe(true);
    const [row] = rows();
    await host().store.commit([{ space: row?.space ?? '', key: row?.key ?? '', expect: row?.version ?? 0, value: { json: 'no JSON' } }]);
    await expect(open().use('b', clock.now)).rejects.toMatchObject({ code: 'auth_unavailable' });
  });
  it('take bounded memory here: the last 125,000 are known without the store in any case', async () => {
    const { used, clock } = opened();
    for (let i = 0; i < 260_000; i += 10_000) await Promise.all(Array.from({ length: 10_000 }, (_, n) => used.use(`s${i + n}`, clock.now + i)));
    expect([used.has('s0'), used.has('s135001')]).toEqual([false, true]);
    expect(await used.use('s0', clock.now)).toBe(false);
  });
});

describe('what is kept of them', () => {
  afterEach(() => {
    vi.useRealTimers();
  });
  it('is forgotten once their time is over, a second as a whole, and no sooner; nothing of it tells a signature', async () => {
    vi.useFakeTimers();
    const { host, clock, rows, warned, state } = sharedStore();
    const ended = new AbortController();
    const used = replays(host(ended.signal), { skew: SKEW });
    const start = clock.now;
    await used.use('first-signature', start);
    await used.use('second-signature', start);
    await used.use('third-signature', start + 60_000);
    expect(rows()).toHaveLength(2);
    expect(JSON.stringify(rows())).not.toContain('signature":');
    clock.now = start + LIFE;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(rows()).toHaveLength(2);
    state.away = true;
    clock.now = start + LIFE + 1001;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(warned).toHaveLength(1);
    state.away = false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(rows()).toHaveLength(1);
    ended.abort();
    clock.now += LIFE;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(rows()).toHaveLength(1);
  });
  it('is forgotten by as many pages as it takes, also while another forgets it too', async () => {
    vi.useFakeTimers();
    const { host, clock, rows } = sharedStore();
    const [here, there] = [usedOnce(host()), usedOnce(host())];
    for (let i = 0; i < 500; i++) await (i % 2 === 0 ? here : there).use('a', clock.now + i * 1000);
    expect(rows()).toHaveLength(500);
    clock.now += 450_001;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(rows()).toHaveLength(49);
  });
});
