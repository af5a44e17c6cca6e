import { memoryStore } from '@llm-proxy-auth/contract-tests';
import type { Host, Principal } from '@llm-proxy-auth/plugin';
import { expect, test } from 'vitest';
import { USAGE_OPERATIONS } from '../src/usage/operations.ts';
import { USAGE } from '../src/usage/rows.ts';
import { hourOf, NOTHING } from '../src/usage/totals.ts';

test('a row that says less than nothing makes no total smaller, and is told', async () => {
  const now = Date.UTC(2026, 5, 3);
  const store = memoryStore();
  const hour = hourOf(now);
  const row = { ...NOTHING, hour, principal: 'key:ci', model: 'm', instance: 'main', requests: 1 };
  const keys = [`${hour}|a`, `${hour}|b`] as const;
  await store.commit([
    { space: USAGE, key: keys[0], expect: 0, value: { json: JSON.stringify({ ...row, cost: -0.99, input: -5 }) } },
    { space: USAGE, key: keys[1], expect: 0, value: { json: JSON.stringify({ ...row, cost: 0.5, input: 7 }) } },
  ]);
  const told: unknown[] = [];
  const host = { store, now: () => now, log: { warn: (fields: unknown) => told.push(fields) } } as unknown as Host;
  const found = await Promise.all(USAGE_OPERATIONS.map((operation) => operation.run({}, {} as Principal, host)));
  expect((found[0] as { total: object }).total).toMatchObject({ requests: 2, input: 7, cost: 0.5 });
  expect(told).toEqual([{ key: keys[0] }]);
});
