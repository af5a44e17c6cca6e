import { Type } from 'typebox';
import { readRow, swap } from '../rows.ts';
import { operation, present, SUBJECT, subjectOf } from './operation.ts';

export const disable = operation({
  name: 'totp.disable',
  summary: 'Ends an enrolment. A key that needs a code lets nobody in until it is enrolled again.',
  input: Type.Object({ key: SUBJECT }, { additionalProperties: false }),
  output: Type.Object({ key: Type.String(), status: Type.String({ description: '`disabled`' }) }),
  example: 'totp disable key:ci',
  target: ({ key }) => key,
  run: async ({ input: { key }, host }) => {
    const subject = await subjectOf(host, key);
    await swap(
      host.store,
      () => readRow(host.store, subject),
      (row) => {
        present(row, subject);
        return { result: undefined, next: undefined };
      },
    );
    return { key, status: 'disabled' };
  },
});
