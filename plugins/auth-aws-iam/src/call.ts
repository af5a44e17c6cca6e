import type { Bytes } from '@llm-proxy-auth/plugin';
import type { Endpoint } from './endpoints.ts';
import { refuse } from './refused.ts';
import { GATEWAY_HEADER, NONCE_HEADER } from './token.ts';

/** A question to the token service, made anew of values that were checked one by one. */
export interface SignedCall {
  readonly endpoint: Endpoint;
  readonly method: 'GET' | 'POST';
  /** With the query. */
  readonly path: string;
  /** Flat pairs beside those that the gateway sets itself: host, accept, gateway id and nonce. */
  readonly headers: readonly string[];
  readonly body: Bytes | undefined;
  readonly accessKeyId: string;
  readonly nonce: string | undefined;
  /** Epoch ms. */
  readonly ends: number;
}

const MINUTE = 60_000;
/** The token service takes a signature for so long. */
const LIFE = 15 * MINUTE;
const AHEAD = 5 * MINUTE;

/** Epoch ms of `20260101T120000Z`. */
const momentOf = (date: string): number => {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? refuse('date_malformed');
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const moment = Date.parse(iso);
  return Number.isNaN(moment) || new Date(moment).toISOString() !== iso ? refuse('date_malformed') : moment;
};
/** When a signature of this date ends; `seconds` is what its signer wanted, 0 when it said nothing. Throws Refused. */
export const endOf = (date: string, seconds: number, now: number): number => {
  const signed = momentOf(date);
  if (signed > now + AHEAD) refuse('date_in_future');
  const ends = signed + (seconds === 0 ? LIFE : seconds * 1000);
  return ends <= now ? refuse('expired') : ends;
};

const CREDENTIAL = /^([A-Z0-9]{16,128})\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/([a-z0-9_]+)$/;
/** The key id of a credential that is scoped to this host and day. Throws Refused. */
export const keyIdOf = (credential: string, { region }: Endpoint, date: string): string => {
  const [, keyId = '', day, scope, service, last] = CREDENTIAL.exec(credential) ?? refuse('credential_malformed');
  if (day !== date.slice(0, 8) || scope !== region || service !== 'sts' || last !== 'aws4_request') refuse('credential_scope');
  return keyId;
};

/** Which headers were signed. Throws Refused for one that the gateway will not send, and when host or gateway id is none of them. */
export const signedHeadersOf = (text: string, sendable: ReadonlySet<string>): ReadonlySet<string> => {
  const names = text.split(';');
  const signed = new Set(names);
  if (signed.size !== names.length) refuse('signed_headers_malformed');
  if (!signed.has('host') || !signed.has(GATEWAY_HEADER)) refuse('gateway_not_signed');
  for (const name of names) if (!sendable.has(name)) refuse('signed_header_unknown');
  return signed;
};
export const SIGNATURE = /^[0-9a-f]{64}$/;
export const SESSION_TOKEN = /^[A-Za-z0-9+/=]{16,4096}$/;

const NONCE = /^[A-Za-z0-9_-]{16,128}$/;
/** A nonce and its signature come together. Throws Refused. */
export const nonceOf = (nonce: string | undefined, signed: ReadonlySet<string>): string | undefined => {
  if ((nonce !== undefined) !== signed.has(NONCE_HEADER)) refuse('nonce_not_signed');
  if (nonce !== undefined && !NONCE.test(nonce)) refuse('nonce_malformed');
  return nonce;
};
