import { expect, it } from 'vitest';
import { isSaying, takenStops } from '../src/index.ts';

const of = (stop: readonly string[] | undefined): readonly unknown[] => {
  const notes: string[] = [];
  return [takenStops(stop, isSaying, (param, _why, kind) => void notes.push(`${kind} ${param}`)), notes];
};

it('sequences that the provider refuses are left out and noted', () => {
  expect(of(['END', ' ', '\n\n', ''])).toEqual([['END'], ['clamped stop']]);
  expect(of([' '])).toEqual([undefined, ['clamped stop']]);
});
it('others are what they were, and none are none', () => {
  expect([of(['END']), of(undefined), of([])]).toEqual([
    [['END'], []],
    [undefined, []],
    [undefined, []],
  ]);
});
