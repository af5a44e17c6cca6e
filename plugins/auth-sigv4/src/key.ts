import { randomInt } from 'node:crypto';
import type { HmacKey, Host } from '@llm-proxy-auth/plugin';
import type { PairKind, PairRecord } from '@llm-proxy-auth/plugin/issued';
import { type Scope, signingKey } from '@llm-proxy-auth/plugin/sigv4';

/** Signs for one day, region and service. */
export interface PairKey {
  forDay(day: string, scope: Scope): HmacKey;
}
const MOST = 50;
export const pairKey = (secret: string): PairKey => {
  const known = new Map<string, HmacKey>();
  return {
    forDay: (day, scope) => {
      const name = `${day}/${scope.region}/${scope.service}`;
      const found = known.get(name);
      if (found !== undefined) return found;
      const made = signingKey(secret, day, scope);
      if (known.size >= MOST) known.clear();
      known.set(name, made);
      return made;
    },
  };
};

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** As long as a secret access key of AWS: 40 base62 digits, 238 random bits. */
export const newSecret = (): string => Array.from({ length: 40 }, () => DIGITS[randomInt(DIGITS.length)]).join('');

/** Moved to another row, the encrypted secret cannot be opened. */
export const placeOf = (id: string): string => `signing-keys/${id}`;
const open = ({ id, material }: PairRecord, { encryption }: Host): PairKey | undefined => {
  const secret = encryption?.decrypt(placeOf(id), material);
  return secret === undefined ? undefined : pairKey(Buffer.from(secret).toString('utf8'));
};
export const kind: PairKind<PairKey> = { strategy: 'sigv4', caller: 'awskey', what: 'signing keys', open };
