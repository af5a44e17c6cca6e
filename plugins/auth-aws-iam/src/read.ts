import { Buffer, isUtf8 } from 'node:buffer';
import type { SignedCall } from './call.ts';
import { type Reading, readPresigned } from './presigned.ts';
import { refuse } from './refused.ts';
import { readSigned } from './signed.ts';
import { PREFIX } from './token.ts';

/** Bytes of a whole token. */
const LONGEST = 4096;

const decoded = (text: string): string => {
  const bytes = Buffer.from(text, 'base64url');
  // Other texts with the same bytes are no tokens: each token has one form.
  if (text === '' || bytes.toString('base64url') !== text) return refuse('base64_malformed');
  return isUtf8(bytes) ? bytes.toString('utf8') : refuse('utf8_malformed');
};
/** What a token asks of the token service; the token begins with `PREFIX`. Nothing is asked yet. Throws Refused. */
export const readToken = (token: string, gatewayId: string, reading: Reading): SignedCall => {
  if (token.length > LONGEST) refuse('too_long');
  const [text = '', nonce, ...more] = token.slice(PREFIX.length).split('.');
  if (more.length > 0) refuse('parts');
  const inside = decoded(text);
  if (!inside.startsWith('{')) return readPresigned(inside, nonce, reading);
  return nonce === undefined ? readSigned(inside, gatewayId, reading) : refuse('parts');
};
