import { GatewayError, type Store } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';
import { type Grant, grantProperties, NAME, rangeOf } from '../grant.ts';
import { newKey } from '../key.ts';
import { type KeyRecord, NAMES, textOf } from '../record.ts';
import { momentOf } from '../time.ts';
import { assertWithin } from './bounds.ts';
import { operation, type Run } from './operation.ts';
import { change, put } from './rows.ts';
import { createdView, viewOf } from './view.ts';

const input = Type.Object(
  {
    name: Type.String({ pattern: NAME, description: 'Unique, also among revoked keys.' }),
    ...grantProperties,
    expires: Type.Optional(Type.String({ description: 'Duration such as 90d, or ISO date; never when left out.' })),
    notBefore: Type.Optional(Type.String({ description: 'Duration such as 1h, or ISO date; at once when left out.' })),
  },
  { additionalProperties: false },
);

/** Throws `invalid_request` for a moment that has passed. */
export const futureOf = (text: string, now: number, param: string): number => {
  const moment = momentOf(text, now, param);
  if (moment <= now) throw new GatewayError('invalid_request', `${param} must lie in the future.`, { param });
  return moment;
};
const taken = (name: string): GatewayError =>
  new GatewayError('invalid_request', `The name ${name} is taken; rotate that key or choose another name.`, { param: 'name' });

const grantOf = ({ scopes, modes, instances, models, cidr }: Grant): Grant => {
  const wrong = cidr?.find((range) => rangeOf(range) === undefined);
  if (wrong !== undefined) throw new GatewayError('invalid_request', `${wrong} is no address range.`, { param: 'cidr' });
  // JSON leaves out what is undefined, so that a list left out stays left out in the row.
  return JSON.parse(JSON.stringify({ scopes, modes, instances, models, cidr })) as Grant;
};
const isTaken = async (store: Store, name: string): Promise<boolean> => (await store.get(NAMES, name)) !== undefined;

const run = async ({ input: asked, caller, host, ring }: Run<Static<typeof input>>): Promise<unknown> => {
  const now = host.now();
  const { name } = asked;
  const expiresAt = asked.expires === undefined ? undefined : futureOf(asked.expires, now, 'expires');
  const notBefore = asked.notBefore === undefined ? undefined : futureOf(asked.notBefore, now, 'notBefore');
  const grant = grantOf(asked);
  assertWithin(caller, { ...grant, expiresAt });
  if (ring.writtenNames.has(name)) throw taken(name);
  const { id, key } = newKey();
  const record: KeyRecord = {
    id,
    name,
    verifier: await ring.verifiers.make(key),
    ...grant,
    status: 'active',
    createdAt: now,
    createdBy: caller.id,
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
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
