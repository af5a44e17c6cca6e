import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { Late } from '../src/index.ts';

test('is found out once, when it is asked for, and makes nothing different', () => {
  let asked = 0;
  const one = new Late(() => ++asked);
  expect(asked).toBe(0);
  expect([one.value, one.value, asked]).toEqual([1, 1, 1]);
  expect(isDeepStrictEqual({ left: one, kind: 'text' }, { left: new Late(() => 'other'), kind: 'text' })).toBe(true);
});
