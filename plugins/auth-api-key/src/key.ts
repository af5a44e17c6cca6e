import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID = 12;
const SECRET = 43;
const CHECKSUM = 6;
/** Bytes from here on would make some digits likelier than others. */
const FAIR = 256 - (256 % DIGITS.length);
const FORM = new RegExp(`^lpa_([0-9A-Za-z]{${ID}})_[0-9A-Za-z]{${SECRET + CHECKSUM}}$`);

/** What every key of ours begins with; sessions begin with `lpas_`. */
export const PREFIX = 'lpa_';

const randomDigits = (count: number): string => {
  let digits = '';
  while (digits.length < count) {
    for (const byte of randomBytes(count)) if (byte < FAIR && digits.length < count) digits += DIGITS[byte % DIGITS.length];
  }
  return digits;
};

/** Six base62 digits of the CRC-32 of `text`. */
export const checksum = (text: string): string => {
  let rest = crc32(text);
  let digits = '';
  for (let i = 0; i < CHECKSUM; i++) {
    digits = `${DIGITS[rest % DIGITS.length]}${digits}`;
    rest = Math.floor(rest / DIGITS.length);
  }
  return digits;
};

export interface NewKey {
  readonly id: string;
  /** The whole key, shown once and stored never. */
  readonly key: string;
}
/** `lpa_<12 id>_<43 secret><6 checksum>`, 256 random bits in the secret. */
export const newKey = (): NewKey => {
  const id = randomDigits(ID);
  const body = `${PREFIX}${id}_${randomDigits(SECRET)}`;
  return { id, key: body + checksum(body) };
};

/** Id of a well-formed key. The checksum keeps typing errors and noise from the store; it proves nothing about the secret. */
export const idOf = (key: string): string | undefined => {
  const id = FORM.exec(key)?.[1];
  if (id === undefined) return undefined;
  return checksum(key.slice(0, -CHECKSUM)) === key.slice(-CHECKSUM) ? id : undefined;
};
