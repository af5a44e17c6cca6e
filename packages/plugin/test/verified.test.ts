import { expect, test } from 'vitest';
import { verified } from '../src/issued/index.ts';

test('a secret is remembered of its holder and for its verifier alone', () => {
  const known = verified();
  known.add('alice', 'phc', 'secret');
  expect(known.has('alice', 'phc', 'secret')).toBe(true);
  expect([
    known.has('alice', 'phc', 'Secret'),
    known.has('alice', 'phc', ''),
    known.has('alice', 'another', 'secret'),
    known.has('bob', 'phc', 'secret'),
  ]).toEqual([false, false, false, false]);
});
test('of one holder the last is remembered', () => {
  const known = verified();
  known.add('alice', 'before', 'first');
  known.add('alice', 'phc', 'second');
  expect([known.has('alice', 'before', 'first'), known.has('alice', 'phc', 'second')]).toEqual([false, true]);
});
test('of too many holders the one that was away longest is forgotten', () => {
  const known = verified(2);
  for (const id of ['alice', 'bob']) known.add(id, 'phc', 'secret');
  expect(known.has('alice', 'phc', 'secret')).toBe(true);
  known.add('carol', 'phc', 'secret');
  expect(['alice', 'bob', 'carol'].map((id) => known.has(id, 'phc', 'secret'))).toEqual([true, false, true]);
});
