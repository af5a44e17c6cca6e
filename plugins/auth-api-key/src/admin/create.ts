import { GatewayError, type Store } from '@llm-proxy-auth/plugin';
import { futureOf, grantOf, grantProperties, NAME, type Run } from '@llm-proxy-auth/plugin/issued';
import { type Static, Type } from 'typebox';
import { assertAsStrict, demandProperties, demandsOf } from '../demands.ts';
import { newKey } from '../key.ts';
import { holderOf } from '../principal.ts';
import { type KeyRecord, NAMES, textOf } from '../record.ts';
import type { Ring } from '../ring.ts';
import { operation } from './operation.ts';
import { change, put } from './rows.ts';
import { createdView, viewOf } from './view.ts';

const input = Type.Object(
  {
    name: Type.String({ pattern: NAME, description: 'Unique, also among revoked keys.' }),
    ...grantProperties,
    ...demandProperties,
    expires: Type.Optional(Type.String({ description: 'Duration such as 90d, or ISO date; never when left out.' })),
    notBefore: Type.Optional(Type.String({ description: 'Duration such as 1h, or ISO date; at once when left out.' })),
  },
  { additionalProperties: false },
);

const taken = (name: string): GatewayError =>
  new GatewayError('invalid_request', `The name ${name} is taken; rotate that key or choose another name.`, { param: 'name' });

const isTaken = async (store: Store, name: string): Promise<boolean> => (await store.get(NAMES, name)) !== undefined;

const run = async ({ input: asked, caller, host, bounds, parts: ring }: Run<Static<typeof input>, Ring>): Promise<unknown> => {
  const now = host.now();
  const { name } = asked;
  const expiresAt = asked.expires === undefined ? undefined : futureOf(asked.expires, now, 'expires');
  const notBefore = asked.notBefore === undefined ? undefined : futureOf(asked.notBefore, now, 'notBefore');
  const grant = grantOf(asked);
  const { id, key } = newKey();
  const rights = {
    id,
    name,
    ...grant,
    ...demandsOf(asked),
    status: 'active' as const,
    createdAt: now,
    createdBy: caller.id,
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  bounds.give(holderOf(rights));
  assertAsStrict(ring, caller, rights);
  if (ring.writtenNames.has(name)) throw taken(name);
  const record: KeyRecord = { ...rights, verifier: await ring.verifiers.make(key) };
  await change(ring, host.store, async () => {
    if (await isTaken(host.store, name)) throw taken(name);
    return { changes: [put(record, 0), { space: NAMES, key: name, expect: 0, value: textOf({ ids: [id] }) }], result: undefined };
  });
  return { ...viewOf(record), key };
};

export const create = operation({
  name: 'keys.create',
  summary: 'Makes a key and shows it once.',
  input,
  output: Type.Object(createdView),
  example: "keys create --name ci --models 'fast-*' --instances bedrock_us1 --expires 90d",
  target: ({ name }) => name,
  run,
});
