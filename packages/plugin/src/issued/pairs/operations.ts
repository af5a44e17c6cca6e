import { type Static, type TProperties, type TSchema, Type } from 'typebox';
import { GatewayError } from '../../error.ts';
import type { AdminOperation, Host } from '../../plugin.ts';
import type { Book } from '../book.ts';
import { COMPROMISED } from '../compromised.ts';
import { grantOf, grantProperties, NAME } from '../grant.ts';
import { futureOf } from '../moment.ts';
import { allRows, commitChange, jsonText, operations } from '../operation.ts';
import { newPairId, PAIR_NAMES, PAIRS, type PairKind, type PairRecord, pairOf, principalOf } from './record.ts';
import { rotating } from './rotate.ts';
import { put, readMeant, view, viewOf } from './rows.ts';

export interface PairParts {
  readonly book: Pick<Book<unknown>, 'refresh' | 'forget'>;
}
export interface PairOperations {
  /** `signing-keys`: the operations are `signing-keys.create`, … */
  readonly prefix: string;
  readonly summaries: { readonly create: string; readonly list: string; readonly rotate: string; readonly revoke: string };
  /** Further fields of `create` and `rotate`. */
  readonly extra: TProperties;
  /** The rest of their examples. */
  readonly examples: { readonly create: string; readonly rotate: string };
  /** What `create` and `rotate` show beside the record, this once. */
  readonly shown: TProperties;
  readonly partsOf: (host: Host) => PairParts;
  readonly kind: Pick<PairKind<unknown>, 'strategy' | 'caller'>;
  /** Makes what is kept and what is shown of a new pair. Throws `invalid_request`. */
  make(input: Readonly<Record<string, unknown>>, id: string, host: Host): { readonly material: string; readonly shown: object };
}

const createInput = Type.Object({
  name: Type.String({ pattern: NAME, description: 'Unique, also among revoked ones.' }),
  ...grantProperties,
  expires: Type.Optional(Type.String({ description: 'Duration such as 90d, or ISO date; never when left out.' })),
});
type CreateInput = Static<typeof createInput>;

const taken = (name: string): GatewayError => new GatewayError('invalid_request', `The name ${name} is taken, or was; choose another name.`, { param: 'name' });

const creating = ({ prefix, summaries, extra, examples, shown, partsOf, kind, make }: PairOperations): AdminOperation =>
  operations(partsOf)({
    name: `${prefix}.create`,
    summary: summaries.create,
    input: Type.Object({ ...createInput.properties, ...extra }, { additionalProperties: false }) as TSchema,
    output: Type.Object({ ...view, ...shown }),
    example: `${prefix} create ${examples.create}`,
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
        const changes = [put(record, 0), { space: PAIR_NAMES, key: name, expect: 0, value: jsonText({ ids: [id] }) }];
        return { changes, result: { ...viewOf(record), ...made.shown } };
      });
    },
  });

const listing = ({ prefix, summaries, partsOf, kind }: PairOperations): AdminOperation =>
  operations(partsOf)({
    name: `${prefix}.list`,
    summary: summaries.list,
    reads: true,
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
        key: Type.String({ minLength: 1, maxLength: 64, description: 'Id, or name for all keys of that name.' }),
        reason: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Kept with the key; `compromised` ends its calls under way too.' })),
      },
      { additionalProperties: false },
    ),
    output: Type.Object({ ...view, revoked: Type.Array(Type.String(), { description: 'Ids that were valid until now.' }) }),
    example: `${prefix} revoke ci --reason "laptop lost"`,
    target: ({ key }) => key,
    run: async ({ input: { key, reason }, host, bounds, parts }) =>
      await commitChange(parts.book, PAIRS, host.store, async () => {
        const meant = await readMeant(host.store, key);
        for (const { record } of meant) bounds.touch(principalOf(record, kind), record.createdBy);
        const end = { status: 'revoked' as const, revokedAt: host.now(), ...(reason === undefined ? {} : { revokedReason: reason }) };
        const after = meant.map(({ record, version }) => ({
          version,
          open: record.status !== 'revoked',
          // Whoever learns only later that it is in wrong hands ends the calls that go on.
          worse: reason === COMPROMISED && record.status === 'revoked' && record.revokedReason !== COMPROMISED,
          record: record.status === 'revoked' ? record : { ...record, ...end },
        }));
        const ended = after.filter(({ open }) => open);
        const known = after.filter(({ worse }) => worse).map(({ record, version }) => put({ ...record, revokedReason: COMPROMISED }, version));
        const newest = after.at(-1)?.record;
        return {
          changes: [...ended.map(({ record, version }) => put(record, version)), ...known],
          result: { ...(newest === undefined ? {} : viewOf(newest)), revoked: ended.map(({ record }) => record.id) },
        };
      }),
  });

/** `create`, `list`, `rotate` and `revoke` of the key pairs of one strategy. */
export const pairOperations = (wanted: PairOperations): readonly AdminOperation[] => [creating(wanted), listing(wanted), rotating(wanted), revoking(wanted)];
