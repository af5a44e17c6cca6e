import { GatewayError } from '@llm-proxy-auth/plugin';
import { futureOf, graceOf, isoOf, type Run } from '@llm-proxy-auth/plugin/issued';
import { Type } from 'typebox';
import { assertAsStrict } from '../demands.ts';
import { newKey } from '../key.ts';
import { holderOf } from '../principal.ts';
import { idsOf, type KeyRecord, NAMES, textOf } from '../record.ts';
import type { Ring } from '../ring.ts';
import { operation } from './operation.ts';
import { change, put, type Row, readMeant } from './rows.ts';
import { createdView, viewOf } from './view.ts';

const input = Type.Object(
  {
    key: Type.String({ minLength: 1, maxLength: 64, description: 'Id or name.' }),
    grace: Type.String({ default: '24h', description: 'How long the old key stays valid; at most 7d.' }),
    expires: Type.Optional(Type.String({ description: "End of the new key: duration or ISO date; the old key's when left out." })),
  },
  { additionalProperties: false, required: ['key'] },
);
type Input = { readonly key: string; readonly grace?: string; readonly expires?: string };

/** The one key of those meant that is in use; rotated and revoked ones cannot be rotated. */
const activeOf = (rows: readonly Row[]): Row => {
  const active = rows.find(({ record }) => record.status === 'active');
  if (active === undefined)
    throw new GatewayError('invalid_request', 'The key is rotated or revoked already; rotate the active key of that name.', { param: 'key' });
  return active;
};

const run = async ({ input: asked, caller, host, bounds, parts: ring }: Run<Input, Ring>): Promise<unknown> => {
  const now = host.now();
  const grace = graceOf(asked.grace ?? '24h');
  const asking = asked.expires === undefined ? undefined : futureOf(asked.expires, now, 'expires');
  const { id, key } = newKey();
  const verifier = await ring.verifiers.make(key);
  return await change(ring, host.store, async () => {
    const old = activeOf(await readMeant(host.store, asked.key));
    const expiresAt = asking ?? old.record.expiresAt;
    if (expiresAt !== undefined && expiresAt <= now)
      throw new GatewayError('invalid_request', 'The key has expired; say until when the new one is valid.', { param: 'expires' });
    const { expiresAt: _, graceUntil: __, legacy: ___, ...kept } = old.record;
    const record: KeyRecord = { ...kept, id, verifier, createdAt: now, createdBy: caller.id, ...(expiresAt === undefined ? {} : { expiresAt }) };
    bounds.give(holderOf(record));
    assertAsStrict(ring, caller, record);
    const previous: KeyRecord = { ...old.record, status: 'grace', graceUntil: now + grace };
    const named = await host.store.get(NAMES, record.name);
    const ids = [...(named === undefined ? [] : idsOf(named.value)), id];
    return {
      changes: [put(record, 0), put(previous, old.version), { space: NAMES, key: record.name, expect: named?.version ?? 0, value: textOf({ ids }) }],
      result: { ...viewOf(record), key, previous: { id: previous.id, graceUntil: isoOf(now + grace) } },
    };
  });
};

export const rotate = operation({
  name: 'keys.rotate',
  summary: 'Gives a new key under the same name; the old one stays valid for a while.',
  input,
  output: Type.Object({ ...createdView, previous: Type.Object({ id: Type.String(), graceUntil: Type.String() }) }),
  example: 'keys rotate ci --grace 24h',
  target: ({ key }) => key,
  run,
});
