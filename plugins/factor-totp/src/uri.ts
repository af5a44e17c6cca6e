import { ScureBase32Plugin } from 'otplib';
import { PERIOD, type Shape } from './code.ts';

/** RFC 4648 without padding, as authenticator apps take it by hand. */
export const base32 = (bytes: Uint8Array): string => new ScureBase32Plugin().encode(bytes, { padding: false });

/** Key URI that authenticator apps read: https://github.com/google/google-authenticator/wiki/Key-Uri-Format */
export const uriOf = (secret: Uint8Array, { algorithm, digits }: Shape, issuer: string, account: string): string => {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  const shape = `algorithm=${algorithm.toUpperCase()}&digits=${digits}&period=${PERIOD}`;
  return `otpauth://totp/${label}?secret=${base32(secret)}&issuer=${encodeURIComponent(issuer)}&${shape}`;
};
