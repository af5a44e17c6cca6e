import { describe, expect, it } from 'vitest';
import { failures } from '../src/failures.ts';

const fail = (f: ReturnType<typeof failures>, times: number, user: string, source: (i: number) => string, now = 0): void => {
  for (let i = 0; i < times; i++) f.failed(user, source(i), now);
};

describe('wrong passwords', () => {
  it('of one user from many places: after ten the user waits 30 s, then twice as long', () => {
    const f = failures();
    fail(f, 9, 'alice', (i) => `10.0.0.${i}`);
    expect(f.isLocked('alice', '10.0.1.1', 0)).toBe(false);
    f.failed('alice', '10.0.1.2', 0);
    expect(f.isLocked('alice', '10.0.1.1', 0)).toBe(true);
    expect(f.isLocked('alice', '10.0.1.1', 29_999)).toBe(true);
    expect(f.isLocked('alice', '10.0.1.1', 30_000)).toBe(false);
    f.failed('alice', '10.0.1.3', 30_000);
    expect(f.isLocked('alice', '10.0.1.1', 89_999)).toBe(true);
    expect(f.isLocked('alice', '10.0.1.1', 90_000)).toBe(false);
    expect(f.isLocked('bob', '10.0.1.1', 0)).toBe(false);
  });
  it('of many users from one place: that place waits', () => {
    const f = failures();
    for (let i = 0; i < 10; i++) f.failed(`user-${i}`, '10.0.0.1', 0);
    expect(f.isLocked('somebody', '10.0.0.1', 0)).toBe(true);
    expect(f.isLocked('somebody', '10.0.0.2', 0)).toBe(false);
  });
  it('never make anybody wait more than 15 minutes', () => {
    const f = failures();
    fail(f, 60, 'alice', () => '10.0.0.1');
    expect(f.isLocked('alice', '10.0.0.2', 899_999)).toBe(true);
    expect(f.isLocked('alice', '10.0.0.2', 900_000)).toBe(false);
  });
  it('of others do not shut a user out where the user has come in before, and that place has a lock of its own', () => {
    const f = failures();
    f.passed('alice', '10.0.0.1', 0);
    fail(f, 20, 'alice', (i) => `10.9.0.${i}`);
    expect(f.isLocked('alice', '10.9.9.9', 0)).toBe(true);
    expect(f.isLocked('alice', '10.0.0.1', 0)).toBe(false);
    fail(f, 10, 'alice', () => '10.0.0.1');
    expect(f.isLocked('alice', '10.0.0.1', 0)).toBe(true);
  });
  it('are forgotten after an hour without one, or after the right password', () => {
    const f = failures();
    fail(f, 9, 'alice', (i) => `10.0.0.${i}`);
    f.failed('alice', '10.0.0.9', 3_600_001);
    expect(f.isLocked('alice', '10.0.0.9', 3_600_001)).toBe(false);
    const g = failures();
    fail(g, 9, 'alice', (i) => `10.0.0.${i}`);
    g.passed('alice', '10.0.0.1', 0);
    g.failed('alice', '10.0.0.2', 0);
    expect(g.isLocked('alice', '10.0.0.3', 0)).toBe(false);
  });
  it('of a hundred thousand names take bounded memory: the latest count, the oldest are forgotten', () => {
    const f = failures();
    fail(f, 10, 'first', () => 'a');
    for (let i = 0; i < 20_000; i++) f.failed(`user-${i}`, `source-${i}`, 0);
    expect(f.isLocked('first', 'b', 0)).toBe(false);
  });
});
