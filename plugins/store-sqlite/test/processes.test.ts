import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { migrate } from '../src/migrate.ts';
import { folder, json, lockedElsewhere, logger, opened, refusal, run } from './support.ts';

const BUSY = 5;

describe('two processes', () => {
  it('lose none of 2 × 2000 increments', async () => {
    const path = join(folder(), 'db');
    await Promise.all([run('increment.ts', [path, '2000']), run('increment.ts', [path, '2000'])]);
    const store = await opened(path);
    expect((await store.get('counter', 'n'))?.value.json).toBe('4000');
    expect((await store.changed(0)).epoch).toBe(4000);
  });

  it('open and migrate a new file at the same time', async () => {
    const path = join(folder(), 'db');
    const answers = await Promise.all(Array.from({ length: 4 }, () => run('open.ts', [path])));
    expect(answers.map((answer) => JSON.parse(answer))).toEqual(Array.from({ length: 4 }, () => ({ warnings: 0, logged: 0 })));
  });
});

describe("another process's lock", () => {
  it('never holds up the event loop, and the commit succeeds once it is gone', async () => {
    const path = join(folder(), 'db');
    const store = await opened(path);
    const lock = await lockedElsewhere(path, 'write');
    const gaps: number[] = [];
    let last = performance.now();
    let ticks = 0;
    const ticker = setInterval(() => {
      gaps.push(performance.now() - last);
      last = performance.now();
      // The lock is let go after the loop has turned often enough to show that it was free.
      if (++ticks === 100) void lock.release();
    }, 1);
    const done = await store.commit([{ space: 's', key: 'a', expect: 0, value: json(1) }]);
    clearInterval(ticker);
    expect(done).toBe(true);
    expect(ticks).toBeGreaterThanOrEqual(100);
    // Nine of ten: now and then a busy machine gives this process no turn. Waiting that blocks would fill every second gap.
    expect(gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length * 0.9)]).toBeLessThan(100);
  });

  it('does not hold up readers', async () => {
    const path = join(folder(), 'db');
    const store = await opened(path);
    await store.commit([{ space: 's', key: 'a', expect: 0, value: json(1) }]);
    await lockedElsewhere(path, 'write');
    expect(await store.get('s', 'a')).toEqual({ value: json(1), version: 1 });
    expect((await store.changed(0)).epoch).toBe(1);
  });

  it('that stays is an overload, not a missing row', async () => {
    const path = join(folder(), 'db');
    const store = await opened(path);
    await lockedElsewhere(path, 'write');
    const error = await refusal(store.commit([{ space: 's', key: 'a', expect: 0, value: json(1) }]));
    expect([error.code, error.status, error.retryAfterMs]).toEqual(['overloaded', 503, 1000]);
    expect(error.cause).toMatchObject({ errcode: BUSY });
  });

  it('at the start: the store opens, answers overload, and works without a restart once the lock is gone', async () => {
    const path = join(folder(), 'db');
    const before = await opened(path);
    await before.commit([{ space: 's', key: 'a', expect: 0, value: json(1) }]);
    await before.close?.();
    const lock = await lockedElsewhere(path, 'exclusive');
    const log = logger();
    const store = await opened(path, Date.now, log);
    expect(log.warnings).toHaveLength(1);
    expect((await refusal(store.get('s', 'a'))).code).toBe('overloaded');
    await lock.release();
    expect(await store.get('s', 'a')).toEqual({ value: json(1), version: 1 });
  });
});

describe('migrations', () => {
  const versionOf = (db: DatabaseSync): unknown => db.prepare('PRAGMA user_version').get()?.user_version;

  it('run each step once, in order, from where the file stands', () => {
    const db = new DatabaseSync(':memory:');
    migrate(db, 'x', ['CREATE TABLE a (x)']);
    migrate(db, 'x', ['CREATE TABLE a (x)', 'CREATE TABLE b AS SELECT * FROM a']);
    migrate(db, 'x', ['CREATE TABLE a (x)', 'CREATE TABLE b AS SELECT * FROM a']);
    expect(versionOf(db)).toBe(2);
  });

  it('leave nothing of a step that failed', () => {
    const db = new DatabaseSync(':memory:');
    migrate(db, 'x', ['CREATE TABLE a (x)']);
    expect(() => migrate(db, 'x', ['', 'CREATE TABLE b (x); SELECT nonsense'])).toThrow();
    expect(versionOf(db)).toBe(1);
    expect(db.prepare("SELECT name FROM sqlite_schema WHERE name = 'b'").get()).toBeUndefined();
  });
});
