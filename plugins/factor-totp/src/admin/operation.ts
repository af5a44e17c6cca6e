import { GatewayError } from '@llm-proxy-auth/plugin';
import { operations } from '@llm-proxy-auth/plugin/issued';
import { Type } from 'typebox';
import { parts } from '../made.ts';
import type { Row } from '../rows.ts';

/** Whoever may change a second factor may take over what it guards. */
export const operation = operations(parts.of, 'admin');

/** The id of a credential, or an owner with its kind. A bare name would be neither and guard nothing. */
export const SUBJECT = Type.String({
  pattern: '^(?:[0-9A-Za-z]{12,64}|[a-z][a-z0-9-]{0,31}:[^\\u0000-\\u001f]{1,200})$',
  description: 'Id of a key, or an owner such as key:ci, whose enrolment survives rotation.',
});

export const none = (subject: string): GatewayError =>
  new GatewayError('invalid_request', `There is no enrolment of ${subject}; \`totp enroll\` makes one.`, { param: 'key' });

/** Throws `invalid_request` when there is no enrolment. */
export const present = (row: Row | undefined, subject: string): Row => {
  if (row === undefined) throw none(subject);
  return row;
};
