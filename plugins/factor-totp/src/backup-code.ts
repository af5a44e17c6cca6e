import { createHmac, randomInt, timingSafeEqual } from 'node:crypto';

/** Crockford's base32: no I, L, O and U. https://www.crockford.com/base32.html */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 10;
const COUNT = 10;
const FORM = new RegExp(`^[${DIGITS}]{${LENGTH}}$`);
const LONGEST = 32;

/** Ten codes of 50 random bits, `ABCDE-FGHJK`. */
export const newBackupCodes = (): readonly string[] =>
  Array.from({ length: COUNT }, () => {
    const digits = Array.from({ length: LENGTH }, () => DIGITS[randomInt(DIGITS.length)]).join('');
    return `${digits.slice(0, LENGTH / 2)}-${digits.slice(LENGTH / 2)}`;
  });

/** The code without dashes, in capitals, with what is easily misread set right; undefined when it has not the form of one. */
export const backupCodeOf = (text: string): string | undefined => {
  if (text.length > LONGEST) return undefined;
  const code = text.replaceAll('-', '').toUpperCase().replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  return FORM.test(code) ? code : undefined;
};

/** What is stored of a code; the key is the enrolment's own and stands encrypted beside it. */
export const digestOf = (key: Uint8Array, code: string): string =>
  createHmac('sha256', key)
    .update(backupCodeOf(code) ?? '')
    .digest('base64url');

/** Index of the stored digest of this code, or -1; always compares with all of them. */
export const indexOfDigest = (digests: readonly string[], digest: string): number => {
  const sought = Buffer.from(digest);
  let found = -1;
  for (const [index, each] of digests.entries()) {
    const stored = Buffer.from(each);
    if (stored.length === sought.length && timingSafeEqual(stored, sought)) found = index;
  }
  return found;
};
