import { allRows, grantProperties } from '@llm-proxy-auth/plugin/issued';
import { Type } from 'typebox';
import { recordOf, USERS } from '../record.ts';
import { operation } from './operation.ts';
import { userView, viewOf } from './rows.ts';

export const list = operation({
  name: 'users.list',
  summary: 'Lists all users, removed ones too.',
  input: Type.Object({}, { additionalProperties: false }),
  output: Type.Object({ users: Type.Array(Type.Object({ ...userView, ...grantProperties })) }),
  example: 'users list',
  target: () => '*',
  run: async ({ host }) => {
    const records = (await allRows(host.store, USERS, (_, value) => recordOf(value))).filter((record) => record !== undefined);
    return { users: records.map(viewOf) };
  },
});
