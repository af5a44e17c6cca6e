import { GatewayError } from '@llm-proxy-auth/plugin';
import { Type } from 'typebox';
import { judge } from '../judge.ts';
import { readRow, swap } from '../rows.ts';
import { operation, present, SUBJECT, subjectOf } from './operation.ts';

export const verify = operation({
  name: 'totp.verify',
  summary: 'Confirms an enrolment with a code of the app. The first request with a valid code does so, too.',
  input: Type.Object(
    { key: SUBJECT, code: Type.String({ minLength: 1, maxLength: 32, description: 'What the app shows now; it is used up.' }) },
    { additionalProperties: false },
  ),
  output: Type.Object({ key: Type.String(), status: Type.String({ description: '`active`' }) }),
  example: 'totp verify key:ci --code 123456',
  target: ({ key }) => key,
  run: async ({ input: { key, code }, host, parts }) => {
    const subject = await subjectOf(host, key);
    const { answer } = await swap(
      host.store,
      () => readRow(host.store, subject),
      (row) => judge(parts.encryption, present(row, subject), code, host.now()),
    );
    if (answer.is === 'done') return { key, status: 'active' };
    const retry = 'retryAfterMs' in answer ? { retryAfterMs: answer.retryAfterMs } : {};
    throw new GatewayError(answer.code, answer.code === 'totp_used' ? 'This code was used already; take the next one.' : 'This code is not valid.', retry);
  },
});
