import { GatewayError, type Host } from '@llm-proxy-auth/plugin';
import { allRows, commitChange, jsonText, operations, PAIRS, type PairParts, pairOf } from '@llm-proxy-auth/plugin/issued';
import { Type } from 'typebox';
import { parts } from './admin.ts';
import { placeOf } from './key.ts';

type Outcome = 'current' | 'encrypted' | 'failed';

const again = async (host: Host, book: PairParts['book'], id: string): Promise<Outcome> =>
  await commitChange<Outcome>(book, PAIRS, host.store, async () => {
    const { encryption } = host;
    const row = await host.store.get(PAIRS, id);
    const record = row === undefined ? undefined : pairOf(row.value);
    if (row === undefined || record === undefined || encryption === undefined) return { changes: [], result: 'failed' };
    if (encryption.isCurrent(record.material)) return { changes: [], result: 'current' };
    const secret = encryption.decrypt(placeOf(id), record.material);
    if (secret === undefined) return { changes: [], result: 'failed' };
    const next = { ...record, material: encryption.encrypt(placeOf(id), secret) };
    return { changes: [{ space: PAIRS, key: id, expect: row.version, value: jsonText(next) }], result: 'encrypted' };
  });

export const reencrypt = operations(parts.of)({
  name: 'signing-keys.reencrypt',
  summary: 'Encrypts all secrets with the current key of keyEncryption; earlier keys can be removed then.',
  input: Type.Object({}, { additionalProperties: false }),
  output: Type.Object({
    encrypted: Type.Integer({ description: 'Secrets that are under the current key only now.' }),
    current: Type.Integer({ description: 'Those that were before.' }),
    failed: Type.Array(Type.String(), { description: 'Ids whose secret cannot be opened; keep the earlier keys.' }),
  }),
  example: 'signing-keys reencrypt',
  target: () => '*',
  run: async ({ host, parts: { book } }) => {
    if (host.encryption === undefined) throw new GatewayError('invalid_request', 'Signing keys are kept encrypted: write `keyEncryption`.');
    const outcomes: { readonly id: string; readonly outcome: Outcome }[] = [];
    for (const id of await allRows(host.store, PAIRS, (key) => key)) outcomes.push({ id, outcome: await again(host, book, id) });
    const count = (wanted: Outcome): number => outcomes.filter(({ outcome }) => outcome === wanted).length;
    return { encrypted: count('encrypted'), current: count('current'), failed: outcomes.filter(({ outcome }) => outcome === 'failed').map(({ id }) => id) };
  },
});
