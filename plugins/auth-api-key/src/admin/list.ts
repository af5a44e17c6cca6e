import { allRows, isoOf } from '@llm-proxy-auth/plugin/issued';
import { Type } from 'typebox';
import { KEYS, recordOf, USED, usedAt } from '../record.ts';
import { operation } from './operation.ts';
import { readMeant } from './rows.ts';
import { keyView, viewOf } from './view.ts';

const shown = Type.Object({ ...keyView, lastUsedAt: Type.Optional(Type.String({ description: 'ISO time in UTC, to about half a minute.' })) });

const withUse = (view: Record<string, unknown>, at: number | undefined): Record<string, unknown> =>
  at === undefined ? view : { ...view, lastUsedAt: isoOf(at) };

export const list = operation({
  name: 'keys.list',
  summary: 'Lists all keys, revoked ones too, and the names of those that stand in the configuration.',
  input: Type.Object({}, { additionalProperties: false }),
  output: Type.Object({ keys: Type.Array(shown), configured: Type.Array(Type.String()) }),
  example: 'keys list',
  target: () => '*',
  run: async ({ host, parts: ring }) => {
    const used = new Map(await allRows(host.store, USED, (id, value) => [id, usedAt(value)] as const));
    const records = (await allRows(host.store, KEYS, (_, value) => recordOf(value))).filter((record) => record !== undefined);
    const keys = records.toSorted((a, b) => a.createdAt - b.createdAt).map((record) => withUse(viewOf(record), used.get(record.id)));
    return { keys, configured: [...ring.writtenNames] };
  },
});

export const show = operation({
  name: 'keys.show',
  summary: 'Shows one key, or all that have had a name.',
  input: Type.Object({ key: Type.String({ minLength: 1, maxLength: 64, description: 'Id or name.' }) }, { additionalProperties: false }),
  output: Type.Object({ keys: Type.Array(shown) }),
  example: 'keys show ci',
  target: ({ key }) => key,
  run: async ({ input: { key }, host }) => {
    const rows = await readMeant(host.store, key);
    const used = await Promise.all(rows.map(({ record }) => host.store.get(USED, record.id)));
    return {
      keys: rows.map(({ record }, index) => {
        const use = used[index];
        return withUse(viewOf(record), use === undefined ? undefined : usedAt(use.value));
      }),
    };
  },
});
