import { Buffer } from 'node:buffer';

/** What a token begins with. */
export const PREFIX = 'lpa-aws-v1.';
/** Header with the gateway's id, which must be signed. */
export const GATEWAY_HEADER = 'x-lpa-gateway-id';
/** Header with the nonce of a token that is taken once, which must be signed. */
export const NONCE_HEADER = 'x-lpa-nonce';

/** A request before and after it was presigned, as the signers of AWS's SDK for JavaScript take and give it. */
export interface IdentityRequest {
  readonly method: 'GET';
  readonly protocol: 'https:';
  readonly hostname: string;
  readonly path: '/';
  readonly query: Record<string, string>;
  readonly headers: Record<string, string>;
}
export interface IdentityOptions {
  /** Region whose token service is named; one of the gateway's `regions`. */
  readonly region: string;
  /** `gatewayId` of the gateway. */
  readonly gatewayId: string;
  /** For a gateway with `oneTime`: 16 to 128 characters of base64url that are never used again. */
  readonly nonce?: string | undefined;
  /** Another host of the token service: FIPS, dual-stack, another partition. */
  readonly hostname?: string | undefined;
}
/** GetCallerIdentity to be presigned (`expiresIn` up to 900 s), then given to `tokenOf`. */
export const identityRequest = ({ region, gatewayId, nonce, hostname = `sts.${region}.amazonaws.com` }: IdentityOptions): IdentityRequest => ({
  method: 'GET',
  protocol: 'https:',
  hostname,
  path: '/',
  query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
  headers: { host: hostname, [GATEWAY_HEADER]: gatewayId, ...(nonce === undefined ? {} : { [NONCE_HEADER]: nonce }) },
});

/** What a signer gives back; the query holds the signature. */
export interface Presigned {
  readonly hostname: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>> | undefined;
  readonly headers: Readonly<Record<string, string>>;
}
const encoded = (text: string): string => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
const base64url = (text: string): string => Buffer.from(text).toString('base64url');

/** The credential for the gateway, sent as API key (`Authorization: Bearer`), of a presigned request. */
export const tokenOf = ({ hostname, query = {}, headers }: Presigned): string => {
  const pairs = Object.entries(query).map(([name, value]) => `${encoded(name)}=${encoded(String(value))}`);
  const nonce = headers[NONCE_HEADER];
  return `${PREFIX}${base64url(`https://${hostname}/?${pairs.join('&')}`)}${nonce === undefined ? '' : `.${nonce}`}`;
};
