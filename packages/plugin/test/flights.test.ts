import { expect, test } from 'vitest';
import { flights } from '../src/index.ts';

test('work is shared by key while it runs, begun anew afterwards, and bounded', async () => {
  const releases: (() => void)[] = [];
  const begin = () => new Promise<number>((resolve) => void releases.push(() => resolve(releases.length)));
  const two = flights<number>(2);
  const first = two.share('a', begin);
  expect(two.share('a', begin)).toBe(first);
  expect(two.share('b', begin)).toBeDefined();
  expect(two.share('c', begin)).toBeUndefined();
  expect(two.share('a', begin)).toBe(first);
  expect(releases).toHaveLength(2);
  releases[0]?.();
  await first;
  expect(two.share('c', begin)).toBeDefined();
  expect(releases).toHaveLength(3);
});
test('work that fails is not kept', async () => {
  const one = flights<number>(1);
  await expect(one.share('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(one.share('a', async () => 1)).resolves.toBe(1);
});
