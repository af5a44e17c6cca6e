import { expect, test } from 'vitest';
import { since } from '../src/index.ts';

test('a moment that lies ahead, as after a clock was set back, is endlessly long ago', () => {
  expect([since(1_000, 1_500), since(1_000, 1_000), since(1_000, 999), since(Number.NEGATIVE_INFINITY, 0)]).toEqual([
    500,
    0,
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  ]);
});
