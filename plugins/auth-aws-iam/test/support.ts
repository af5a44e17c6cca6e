import { Sha256 } from '@aws-crypto/sha256-js';
import { type FakeHost, fakeHost } from '@llm-proxy-auth/contract-tests';
import type { AuthRequest, AuthResult, AuthStrategy, Credential, UpstreamReply, UpstreamRequest } from '@llm-proxy-auth/plugin';
import { SignatureV4 } from '@smithy/signature-v4';
import { expect } from 'vitest';
import type { Config } from '../src/config.ts';
import plugin from '../src/index.ts';
import { type IdentityOptions, identityRequest, PREFIX, tokenOf } from '../src/token.ts';

export const START = Date.UTC(2026, 0, 1, 12);
export const GATEWAY = 'prod';
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}
export const KEYS: Keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

export interface Wanted extends Partial<IdentityOptions> {
  readonly keys?: Keys;
  readonly expiresIn?: number;
  /** Epoch ms. */
  readonly at?: number;
  readonly signingRegion?: string;
}
/** A token as the example makes it: presigned by the signer of AWS's SDK. */
export const makeToken = async (wanted: Wanted = {}): Promise<string> => {
  const { keys = KEYS, expiresIn = 900, at = START, region = 'us-east-1', gatewayId = GATEWAY, nonce, hostname } = wanted;
  const signer = new SignatureV4({ region: wanted.signingRegion ?? region, service: 'sts', credentials: keys, sha256: Sha256 });
  const request = identityRequest({ region, gatewayId, nonce, hostname });
  return tokenOf(await signer.presign(request, { expiresIn, signingDate: new Date(at) }));
};
/** A signed POST, as SDKs send it, in the JSON of Vault's login. */
export const makeSigned = async (wanted: Wanted & { readonly headers?: Record<string, string>; readonly body?: string } = {}): Promise<SignedParts> => {
  const { keys = KEYS, at = START, region = 'us-east-1', gatewayId = GATEWAY, nonce } = wanted;
  const { body = 'Action=GetCallerIdentity&Version=2011-06-15' } = wanted;
  const host = `sts.${region}.amazonaws.com`;
  const signer = new SignatureV4({ region, service: 'sts', credentials: keys, sha256: Sha256, applyChecksum: false });
  const headers = {
    host,
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    'content-length': String(body.length),
    'x-lpa-gateway-id': gatewayId,
    ...(nonce === undefined ? {} : { 'x-lpa-nonce': nonce }),
    ...wanted.headers,
  };
  const signed = await signer.sign({ method: 'POST', protocol: 'https:', hostname: host, path: '/', headers, body }, { signingDate: new Date(at) });
  return { method: 'POST', url: `https://${host}/`, body, headers: signed.headers };
};
export interface SignedParts {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}
const base64 = (text: string): string => Buffer.from(text).toString('base64');
export const rawToken = (inside: string): string => `${PREFIX}${Buffer.from(inside).toString('base64url')}`;
export const insideOf = (token: string): string => Buffer.from(token.slice(PREFIX.length).split('.')[0] ?? '', 'base64url').toString('utf8');
/** Under Vault's own names. */
export const vaultToken = ({ method, url, body, headers }: SignedParts): string =>
  rawToken(
    JSON.stringify({
      iam_http_request_method: method,
      iam_request_url: base64(url),
      iam_request_body: base64(body),
      iam_request_headers: base64(JSON.stringify(Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])))),
    }),
  );
export const shortToken = ({ method, url, body, headers }: SignedParts): string =>
  rawToken(JSON.stringify({ iam_http_request_method: method, url, body, headers }));

export const requestOf = (credential: Credential, address = '192.0.2.1'): AuthRequest => ({
  credential,
  method: 'POST',
  target: '/v1/chat/completions',
  url: '/v1/chat/completions',
  headers: [],
  rawHeaders: [],
  peer: { address, trusted: false, tls: true },
});
export const CONFIG: Config = {
  gatewayId: GATEWAY,
  regions: ['us-east-1'],
  allow: ['123456789012:role/app-*', '123456789012:user/example'],
  oneTime: false,
  insecureEndpoint: false,
};
export interface Made {
  readonly host: FakeHost;
  readonly strategy: AuthStrategy;
  /** `address`: of the caller. */
  ask(token: string, slot?: Credential['slot'], address?: string): Promise<AuthResult>;
}
type Answer = (request: UpstreamRequest) => UpstreamReply | Promise<UpstreamReply>;
export const make = async (config: Partial<Config> = {}, answer: Answer = () => callerOf()): Promise<Made> => {
  const host = fakeHost({ now: START, answer });
  const strategy = await plugin.auth?.['aws-iam']?.create({ ...CONFIG, ...config }, host);
  if (strategy === undefined) throw new Error('no strategy');
  return { host, strategy, ask: async (value, slot = 'bearer', address) => strategy.authenticate(requestOf({ slot, value }, address)) };
};

export const reply = (status: number, body: object | string, type = 'application/json'): UpstreamReply => ({
  status,
  headers: ['content-type', type],
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
/** What the token service says of somebody. */
export const callerOf = (
  arn = 'arn:aws:sts::123456789012:assumed-role/app-one/session-1',
  userId = 'AROAEXAMPLEROLEID0000:session-1',
  account = '123456789012',
): UpstreamReply =>
  reply(200, { GetCallerIdentityResponse: { GetCallerIdentityResult: { Account: account, Arn: arn, UserId: userId }, ResponseMetadata: { RequestId: 'r' } } });
export const refusalOf = (status: number, code: string): UpstreamReply =>
  reply(status, { Error: { Code: code, Message: 'm', Type: 'Sender' }, RequestId: 'r' });

/** The token is refused before anything is asked. */
export const deniedWithoutAsking = async (token: string, reason: string): Promise<void> => {
  const { ask, host } = await make();
  expect(await ask(token)).toEqual({ is: 'denied', reason });
  expect(host.fetched).toEqual([]);
};
