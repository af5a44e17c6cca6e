import { describe, expect, it } from 'vitest';
import { failures } from '../src/failures.ts';

const fail = (f: ReturnType<typeof failures>, times: number, user: string, source: (i: number) => string, now = 0): void => {
  for (let i = 0; i < times; i++) f.failed(user, source(i), now);
};

describe('wrong passwords', () => {
  it('of one user from many places: after ten the user waits 30 s, then twice as long', () => {
    const f = failures();
    fail(f, 9, 'alice', (i) => `10.0.0.${i}`);
    expect(f.lockedFor('alice', '10.0.1.1', 0)).toBe(0);
    f.failed('alice', '10.0.1.2', 0);
    expect(f.lockedFor('alice', '10.0.1.1', 0)).toBeGreaterThan(0);
    expect(f.lockedFor('alice', '10.0.1.1', 29_999)).toBeGreaterThan(0);
    expect(f.lockedFor('alice', '10.0.1.1', 30_000)).toBe(0);
    f.failed('alice', '10.0.1.3', 30_000);
    expect(f.lockedFor('alice', '10.0.1.1', 89_999)).toBeGreaterThan(0);
    expect(f.lockedFor('alice', '10.0.1.1', 90_000)).toBe(0);
    expect(f.lockedFor('bob', '10.0.1.1', 0)).toBe(0);
  });
  it('of many users from one place: that place waits', () => {
    const f = failures();
    for (let i = 0; i < 10; i++) f.failed(`user-${i}`, '10.0.0.1', 0);
    expect(f.lockedFor('somebody', '10.0.0.1', 0)).toBeGreaterThan(0);
    expect(f.lockedFor('somebody', '10.0.0.2', 0)).toBe(0);
  });
  it('from any address of one network of IPv6 are from one place', () => {
    const f = failures();
    for (let i = 0; i < 10; i++) f.failed(`user-${i}`, `2001:db8:0:1::${i}`, 0);
    expect(f.lockedFor('somebody', '2001:db8:0:1:ffff::7', 0)).toBeGreaterThan(0);
    expect(f.lockedFor('somebody', '2001:db8:0:2::7', 0)).toBe(0);
  });
  it('never make anybody wait more than 15 minutes', () => {
    const f = failures();
    fail(f, 60, 'alice', () => '10.0.0.1');
    expect(f.lockedFor('alice', '10.0.0.2', 899_999)).toBeGreaterThan(0);
    expect(f.lockedFor('alice', '10.0.0.2', 900_000)).toBe(0);
  });
  it('of others do not shut a user out where the user has come in before, and that place has a lock of its own', () => {
    const f = failures();
    f.passed('alice', '10.0.0.1', 0);
    fail(f, 20, 'alice', (i) => `10.9.0.${i}`);
    expect(f.lockedFor('alice', '10.9.9.9', 0)).toBeGreaterThan(0);
    expect(f.lockedFor('alice', '10.0.0.1', 0)).toBe(0);
    fail(f, 10, 'alice', () => '10.0.0.1');
    expect(f.lockedFor('alice', '10.0.0.1', 0)).toBeGreaterThan(0);
  });
  it('are forgotten after an hour without one, or after the right password', () => {
    const f = failures();
    fail(f, 9, 'alice', (i) => `10.0.0.${i}`);
    f.failed('alice', '10.0.0.9', 3_600_001);
    expect(f.lockedFor('alice', '10.0.0.9', 3_600_001)).toBe(0);
    const g = failures();
    fail(g, 9, 'alice', (i) => `10.0.0.${i}`);
    g.passed('alice', '10.0.0.1', 0);
    g.failed('alice', '10.0.0.2', 0);
    expect(g.lockedFor('alice', '10.0.0.3', 0)).toBe(0);
  });
  it('of many other names, from wherever, end nobody’s wait', () => {
    const f = failures();
    fail(f, 20, 'bob', (i) => `10.0.0.${i}`);
    fail(f, 20, 'carol', () => '10.0.1.1');
    for (let i = 0; i < 20_000; i++) f.failed(`user-${i}`, `2001:db8:0:${i.toString(16)}::1`, 0);
    expect(f.lockedFor('bob', '10.9.9.9', 0)).toBe(900_000);
    expect(f.lockedFor('somebody', '10.0.1.1', 0)).toBe(900_000);
  });
  it('take bounded memory: the latest count, the oldest are forgotten', () => {
    const f = failures();
    fail(f, 9, 'first', (i) => `a-${i}`);
    for (let i = 0; i < 10_000; i++) f.failed(`user-${i}`, `source-${i}`, 0);
    f.failed('first', 'b', 0);
    expect(f.lockedFor('first', 'c', 0)).toBe(0);
    fail(f, 9, 'first', (i) => `a-${i}`);
    expect(f.lockedFor('first', 'c', 0)).toBeGreaterThan(0);
    for (let i = 0; i < 10_000; i++) fail(f, 10, `locked-${i}`, () => `place-${i}`);
    expect(f.lockedFor('first', 'c', 0)).toBe(0);
  });
});
