import { expect, it } from 'vitest';
import { learn, learnedOf } from '../src/call/learned.ts';
import type { Instance } from '../src/graph.ts';

const instance = (): Instance => ({}) as Instance;
const HOUR = 3_600_000;

it('what was learned is known of this model, for this caller, at this instance, for an hour', () => {
  const here = instance();
  expect([learn(here, 'ann', 'm', ['schemas'], 0), learn(here, 'ann', 'm', ['schemas'], 1)]).toEqual([true, false]);
  expect([...learnedOf(here, 'ann', 'm', HOUR - 1)]).toEqual(['schemas']);
  expect([learnedOf(here, 'ann', 'm', HOUR), learnedOf(here, 'bob', 'm', 0), learnedOf(here, 'ann', 'n', 0), learnedOf(instance(), 'ann', 'm', 0)]).toEqual(
    Array.from({ length: 4 }, () => new Set()),
  );
  expect(learn(here, 'ann', 'm', ['schemas'], HOUR)).toBe(true);
});
it('one more thing is added to what is known', () => {
  const here = instance();
  learn(here, 'ann', 'm', ['schemas'], 0);
  expect([learn(here, 'ann', 'm', ['forced'], 1), [...learnedOf(here, 'ann', 'm', 1)].toSorted()]).toEqual([true, ['forced', 'schemas']]);
});
it('names that callers make up do not fill the memory', () => {
  const here = instance();
  for (let i = 0; i <= 10_000; i++) learn(here, 'ann', `m${i}`, ['schemas'], 0);
  expect([learnedOf(here, 'ann', 'm0', 1).size, learnedOf(here, 'ann', 'm10000', 1).size]).toEqual([0, 1]);
});
