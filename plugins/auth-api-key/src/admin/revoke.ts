import { COMPROMISED, type Run } from '@llm-proxy-auth/plugin/issued';
import { type Static, Type } from 'typebox';
import { holderOf } from '../principal.ts';
import type { KeyRecord } from '../record.ts';
import type { Ring } from '../ring.ts';
import { operation } from './operation.ts';
import { change, put, readMeant } from './rows.ts';

const input = Type.Object(
  {
    key: Type.String({ minLength: 1, maxLength: 64, description: 'Id, or name for all keys of that name.' }),
    reason: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Kept with the key; `compromised` ends its calls under way too.' })),
  },
  { additionalProperties: false },
);

const run = async ({ input: { key, reason }, host, bounds, parts: ring }: Run<Static<typeof input>, Ring>): Promise<unknown> => {
  const now = host.now();
  return await change(ring, host.store, async () => {
    const meant = await readMeant(host.store, key);
    const open = meant.filter(({ record }) => record.status !== 'revoked');
    // Whoever learns only later that it is in wrong hands ends the calls that go on.
    const worse = reason === COMPROMISED ? meant.filter(({ record }) => record.status === 'revoked' && record.revokedReason !== COMPROMISED) : [];
    for (const { record } of [...open, ...worse]) bounds.touch(holderOf(record), record.createdBy);
    const changes = [...open, ...worse].map(({ record, version }) => {
      const { revokedAt = now } = record;
      const revoked: KeyRecord = { ...record, status: 'revoked', revokedAt, ...(reason === undefined ? {} : { revokedReason: reason }) };
      return put(revoked, version);
    });
    return { changes, result: { name: meant[0]?.record.name ?? key, revoked: open.map(({ record }) => record.id) } };
  });
};

export const revoke = operation({
  name: 'keys.revoke',
  summary: 'Makes a key, or all keys of a name, invalid: here at once, in other processes within 5 s.',
  input,
  output: Type.Object({ name: Type.String(), revoked: Type.Array(Type.String(), { description: 'Ids that were valid until now.' }) }),
  example: 'keys revoke ci --reason "laptop lost"',
  target: ({ key }) => key,
  run,
});
