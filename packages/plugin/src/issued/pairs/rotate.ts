import { type TSchema, Type } from 'typebox';
import { GatewayError } from '../../error.ts';
import type { AdminOperation } from '../../plugin.ts';
import { futureOf, graceOf, isoOf } from '../moment.ts';
import { commitChange, jsonText, operations } from '../operation.ts';
import type { PairOperations } from './operations.ts';
import { newPairId, PAIR_NAMES, PAIRS, type PairRecord, pairIdsOf, principalOf } from './record.ts';
import { put, type Row, readMeant, view, viewOf } from './rows.ts';

const properties = {
  key: Type.String({ minLength: 1, maxLength: 64, description: 'Id or name.' }),
  grace: Type.Optional(Type.String({ default: '24h', description: 'How long the old key stays valid; at most 7d.' })),
  expires: Type.Optional(Type.String({ description: "End of the new key: duration or ISO date; the old key's when left out." })),
};
interface Input {
  readonly key: string;
  readonly grace?: string;
  readonly expires?: string;
}
/** The one of those meant that is in use. */
const activeOf = (rows: readonly Row[]): Row => {
  const active = rows.find(({ record }) => record.status === 'active');
  if (active !== undefined) return active;
  throw new GatewayError('invalid_request', 'The key is rotated or revoked already; rotate the active key of that name.', { param: 'key' });
};

/** `rotate` of the key pairs of one strategy: a new pair under the same name, the old one valid for a while. */
export const rotating = ({ prefix, summaries, extra, examples, shown, partsOf, kind, make }: PairOperations): AdminOperation =>
  operations(partsOf)({
    name: `${prefix}.rotate`,
    summary: summaries.rotate,
    input: Type.Object({ ...properties, ...extra }, { additionalProperties: false }) as TSchema,
    output: Type.Object({ ...view, ...shown, previous: Type.Object({ id: Type.String(), graceUntil: Type.String() }) }),
    example: `${prefix} rotate ${examples.rotate}`,
    target: (input) => (input as Input).key,
    run: async ({ input, caller, host, bounds, parts }) => {
      const asked = input as Input;
      const now = host.now();
      const graceUntil = now + graceOf(asked.grace ?? '24h');
      const asking = asked.expires === undefined ? undefined : futureOf(asked.expires, now, 'expires');
      const id = newPairId();
      const made = make(asked as unknown as Readonly<Record<string, unknown>>, id, host);
      return await commitChange(parts.book, PAIRS, host.store, async () => {
        const old = activeOf(await readMeant(host.store, asked.key));
        const { expiresAt: ended, ...kept } = old.record;
        const expiresAt = asking ?? ended;
        if (expiresAt !== undefined && expiresAt <= now)
          throw new GatewayError('invalid_request', 'The key has expired; say until when the new one is valid.', { param: 'expires' });
        const record: PairRecord = {
          ...kept,
          id,
          material: made.material,
          createdAt: now,
          createdBy: caller.id,
          ...(expiresAt === undefined ? {} : { expiresAt }),
        };
        bounds.give(principalOf(record, kind));
        const named = await host.store.get(PAIR_NAMES, record.name);
        const ids = [...(named === undefined ? [old.record.id] : (pairIdsOf(named.value)?.ids ?? [])), id];
        return {
          changes: [
            put(record, 0),
            put({ ...old.record, status: 'grace', graceUntil }, old.version),
            { space: PAIR_NAMES, key: record.name, expect: named?.version ?? 0, value: jsonText({ ids }) },
          ],
          result: { ...viewOf(record), ...made.shown, previous: { id: old.record.id, graceUntil: isoOf(graceUntil) } },
        };
      });
    },
  });
