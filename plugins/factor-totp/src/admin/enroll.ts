import { randomBytes } from 'node:crypto';
import { GatewayError } from '@llm-proxy-auth/plugin';
import type { Run } from '@llm-proxy-auth/plugin/issued';
import { type Static, Type } from 'typebox';
import { NONE } from '../attempts.ts';
import { digestOf, newBackupCodes } from '../backup-code.ts';
import type { Algorithm } from '../code.ts';
import type { Enrolment } from '../enrolment.ts';
import { encrypted } from '../kept-secret.ts';
import type { Parts } from '../made.ts';
import { qrSvg, qrText } from '../qr.ts';
import { readRow, swap } from '../rows.ts';
import { base32, uriOf } from '../uri.ts';
import { operation, refuseUnknown, SUBJECT, subjectOf } from './operation.ts';

/** As long as the digest, which RFC 4226, section 4 and RFC 6238, section 5.1 recommend. */
const BYTES: Readonly<Record<Algorithm, number>> = Object.freeze({ sha1: 20, sha256: 32, sha512: 64 });
const KEY_BYTES = 32;

const input = Type.Object(
  {
    key: SUBJECT,
    account: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'Name the app shows; the owner of the key when left out.' })),
    svg: Type.Optional(Type.Boolean({ description: 'Add the QR code as SVG.' })),
  },
  { additionalProperties: false },
);
const output = Type.Object({
  secret: Type.String({ description: 'Base32, to type into an app; shown this once.' }),
  uri: Type.String({ description: 'otpauth:// URI, what the QR code holds.' }),
  backupCodes: Type.Array(Type.String(), { description: 'Each lets in once in place of a code; shown this once.' }),
  svg: Type.Optional(Type.String({ description: 'QR code of the URI.' })),
});

const run = async ({ input: { key, account, svg }, caller, host, parts }: Run<Static<typeof input>, Parts>): Promise<Static<typeof output>> => {
  const kept = { secret: randomBytes(BYTES[parts.shape.algorithm]), codeKey: randomBytes(KEY_BYTES) };
  const subject = await subjectOf(host, key);
  await refuseUnknown(host, subject);
  const backupCodes = newBackupCodes();
  await swap(
    host.store,
    () => readRow(host.store, subject),
    (row) => {
      if (row?.enrolment.status === 'active')
        throw new GatewayError('invalid_request', `${subject} is enrolled already; \`totp disable\` ends that enrolment.`, { param: 'key' });
      const place = { subject, generation: (row?.enrolment.generation ?? 0) + 1 };
      const next: Enrolment = {
        ...place,
        status: 'pending',
        sealed: encrypted(parts.encryption, place, kept),
        ...parts.shape,
        lastStep: -1,
        codes: backupCodes.map((code) => digestOf(kept.codeKey, code)),
        guesses: NONE,
        codeGuesses: NONE,
        createdAt: host.now(),
        createdBy: caller.id,
      };
      return { result: undefined, next };
    },
  );
  const uri = uriOf(kept.secret, parts.shape, parts.issuer, account ?? subject);
  return { secret: base32(kept.secret), uri, backupCodes: [...backupCodes], ...(svg === true ? { svg: qrSvg(uri) } : {}) };
};

export const enroll = operation({
  name: 'totp.enroll',
  summary: 'Enrols the owner of a key, which holds for all keys of that name, for one-time codes; it counts from the first valid code on.',
  input,
  output,
  example: 'totp enroll key:ci',
  target: ({ key }) => key,
  run,
  text: (given) => {
    const { secret, uri, backupCodes, svg } = given as Static<typeof output>;
    return [
      qrText(uri),
      'Scan this with an authenticator app, or type the secret into it. Neither is shown again.',
      `secret: ${secret}`,
      `uri: ${uri}`,
      'Each of these lets in once when the app is lost:',
      ...backupCodes.map((code) => `  ${code}`),
      'The enrolment counts from the first valid code on.',
      ...(svg === undefined ? [] : [svg]),
      '',
    ].join('\n');
  },
});
