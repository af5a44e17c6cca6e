import type { JsonText } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { attempts } from './attempts.ts';

/** Rows under the subject: the id of a credential, or an owner such as `key:ci`. */
export const ENROLMENTS = 'enrolments';

const schema = Type.Object({
  subject: Type.String(),
  /** Of the secret: rises with every enrolment of the subject, and is part of the place the secret is encrypted for. */
  generation: Type.Integer({ minimum: 1 }),
  /** `pending` until a first valid code. */
  status: Type.Union([Type.Literal('pending'), Type.Literal('active')]),
  /** Secret and the key of the backup codes' digests, encrypted. */
  sealed: Type.String(),
  algorithm: Type.Union([Type.Literal('sha1'), Type.Literal('sha256'), Type.Literal('sha512')]),
  digits: Type.Union([Type.Literal(6), Type.Literal(8)]),
  /** Last time step that was accepted; -1 = none. */
  lastStep: Type.Integer({ minimum: -1 }),
  /** Digests of the backup codes that are left. */
  codes: Type.Array(Type.String()),
  /** Wrong one-time codes and wrong backup codes are counted apart. */
  guesses: attempts,
  codeGuesses: attempts,
  createdAt: Type.Integer(),
  createdBy: Type.String(),
  confirmedAt: Type.Optional(Type.Integer()),
});
export type Enrolment = Static<typeof schema>;
const compiled = Compile(schema);

/** Throws when the row is not what this release writes: a damaged enrolment must not count as none. */
export const enrolmentOf = ({ json }: JsonText, subject: string): Enrolment => {
  const value: unknown = JSON.parse(json);
  if (!compiled.Check(value) || value.subject !== subject) throw new Error('a stored enrolment cannot be read');
  return value;
};
export const textOf = (value: object): JsonText => ({ json: JSON.stringify(value) });
