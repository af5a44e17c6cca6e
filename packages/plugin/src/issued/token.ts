import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID = 12;
const SECRET = 43;
const STEM = 21;
const CHECKSUM = 6;
/** Bytes from here on would make some digits likelier than others. */
const FAIR = 256 - (256 % DIGITS.length);

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

/** How a bearer token of ours is written. */
export interface TokenForm {
  readonly prefix: string;
  /** A token, shown once and stored never; with `id` another one of the same id, with `stem` one whose secret begins alike. */
  make(id?: string, stem?: string): { readonly id: string; readonly token: string };
  /** Id of a well-formed token. The checksum keeps typing errors and noise from the store; it proves nothing about the secret. */
  idOf(token: string): string | undefined;
  /** First half of the secret of a well-formed token, 125 random bits; what follows has 131. */
  stemOf(token: string): string;
}
/** `<prefix><12 id>_<43 secret><6 checksum>` in base62, 256 random bits in the secret. */
export const tokenForm = (prefix: string): TokenForm => {
  const form = new RegExp(`^${prefix}([0-9A-Za-z]{${ID}})_[0-9A-Za-z]{${SECRET + CHECKSUM}}$`);
  return Object.freeze<TokenForm>({
    prefix,
    make(id = randomDigits(ID), stem = '') {
      const body = `${prefix}${id}_${stem}${randomDigits(SECRET - stem.length)}`;
      return { id, token: body + checksum(body) };
    },
    stemOf: (token) => token.slice(prefix.length + ID + 1).slice(0, STEM),
    idOf(token) {
      const id = form.exec(token)?.[1];
      return id !== undefined && checksum(token.slice(0, -CHECKSUM)) === token.slice(-CHECKSUM) ? id : undefined;
    },
  });
};
