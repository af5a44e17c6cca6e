import { randomInt } from 'node:crypto';
import { GatewayError } from '@llm-proxy-auth/plugin';
import type { Run } from '@llm-proxy-auth/plugin/issued';
import { type Static, Type } from 'typebox';
import type { Parts } from '../book.ts';
import { isUnsayable } from '../decode.ts';
import { principalOf } from '../record.ts';
import { operation } from './operation.ts';
import { change, put, readActive, userView, viewOf } from './rows.ts';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 24 base62 digits, 142 bits. */
const generated = (): string => Array.from({ length: 24 }, () => DIGITS[randomInt(DIGITS.length)]).join('');

export const passwordField = Type.Optional(
  Type.String({ minLength: 12, maxLength: 256, description: 'At least 12 characters; made at random and shown once when left out, which is better.' }),
);
/** The password asked for, or a new one with itself to be shown. Throws `invalid_request`. */
export const passwordOf = (asked: string | undefined): { readonly password: string; readonly shown: { readonly password?: string } } => {
  if (asked === undefined) {
    const password = generated();
    return { password, shown: { password } };
  }
  if (isUnsayable(asked)) throw new GatewayError('invalid_request', 'A password has no control characters.', { param: 'password' });
  return { password: asked, shown: {} };
};
export const shownPassword = { password: Type.Optional(Type.String({ description: 'The password that was made, shown this once.' })) };

const input = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 64, description: 'The user.' }), password: passwordField },
  { additionalProperties: false },
);
const run = async ({ input: asked, host, bounds, parts }: Run<Static<typeof input>, Parts>): Promise<unknown> => {
  const { password, shown } = passwordOf(asked.password);
  // Before anything is computed; again below, where it counts.
  bounds.give(principalOf((await readActive(host.store, asked.name)).record));
  const phc = await parts.argon.hash(password);
  return await change(parts, host.store, async () => {
    const { record, version } = await readActive(host.store, asked.name);
    bounds.give(principalOf(record));
    const changed = { ...record, phc, generation: record.generation + 1, changedAt: host.now() };
    return { changes: [put(changed, version)], result: { ...viewOf(changed), ...shown } };
  });
};
export const password = operation({
  name: 'users.password',
  summary: 'Gives a user a new password; the old one and the sessions opened with it end.',
  input,
  output: Type.Object({ ...userView, ...shownPassword }),
  example: 'users password alice',
  target: ({ name }) => name,
  run,
});
