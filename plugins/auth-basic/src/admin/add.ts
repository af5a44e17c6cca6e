import { GatewayError } from '@llm-proxy-auth/plugin';
import { futureOf, grantOf, grantProperties, NAME, type Run } from '@llm-proxy-auth/plugin/issued';
import { type Static, Type } from 'typebox';
import type { Parts } from '../book.ts';
import { principalOf, USERS, type UserRecord } from '../record.ts';
import { operation } from './operation.ts';
import { passwordField, passwordOf, shownPassword } from './password.ts';
import { change, put, userView, viewOf } from './rows.ts';

const input = Type.Object(
  {
    name: Type.String({ pattern: NAME, description: 'Unique, also among removed users.' }),
    password: passwordField,
    ...grantProperties,
    totp: Type.Optional(Type.Boolean({ description: 'The second factor is asked for.' })),
    expires: Type.Optional(Type.String({ description: 'Duration such as 90d, or ISO date; never when left out.' })),
  },
  { additionalProperties: false },
);
const run = async ({ input: asked, caller, host, bounds, parts }: Run<Static<typeof input>, Parts>): Promise<unknown> => {
  const now = host.now();
  const { name, totp } = asked;
  const expiresAt = asked.expires === undefined ? undefined : futureOf(asked.expires, now, 'expires');
  const grant = grantOf(asked);
  const { password, shown } = passwordOf(asked.password);
  const rights = {
    name,
    generation: 1,
    ...grant,
    ...(totp === true ? { totp } : {}),
    status: 'active' as const,
    createdAt: now,
    createdBy: caller.id,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  bounds.give(principalOf(rights));
  const record: UserRecord = { ...rights, phc: await parts.argon.hash(password) };
  return await change(parts, host.store, async () => {
    if ((await host.store.get(USERS, name)) !== undefined)
      throw new GatewayError('invalid_request', `The name ${name} is taken, or was; choose another name.`, { param: 'name' });
    return { changes: [put(record, 0)], result: { ...viewOf(record), ...shown } };
  });
};
export const add = operation({
  name: 'users.add',
  summary: 'Adds a user; without a password one is made and shown once.',
  input,
  output: Type.Object({ ...userView, ...grantProperties, ...shownPassword }),
  example: "users add --name alice --models 'fast-*' --expires 90d",
  target: ({ name }) => name,
  run,
});
