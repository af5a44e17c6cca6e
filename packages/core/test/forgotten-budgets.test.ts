import { expect, test } from 'vitest';
import { forgottenBudgets } from '../src/access/forgotten-budgets.ts';
import type { Settings } from '../src/config/schema.ts';

const settings = (use: string, ...budgets: readonly { readonly window: string; readonly mode: string }[]) =>
  ({
    counters: { use },
    policies: [{ allow: {} }, { allow: {}, limits: [{ concurrent: 1 }, ...budgets.map((budget) => ({ budget: { usd: 1, ...budget } }))] }],
  }) as unknown as Settings;
test('budgets that are enforced over a day or longer are forgotten by counters in memory alone', () => {
  const all = ['hour', 'day', 'week', 'month'].map((window) => ({ window, mode: 'enforce' }));
  expect(forgottenBudgets(settings('memory', ...all)).map(({ path }) => path)).toEqual([2, 3, 4].map((j) => `policies[1].limits[${j}].budget`));
  expect(forgottenBudgets(settings('redis', ...all))).toEqual([]);
  expect(forgottenBudgets(settings('memory', { window: 'month', mode: 'observe' }))).toEqual([]);
  expect(forgottenBudgets({ counters: { use: 'memory' }, policies: undefined } as unknown as Settings)).toEqual([]);
});
