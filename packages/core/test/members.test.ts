import { describe, expect, test } from 'vitest';
import { withMembers, withoutMembers } from '../src/call/members.ts';

describe('members that a configuration wants', () => {
  test('stand in the body, lists joined, objects merged, everything else replaced', () =>
    expect(withMembers({ a: [1, 2], b: { c: 1, d: [1] }, e: 'client', f: 1 }, { a: [2, 3], b: { d: [2], x: true }, e: 'operator', g: { h: 1 } })).toEqual({
      a: [1, 2, 3],
      b: { c: 1, d: [1, 2], x: true },
      e: 'operator',
      f: 1,
      g: { h: 1 },
    }));
  test('leave the body alone where there are none, and where it is no object', () => {
    const body = { a: 1 };
    expect(withMembers(body, undefined)).toBe(body);
    expect(withMembers([1], { a: 1 })).toEqual([1]);
  });
  test('do not change what they are put into', () => {
    const body = Object.freeze({ a: Object.freeze([1]) });
    expect(withMembers(body, { a: [2] })).toEqual({ a: [1, 2] });
    expect(body).toEqual({ a: [1] });
  });
});

test('members that a configuration keeps a client from saying are taken out, with a note for each', () => {
  const noted: string[] = [];
  const ledger = { note: (kind: string, path: string): number => noted.push(`${kind} ${path}`) };
  const body = Object.freeze({ a: 1, b: 2 });
  expect(withoutMembers(body, ['b', 'c'], ledger)).toEqual({ a: 1 });
  expect(noted).toEqual(['ignored rest.fields.b']);
  expect(withoutMembers(body, undefined, ledger)).toBe(body);
});
