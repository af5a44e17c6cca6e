import { GatewayError, type Store } from '@llm-proxy-auth/plugin';
import { futureOf, grantOf, grantProperties, NAME, type Run } from '@llm-proxy-auth/plugin/issued';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { BCRYPT } from '../bcrypt.ts';
import { assertAsStrict, demandProperties, demandsOf } from '../demands.ts';
import { newKey } from '../key.ts';
import { MOST } from '../legacy.ts';
import { holderOf } from '../principal.ts';
import { type KeyRecord, NAMES, textOf } from '../record.ts';
import type { Ring } from '../ring.ts';
import { operation } from './operation.ts';
import { change, put } from './rows.ts';
import { keyView, viewOf } from './view.ts';

const imported = Type.Object(
  {
    name: Type.String({ pattern: NAME }),
    hash: Type.String({ pattern: BCRYPT }),
    ...grantProperties,
    ...demandProperties,
    expires: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
type Imported = Static<typeof imported>;

const input = Type.Object(
  {
    file: Type.String({
      minLength: 2,
      maxLength: 200_000,
      description: 'JSON: a list of `{ name, hash }`, or one such object a line; with scopes, restrictions, totp and expires as in `keys create`.',
      lpa: 'file',
    } as never),
  },
  { additionalProperties: false },
);
const invalid = (message: string): GatewayError => new GatewayError('invalid_request', message, { param: 'file' });

const parsed = (text: string): readonly unknown[] => {
  try {
    const whole: unknown = text.trimStart().startsWith('[') ? JSON.parse(text) : undefined;
    if (Array.isArray(whole)) return whole;
    return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [JSON.parse(line) as unknown]));
  } catch {
    throw invalid('The file is neither a JSON list nor one JSON object a line.');
  }
};
const readKeys = (text: string): readonly Imported[] =>
  parsed(text).map((value, index) => {
    if (Value.Check(imported, value)) return value;
    const [first] = Value.Errors(imported, value);
    throw invalid(`Key ${index + 1}: ${first?.instancePath ?? ''} ${first?.message ?? 'is not valid'}; hashes are bcrypt $2a$, $2b$ or $2y$ of cost 10 to 14.`);
  });

const recordsOf = (keys: readonly Imported[], { caller, host, bounds, parts: ring }: Run<unknown, Ring>): readonly KeyRecord[] => {
  const now = host.now();
  return keys.map((asked): KeyRecord => {
    const expiresAt = asked.expires === undefined ? undefined : futureOf(asked.expires, now, 'expires');
    const grant = grantOf(asked);
    const record: KeyRecord = {
      id: newKey().id,
      name: asked.name,
      verifier: { alg: 'bcrypt', hash: asked.hash },
      ...grant,
      ...demandsOf(asked),
      legacy: true,
      status: 'active',
      createdAt: now,
      createdBy: caller.id,
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
    bounds.give(holderOf(record));
    assertAsStrict(ring, caller, record);
    return record;
  });
};
const assertFree = async (names: readonly string[], store: Store, ring: Ring): Promise<void> => {
  const stored = await Promise.all(names.map((name) => store.get(NAMES, name)));
  const taken = names.find((name, index) => stored[index] !== undefined || ring.writtenNames.has(name) || names.indexOf(name) !== index);
  if (taken !== undefined) throw invalid(`The name ${taken} is taken, or stands in the file twice.`);
};

const run = async (asked: Run<Static<typeof input>, Ring>): Promise<unknown> => {
  const { host, parts: ring } = asked;
  const records = recordsOf(readKeys(asked.input.file), asked);
  if (ring.verifiers.digests('').length === 0)
    throw new GatewayError('invalid_request', 'Keys are imported with a pepper alone, which they are found by.', { param: 'pepper' });
  await change(ring, host.store, async () => {
    await ring.book.refresh();
    const unused = [...ring.book.all()].filter(({ record }) => record.verifier.alg === 'bcrypt' && record.status !== 'revoked').length;
    if (unused + records.length > MOST)
      throw invalid(`At most ${MOST} imported keys can wait for their first use, ${unused} do; import the rest when they have been used.`);
    await assertFree(
      records.map(({ name }) => name),
      host.store,
      ring,
    );
    const changes = records.flatMap((record) => [put(record, 0), { space: NAMES, key: record.name, expect: 0, value: textOf({ ids: [record.id] }) }]);
    return { changes, result: undefined };
  });
  return { imported: records.map(viewOf) };
};

export const importKeys = operation({
  name: 'keys.import',
  summary: 'Takes over keys of bedrock-proxy-iam by their bcrypt hashes; the keys stay as they are.',
  input,
  output: Type.Object({ imported: Type.Array(Type.Object(keyView)) }),
  example: 'keys import keys.json',
  target: () => '*',
  run,
});
