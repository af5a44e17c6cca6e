import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { configurationOf, type FakeHost, fakeHost } from '@llm-proxy-auth/contract-tests';
import type { AuthResult, AuthStrategy, UpstreamReply, UpstreamRequest } from '@llm-proxy-auth/plugin';
import { CompactSign } from 'jose';
import plugin from '../src/index.ts';

export const ISSUER = 'https://idp.example/tenant';
export const AUDIENCE = 'llm-gateway';
/** Where the clock of a fake host starts, s. */
export const START = Date.UTC(2026, 0, 1) / 1000;

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Public half, as an issuer shows it. */
  readonly jwk: Record<string, unknown>;
}
const pairOf = (alg: string) => {
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519');
  if (alg.startsWith('ES')) return generateKeyPairSync('ec', { namedCurve: { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }[alg] ?? 'P-256' });
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
};
export const signingKey = (kid: string, alg = 'ES256'): SigningKey => {
  const { publicKey, privateKey } = pairOf(alg);
  return { kid, alg, publicKey, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } };
};
export const claimsOf = (more: object = {}): Record<string, unknown> => ({
  iss: ISSUER,
  sub: 'alice',
  aud: AUDIENCE,
  exp: START + 3600,
  iat: START,
  ...more,
});
export const signed = (key: Pick<SigningKey, 'kid' | 'alg' | 'privateKey'>, claims: object, header: object = {}): Promise<string> =>
  new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey);
/** Any header and claims, with a signature of its own making. */
export const forged = (header: object | string, claims: object, signature: (input: string) => Uint8Array = () => Buffer.from('sig')): string => {
  const b64 = (value: object | string): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const input = `${b64(header)}.${b64(claims)}`;
  return `${input}.${Buffer.from(signature(input)).toString('base64url')}`;
};

export const json = (body: unknown, status = 200): UpstreamReply => ({
  status,
  headers: ['content-type', 'application/json'],
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
export interface World {
  readonly host: FakeHost;
  readonly strategy: AuthStrategy;
  /** URLs asked for so far. */
  readonly asked: () => readonly string[];
  /** `address`: of the caller. */
  readonly ask: (token: string, address?: string) => Promise<AuthResult>;
  /** `principal`, or why not: `denied signature`. */
  readonly is: (token: string, address?: string) => Promise<string>;
}
export type Answers = Record<string, (request: UpstreamRequest) => UpstreamReply | Promise<UpstreamReply>>;

/** The answers of an issuer with these keys. */
export const answersOf = (keys: () => readonly Pick<SigningKey, 'jwk'>[], issuer = ISSUER): Answers => ({
  [`${issuer}/.well-known/openid-configuration`]: () => json({ issuer, jwks_uri: `${issuer}/jwks` }),
  [`${issuer}/jwks`]: () => json({ keys: keys().map((key) => key.jwk) }),
});
export const world = async (answers: Answers, ...issuers: readonly object[]): Promise<World> => {
  const host = fakeHost({ answer: (request) => answers[request.origin + request.path]?.(request) ?? json({ error: 'not_found' }, 404) });
  const factory = plugin.auth?.oidc;
  if (factory === undefined) throw new Error('no strategy');
  const item = (factory.config as unknown as { properties: { issuers: { items: object } } }).properties.issuers.items;
  const written = issuers.length > 0 ? issuers : [{}];
  const config = { issuers: written.map((one) => configurationOf(item, { name: 'corp', issuer: ISSUER, audience: AUDIENCE, ...one })) };
  const strategy = await factory.create(config, host);
  const ask = async (value: string, address = '192.0.2.1'): Promise<AuthResult> =>
    await strategy.authenticate({
      credential: { slot: 'bearer', value },
      method: 'POST',
      target: '/v1/chat/completions',
      url: '/v1/chat/completions',
      headers: [],
      rawHeaders: [],
      peer: { address, trusted: false, tls: true },
    });
  return {
    host,
    strategy,
    ask,
    asked: () => host.fetched.map(({ request }) => request.origin + request.path),
    is: async (...shown) => {
      const result = await ask(...shown);
      return 'reason' in result ? `${result.is} ${result.reason}` : result.is;
    },
  };
};
export const opaque = (): string => randomUUID();
