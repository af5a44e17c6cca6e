import { createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject, randomUUID, sign, verify } from 'node:crypto';

/** An application of the tenant. */
export type AzureApplication = {
  readonly clientId: string;
  readonly secret?: string;
  /** Tokens of other issuers that it accepts in place of a secret: workload identity. */
  readonly federated?: readonly { readonly issuer: string; readonly subject: string; readonly key: KeyObject }[];
};
export type AzureTenantOptions = {
  /** `00000000-0000-0000-0000-000000000001` if absent. */
  readonly id?: string;
  /** Unix milliseconds; Date.now if absent. */
  readonly now?: () => number;
  readonly applications?: readonly AzureApplication[];
  /** Client ids of user-assigned managed identities, beside the system-assigned one. */
  readonly identities?: readonly string[];
  /** Seconds that tokens live; 3599 if absent. */
  readonly seconds?: number;
};
export type AzureToken = { readonly token: string /** Unix seconds. */; readonly issuedAt: number; readonly expiresAt: number };
export type TokenFault = 'malformed' | 'signature' | 'issuer' | 'audience' | 'expired' | 'early' | 'revoked';

/** What Entra ID knows of one tenant: applications, identities and the tokens it gave. */
export type AzureTenant = {
  readonly id: string;
  readonly issuer: string;
  readonly seconds: number;
  now(): number;
  readonly applications: readonly AzureApplication[];
  readonly identities: readonly string[];
  /** Public keys as the discovery document names them. */
  keys(): JsonWebKey[];
  issue(audience: string, subject: string): AzureToken;
  /** Every token given up to now is refused from now on. */
  revoke(): void;
  /** Why a token is no good; undefined when it is. */
  fault(token: string, audiences: readonly string[]): TokenFault | undefined;
};

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
/** A JWT signed with RS256. */
export const signedToken = (key: KeyObject, claims: object, kid: string): string => {
  const text = `${encoded({ typ: 'JWT', alg: 'RS256', kid })}.${encoded(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
};
export type Claims = Readonly<Record<string, unknown>>;
/** The claims of a JWT whose RS256 signature fits the key; the text of the fault otherwise. */
export const verifiedClaims = (token: string, key: KeyObject): Claims | 'malformed' | 'signature' => {
  const [head = '', body = '', signature = '', ...rest] = token.split('.');
  try {
    const { alg } = JSON.parse(Buffer.from(head, 'base64url').toString('utf8')) as { alg?: unknown };
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as Claims;
    if (rest.length > 0 || alg !== 'RS256' || typeof claims !== 'object' || claims === null) return 'malformed';
    return verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url')) ? claims : 'signature';
  } catch {
    return 'malformed';
  }
};
const kid = 'simulated-signing-key';
// One pair for all tenants: making one takes longer than many tests.
let pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } | undefined;
const keyPair = () => {
  pair ??= generateKeyPairSync('rsa', { modulusLength: 2048 });
  return pair;
};

/** A tenant with one managed identity of the system, and what the options name. */
export const azureTenant = (options: AzureTenantOptions = {}): AzureTenant => {
  const { id = '00000000-0000-0000-0000-000000000001', now = Date.now, applications = [], identities = [], seconds = 3599 } = options;
  const { publicKey, privateKey } = keyPair();
  const issuer = `https://sts.windows.net/${id}/`;
  const good = new Set<string>();
  return {
    id,
    issuer,
    seconds,
    now,
    applications,
    identities,
    keys: () => [{ ...createPublicKey(publicKey).export({ format: 'jwk' }), kid, use: 'sig' } as JsonWebKey],
    issue: (audience, subject) => {
      const issuedAt = Math.floor(now() / 1000);
      const jti = randomUUID();
      good.add(jti);
      const claims = {
        aud: audience,
        iss: issuer,
        iat: issuedAt,
        nbf: issuedAt,
        exp: issuedAt + seconds,
        appid: subject,
        oid: subject,
        sub: subject,
        tid: id,
        jti,
      };
      return { token: signedToken(privateKey, claims, kid), issuedAt, expiresAt: issuedAt + seconds };
    },
    revoke: () => good.clear(),
    fault: (token, audiences) => {
      const claims = verifiedClaims(token, publicKey);
      if (typeof claims === 'string') return claims;
      const at = now() / 1000;
      if (claims.iss !== issuer) return 'issuer';
      if (!audiences.includes(String(claims.aud).replace(/\/$/, ''))) return 'audience';
      if (Number(claims.exp) <= at) return 'expired';
      // Entra ID allows five minutes of skew.
      if (Number(claims.nbf) > at + 300) return 'early';
      return good.has(String(claims.jti)) ? undefined : 'revoked';
    },
  };
};
