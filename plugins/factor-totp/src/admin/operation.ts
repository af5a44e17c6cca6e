import { GatewayError, type Host } from '@llm-proxy-auth/plugin';
import { operations } from '@llm-proxy-auth/plugin/issued';
import { Type } from 'typebox';
import { parts } from '../made.ts';
import { type Row, readRow } from '../rows.ts';

/** Whoever may change a second factor may take over what it guards. */
export const operation = operations(parts.of, 'admin');

/** The id of a credential, or an owner with its kind. A bare name would be neither and guard nothing. */
export const SUBJECT = Type.String({
  pattern: '^(?:[0-9A-Za-z]{12,64}|[a-z][a-z0-9-]{0,31}:[^\\u0000-\\u001f]{1,200})$',
  description: 'Id of a key, or its owner, such as key:ci; the enrolment is that of the owner either way and survives rotation.',
});

/**
 * Whose enrolment is meant: the owner's, which goes on when the key is rotated. The id itself where an enrolment stands under it, or
 * where nobody knows a credential of that id. Throws what strategies throw that cannot say now.
 */
export const subjectOf = async ({ store, access }: Pick<Host, 'store' | 'access'>, key: string): Promise<string> => {
  if (key.includes(':') || (await readRow(store, key)) !== undefined) return key;
  return (await access?.ownerOf?.(key)) ?? key;
};

/** Throws `invalid_request` for a key or an owner whom nobody knows; of kinds of which nobody keeps a list any is taken. */
export const refuseUnknown = async ({ access }: Pick<Host, 'access'>, subject: string): Promise<void> => {
  // A strategy knows its credentials by their ids, and `subjectOf` has asked.
  const known = subject.includes(':') ? await access?.knows?.(subject) : access?.knows === undefined;
  if (known !== false) return;
  throw new GatewayError('invalid_request', `There is no ${subject} that could be enrolled; \`keys list\` and \`users list\` show who is there.`, {
    param: 'key',
  });
};

export const none = (subject: string): GatewayError =>
  new GatewayError('invalid_request', `There is no enrolment of ${subject}; \`totp enroll\` makes one.`, { param: 'key' });

/** Throws `invalid_request` when there is no enrolment. */
export const present = (row: Row | undefined, subject: string): Row => {
  if (row === undefined) throw none(subject);
  return row;
};
