import { allRows, grantProperties } from '@llm-proxy-auth/plugin/issued';
import { Type } from 'typebox';
import { principalOf, recordOf, USERS } from '../record.ts';
import { operation } from './operation.ts';
import { userView, viewOf } from './rows.ts';

export const list = operation({
  name: 'users.list',
  summary: 'Lists all users that the caller may see, removed ones too.',
  reads: true,
  input: Type.Object({}, { additionalProperties: false }),
  output: Type.Object({ users: Type.Array(Type.Object({ ...userView, ...grantProperties })) }),
  example: 'users list',
  target: () => '*',
  run: async ({ host, bounds }) => {
    const all = await allRows(host.store, USERS, (_, value) => recordOf(value));
    const records = all.filter((record) => record !== undefined).filter((record) => bounds.sees(principalOf(record), record.createdBy));
    return { users: records.map(viewOf) };
  },
});
