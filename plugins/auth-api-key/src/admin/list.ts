import { allRows, isoOf } from '@llm-proxy-auth/plugin/issued';
import { Type } from 'typebox';
import { holderOf } from '../principal.ts';
import { KEYS, recordOf, USED, type Use, useOf } from '../record.ts';
import { operation } from './operation.ts';
import { readMeant } from './rows.ts';
import { keyView, viewOf } from './view.ts';

const shown = Type.Object({
  ...keyView,
  lastUsedAt: Type.Optional(Type.String({ description: 'ISO time in UTC, to about half a minute.' })),
  lastUsedFrom: Type.Optional(Type.String({ description: 'Network that it was used from then: /24 of IPv4, /48 of IPv6.' })),
});

const withUse = (view: Record<string, unknown>, use: Use | undefined): Record<string, unknown> =>
  use === undefined ? view : { ...view, lastUsedAt: isoOf(use.at), ...(use.from === undefined ? {} : { lastUsedFrom: use.from }) };

export const list = operation({
  name: 'keys.list',
  summary: 'Lists all keys that the caller may see, revoked ones too; with the scope admin or viewer also the names of those in the configuration.',
  reads: true,
  input: Type.Object({}, { additionalProperties: false }),
  output: Type.Object({ keys: Type.Array(shown), configured: Type.Array(Type.String()) }),
  example: 'keys list',
  target: () => '*',
  run: async ({ host, caller, bounds, parts: ring }) => {
    const used = new Map(await allRows(host.store, USED, (id, value) => [id, useOf(value)] as const));
    const all = await allRows(host.store, KEYS, (_, value) => recordOf(value));
    const records = all.filter((record) => record !== undefined).filter((record) => bounds.sees(holderOf(record), record.createdBy));
    const keys = records.toSorted((a, b) => a.createdAt - b.createdAt).map((record) => withUse(viewOf(record), used.get(record.id)));
    return { keys, configured: ['admin', 'viewer'].some((scope) => caller.scopes.includes(scope)) ? [...ring.writtenNames] : [] };
  },
});

export const show = operation({
  name: 'keys.show',
  summary: 'Shows one key, or all that have had a name.',
  reads: true,
  input: Type.Object({ key: Type.String({ minLength: 1, maxLength: 64, description: 'Id or name.' }) }, { additionalProperties: false }),
  output: Type.Object({ keys: Type.Array(shown) }),
  example: 'keys show ci',
  target: ({ key }) => key,
  run: async ({ input: { key }, host, bounds }) => {
    const rows = await readMeant(host.store, key);
    for (const { record } of rows) bounds.see(holderOf(record), record.createdBy);
    const used = await Promise.all(rows.map(({ record }) => host.store.get(USED, record.id)));
    return {
      keys: rows.map(({ record }, index) => {
        const use = used[index];
        return withUse(viewOf(record), use === undefined ? undefined : useOf(use.value));
      }),
    };
  },
});
