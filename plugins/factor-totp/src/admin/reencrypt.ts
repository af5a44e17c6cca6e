import { allRows } from '@llm-proxy-auth/plugin/issued';
import { Type } from 'typebox';
import { ENROLMENTS } from '../enrolment.ts';
import { decrypted, encrypted } from '../kept-secret.ts';
import type { Parts } from '../made.ts';
import { type Decided, type Row, readRow, swap } from '../rows.ts';
import { operation } from './operation.ts';

type Outcome = 'current' | 'encrypted' | 'failed';
const again = ({ encryption }: Parts, row: Row | undefined): Decided<Outcome> => {
  if (row === undefined || encryption.isCurrent(row.enrolment.sealed)) return { result: 'current' };
  const { enrolment } = row;
  const kept = decrypted(encryption, enrolment, enrolment.sealed);
  return { result: 'encrypted', next: { ...enrolment, sealed: encrypted(encryption, enrolment, kept) } };
};

export const reencrypt = operation({
  name: 'totp.reencrypt',
  summary: 'Encrypts all enrolments with the current key of keyEncryption; earlier keys can be removed then.',
  input: Type.Object({}, { additionalProperties: false }),
  output: Type.Object({
    encrypted: Type.Integer({ description: 'Enrolments that are under the current key only now.' }),
    current: Type.Integer({ description: 'Those that were before.' }),
    failed: Type.Array(Type.String(), { description: 'Keys and owners whose enrolment cannot be opened; keep the earlier keys.' }),
  }),
  example: 'totp reencrypt',
  target: () => '*',
  run: async ({ host, parts }) => {
    const subjects = await allRows(host.store, ENROLMENTS, (subject) => subject);
    const outcomes: { subject: string; outcome: Outcome }[] = [];
    for (const subject of subjects) {
      const outcome = await swap(
        host.store,
        () => readRow(host.store, subject),
        (row) => again(parts, row),
      ).catch((): Outcome => 'failed');
      outcomes.push({ subject, outcome });
    }
    const count = (outcome: Outcome): number => outcomes.filter((one) => one.outcome === outcome).length;
    return {
      encrypted: count('encrypted'),
      current: count('current'),
      failed: outcomes.filter(({ outcome }) => outcome === 'failed').map(({ subject }) => subject),
    };
  },
});
