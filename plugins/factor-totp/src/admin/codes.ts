import { type Static, Type } from 'typebox';
import { NONE } from '../attempts.ts';
import { digestOf, newBackupCodes } from '../backup-code.ts';
import { decrypted } from '../kept-secret.ts';
import { readRow, swap } from '../rows.ts';
import { operation, present, SUBJECT, subjectOf } from './operation.ts';

const output = Type.Object({
  key: Type.String(),
  backupCodes: Type.Array(Type.String(), { description: 'Each lets in once in place of a code; shown this once.' }),
});
export const codes = operation({
  name: 'totp.codes',
  summary: 'Gives ten new backup codes; those before are void.',
  input: Type.Object({ key: SUBJECT }, { additionalProperties: false }),
  output,
  example: 'totp codes key:ci',
  target: ({ key }) => key,
  run: async ({ input: { key }, host, parts }): Promise<Static<typeof output>> => {
    const subject = await subjectOf(host, key);
    const backupCodes = [...newBackupCodes()];
    await swap(
      host.store,
      () => readRow(host.store, subject),
      (row) => {
        const { enrolment } = present(row, subject);
        const { codeKey } = decrypted(parts.encryption, enrolment, enrolment.sealed);
        return { result: undefined, next: { ...enrolment, codes: backupCodes.map((code) => digestOf(codeKey, code)), codeGuesses: NONE } };
      },
    );
    return { key, backupCodes };
  },
});
