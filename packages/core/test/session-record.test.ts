import { expect, test } from 'vitest';
import { readSession } from '../src/sessions/record.ts';

test.each(['', '{', 'null', '[]', '{"id":"s"}', '"s"'])('a row %j is damaged, and stops the reading of no other', (json) => {
  expect(readSession({ value: { json }, version: 1 }, 's')).toBeUndefined();
});
