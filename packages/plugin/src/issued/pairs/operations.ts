import { type Static, type TProperties, type TSchema, Type } from 'typebox';
import type { Change, Store } from '../../access.ts';
import { GatewayError } from '../../error.ts';
import type { AdminOperation, Host } from '../../plugin.ts';
import type { Book } from '../book.ts';
import { grantOf, grantProperties, NAME } from '../grant.ts';
import { futureOf, isoOf } from '../moment.ts';
import { allRows, commitChange, jsonText, operations } from '../operation.ts';
import { newPairId, PAIR_NAMES, PAIRS, type PairKind, type PairRecord, pairOf, principalOf } from './record.ts';

export interface PairParts {
  readonly book: Pick<Book<unknown>, 'refresh' | 'forget'>;
}
export interface PairOperations {
  /** `signing-keys`: the operations are `signing-keys.create`, … */
  readonly prefix: string;
  readonly summaries: { readonly create: string; readonly list: string; readonly revoke: string };
  /** Further fields of `create`, and the rest of its example. */
  readonly extra: TProperties;
  readonly example: string;
  /** What `create` shows beside the record, this once. */
  readonly shown: TProperties;
  readonly partsOf: (host: Host) => PairParts;
  readonly kind: Pick<PairKind<unknown>, 'strategy' | 'caller'>;
  /** Makes what is kept and what is shown of a new pair. Throws `invalid_request`. */
  make(input: Readonly<Record<string, unknown>>, id: string, host: Host): { readonly material: string; readonly shown: object };
}

const optionalTime = (description: string) => Type.Optional(Type.String({ description: `${description}, ISO time in UTC.` }));
const view = {
  id: Type.String({ description: 'Key id that requests are signed with.' }),
  name: Type.String({ description: 'What the caller is called to policies.' }),
  status: Type.Enum(['active', 'revoked']),
  ...grantProperties,
  createdAt: Type.String({ description: 'ISO time in UTC.' }),
  createdBy: Type.String({ description: 'Principal that made it.' }),
  expiresAt: optionalTime('Not valid from'),
  revokedAt: optionalTime('Revoked at'),
  revokedReason: Type.Optional(Type.String()),
};
const viewOf = ({ material: _, createdAt, expiresAt, revokedAt, ...shown }: PairRecord): object => ({
  ...shown,
  createdAt: isoOf(createdAt),
  ...(expiresAt === undefined ? {} : { expiresAt: isoOf(expiresAt) }),
  ...(revokedAt === undefined ? {} : { revokedAt: isoOf(revokedAt) }),
});
const createInput = Type.Object({
  name: Type.String({ pattern: NAME, description: 'Unique, also among revoked ones.' }),
  ...grantProperties,
  expires: Type.Optional(Type.String({ description: 'Duration such as 90d, or ISO date; never when left out.' })),
});
type CreateInput = Static<typeof createInput>;

const put = (record: PairRecord, version: number): Change => ({ space: PAIRS, key: record.id, expect: version, value: jsonText(record) });
const taken = (name: string): GatewayError => new GatewayError('invalid_request', `The name ${name} is taken, or was; choose another name.`, { param: 'name' });

/** The pair meant by an id or a name. Throws `invalid_request` when there is none. */
const readMeant = async (store: Store, idOrName: string): Promise<{ readonly record: PairRecord; readonly version: number }> => {
  const named = await store.get(PAIR_NAMES, idOrName);
  const id = named === undefined ? idOrName : String((JSON.parse(named.value.json) as { id?: unknown }).id);
  const row = await store.get(PAIRS, id);
  const record = row === undefined ? undefined : pairOf(row.value);
  if (row === undefined || record === undefined)
    throw new GatewayError('invalid_request', `There is no key with the id or name ${idOrName}.`, { param: 'key' });
  return { record, version: row.version };
};

const creating = ({ prefix, summaries, extra, example, shown, partsOf, kind, make }: PairOperations): AdminOperation =>
  operations(partsOf)({
    name: `${prefix}.create`,
    summary: summaries.create,
    input: Type.Object({ ...createInput.properties, ...extra }, { additionalProperties: false }) as TSchema,
    output: Type.Object({ ...view, ...shown }),
    example: `${prefix} create ${example}`,
    target: (input) => (input as CreateInput).name,
    run: async ({ input, caller, host, bounds, parts }) => {
      const asked = input as CreateInput;
      const now = host.now();
      const { name } = asked;
      const expiresAt = asked.expires === undefined ? undefined : futureOf(asked.expires, now, 'expires');
      const grant = grantOf(asked);
      const id = newPairId();
      const rights = {
        id,
        name,
        ...grant,
        status: 'active' as const,
        createdAt: now,
        createdBy: caller.id,
        ...(expiresAt === undefined ? {} : { expiresAt }),
      };
      bounds.give(principalOf(rights, kind));
      const made = make(asked as Readonly<Record<string, unknown>>, id, host);
      const record: PairRecord = { ...rights, material: made.material };
      return await commitChange(parts.book, PAIRS, host.store, async () => {
        if ((await host.store.get(PAIR_NAMES, name)) !== undefined) throw taken(name);
        const changes = [put(record, 0), { space: PAIR_NAMES, key: name, expect: 0, value: jsonText({ id }) }];
        return { changes, result: { ...viewOf(record), ...made.shown } };
      });
    },
  });

const listing = ({ prefix, summaries, partsOf, kind }: PairOperations): AdminOperation =>
  operations(partsOf)({
    name: `${prefix}.list`,
    summary: summaries.list,
    input: Type.Object({}, { additionalProperties: false }),
    output: Type.Object({ keys: Type.Array(Type.Object(view)) }),
    example: `${prefix} list`,
    target: () => '*',
    run: async ({ host, bounds }) => {
      const all = await allRows(host.store, PAIRS, (_, value) => pairOf(value));
      const records = all.filter((record) => record !== undefined).filter((record) => bounds.sees(principalOf(record, kind), record.createdBy));
      return { keys: records.toSorted((a, b) => a.createdAt - b.createdAt).map(viewOf) };
    },
  });

const revoking = ({ prefix, summaries, partsOf, kind }: PairOperations): AdminOperation =>
  operations(partsOf)({
    name: `${prefix}.revoke`,
    summary: summaries.revoke,
    input: Type.Object(
      {
        key: Type.String({ minLength: 1, maxLength: 64, description: 'Id or name.' }),
        reason: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Kept with the key; `compromised` ends its calls under way too.' })),
      },
      { additionalProperties: false },
    ),
    output: Type.Object(view),
    example: `${prefix} revoke ci --reason "laptop lost"`,
    target: ({ key }) => key,
    run: async ({ input: { key, reason }, host, bounds, parts }) =>
      await commitChange(parts.book, PAIRS, host.store, async () => {
        const { record, version } = await readMeant(host.store, key);
        bounds.touch(principalOf(record, kind), record.createdBy);
        if (record.status === 'revoked') return { changes: [], result: viewOf(record) };
        const revoked: PairRecord = { ...record, status: 'revoked', revokedAt: host.now(), ...(reason === undefined ? {} : { revokedReason: reason }) };
        return { changes: [put(revoked, version)], result: viewOf(revoked) };
      }),
  });

/** `create`, `list` and `revoke` of the key pairs of one strategy. */
export const pairOperations = (wanted: PairOperations): readonly AdminOperation[] => [creating(wanted), listing(wanted), revoking(wanted)];
