import { verify } from 'node:crypto';
import { type Fields, isFields, textOf } from '../openai/check.ts';
import type { GoogleAccounts, GoogleServiceAccount } from './accounts.ts';
import { OauthRefusal } from './refusal.ts';

/** The user of an `authorized_user` file. */
export type GoogleUser = { readonly email: string; readonly clientId: string; readonly clientSecret: string; readonly refreshToken: string };
export type Granting = {
  readonly accounts: GoogleAccounts;
  readonly serviceAccounts?: readonly GoogleServiceAccount[];
  readonly users?: readonly GoogleUser[];
  readonly seconds?: number;
};
const AUDIENCE = 'https://oauth2.googleapis.com/token';
const invalidGrant = (description: string): OauthRefusal => new OauthRefusal(400, 'invalid_grant', description);

const part = (text: string | undefined): Fields => {
  try {
    const value: unknown = JSON.parse(Buffer.from(text ?? '', 'base64url').toString('utf8'));
    if (isFields(value)) return value;
  } catch {
    // Told below.
  }
  throw invalidGrant('Invalid JWT: Failed to parse the JWT.');
};
const isSigned = (assertion: string, accounts: readonly GoogleServiceAccount[], keyId: string): boolean => {
  const at = assertion.lastIndexOf('.');
  const signature = Buffer.from(assertion.slice(at + 1), 'base64url');
  const keys = keyId === '' ? accounts : accounts.filter((one) => one.keyId === keyId);
  return keys.some(({ publicKey }) => verify('RSA-SHA256', Buffer.from(assertion.slice(0, at)), publicKey, signature));
};
const SKEW_SECONDS = 300;
const checkTime = ({ iat, exp }: Fields, now: number): void => {
  const seconds = Math.floor(now / 1000);
  const good =
    typeof iat === 'number' && typeof exp === 'number' && iat <= seconds + SKEW_SECONDS && exp > seconds - SKEW_SECONDS && exp - iat <= 3600 && exp > iat;
  if (!good)
    throw invalidGrant(
      'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
    );
};

/** The account that signed its claims, or the refusal of them. */
const signer = (assertion: string, { accounts, serviceAccounts = [] }: Granting): string => {
  const pieces = assertion.split('.');
  if (pieces.length !== 3) throw invalidGrant('Invalid JWT: Failed to parse the JWT.');
  const head = part(pieces[0]);
  const claims = part(pieces[1]);
  if (head.alg !== 'RS256') throw invalidGrant('Invalid JWT Signature.');
  const own = serviceAccounts.filter(({ email }) => email === claims.iss);
  if (own.length === 0) throw invalidGrant('Invalid grant: account not found');
  if (!isSigned(assertion, own, textOf(head.kid))) throw invalidGrant('Invalid JWT Signature.');
  if (claims.aud !== AUDIENCE) throw invalidGrant(`Invalid JWT: Failed audience check. The right audience is ${AUDIENCE}`);
  checkTime(claims, accounts.now());
  if (textOf(claims.scope) === '') throw new OauthRefusal(400, 'invalid_scope', 'Invalid OAuth scope or ID token audience provided.');
  return textOf(claims.iss);
};
const refreshed = (form: URLSearchParams, { users = [] }: Granting): string => {
  const client = users.filter(({ clientId }) => clientId === form.get('client_id'));
  if (client.length === 0) throw new OauthRefusal(401, 'invalid_client', 'The OAuth client was not found.');
  if (!client.some(({ clientSecret }) => clientSecret === form.get('client_secret'))) throw new OauthRefusal(401, 'invalid_client', 'Unauthorized');
  const user = client.find(({ refreshToken }) => refreshToken === form.get('refresh_token'));
  if (user === undefined) throw invalidGrant('Token has been expired or revoked.');
  return user.email;
};

/** `POST oauth2.googleapis.com/token`. */
export const grant = (form: URLSearchParams, granting: Granting): Fields => {
  const type = form.get('grant_type');
  const { accounts, seconds = 3599 } = granting;
  if (type === 'urn:ietf:params:oauth:grant-type:jwt-bearer') {
    const { token } = accounts.issue(signer(form.get('assertion') ?? '', granting), seconds);
    return { access_token: token, expires_in: seconds, token_type: 'Bearer' };
  }
  if (type === 'refresh_token') {
    const { token } = accounts.issue(refreshed(form, granting), seconds);
    return { access_token: token, expires_in: seconds, scope: 'https://www.googleapis.com/auth/cloud-platform', token_type: 'Bearer' };
  }
  throw new OauthRefusal(400, 'unsupported_grant_type', `Invalid grant_type: ${type ?? ''}`);
};
