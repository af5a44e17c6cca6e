import { expect, test } from 'vitest';
import { tableOf } from './support/cells/reporter.ts';

test('the table of cells says what was found, what failed and what was not run, and where a vendor says what it lacks', () => {
  const note = 'not offered: chat completions show no reasoning';
  const text = tableOf([
    { client: 'a', provider: 'x', trait: 'text', found: 'yes' },
    { client: 'a', provider: 'y', trait: 'text' },
    { client: 'a', provider: 'x', trait: 'reasoning', found: note },
    { client: 'b', provider: 'x', trait: 'reasoning', found: note },
    { client: 'b', provider: 'x', trait: 'text', found: 'ledger: ignored=seed' },
  ]);
  expect(text.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['a to', 'x', 'y'],
    ['text', 'yes', 'FAILED'],
    ['reasoning', 'not offered [1]', 'not run'],
    [''],
    ['b to', 'x'],
    ['reasoning', 'not offered [1]'],
    ['text', 'ledger [2]'],
    [''],
    [`[1] ${note} (https://platform.openai.com/docs/guides/reasoning)`],
    ['[2] ledger: ignored=seed'],
    [''],
    ['5 cells: 1 yes, 3 with a note, 1 failed'],
  ]);
});
