import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';

/** An access token that was given out, and to whom. */
export type GoogleToken = {
  readonly token: string;
  readonly email: string;
  /** Unix milliseconds. */
  readonly expiresAt: number;
};

/** Who got access tokens; one clock for the services of a test. */
export type GoogleAccounts = {
  /** Unix milliseconds. */
  now(): number;
  issue(email: string, seconds?: number): GoogleToken;
  /** The token while it lives and was not taken back. */
  find(token: string): GoogleToken | undefined;
  /** True for a token that was good once. */
  isEnded(token: string): boolean;
  revoke(token: string): void;
  readonly issued: readonly GoogleToken[];
};
export type GoogleAccountsOptions = {
  readonly now?: () => number;
  /** Tokens that are good from the start, by account, for ever. */
  readonly known?: Readonly<Record<string, string>>;
};

/** As the real ones look: opaque, with this beginning. */
const makeToken = (): string => `ya29.c.${randomBytes(48).toString('base64url')}`;

export const googleAccounts = ({ now = Date.now, known = {} }: GoogleAccountsOptions = {}): GoogleAccounts => {
  const tokens = new Map<string, GoogleToken>(Object.entries(known).map(([token, email]) => [token, { token, email, expiresAt: Number.POSITIVE_INFINITY }]));
  const revoked = new Set<string>();
  return {
    now,
    issue: (email, seconds = 3600) => {
      const made = { token: makeToken(), email, expiresAt: now() + seconds * 1000 };
      tokens.set(made.token, made);
      return made;
    },
    find: (token) => {
      const found = tokens.get(token);
      return found === undefined || found.expiresAt <= now() || revoked.has(token) ? undefined : found;
    },
    isEnded: (token) => tokens.has(token) && (revoked.has(token) || (tokens.get(token)?.expiresAt ?? 0) <= now()),
    revoke: (token) => void revoked.add(token),
    get issued() {
      return [...tokens.values()];
    },
  };
};

/** A service account with a key of its own. */
export type GoogleServiceAccount = {
  readonly email: string;
  readonly keyId: string;
  /** PEM. */
  readonly publicKey: string;
  /** The JSON that the console gives out for a new key. */
  readonly keyJson: string;
};
export const googleServiceAccount = (email = 'gateway@my-project.iam.gserviceaccount.com'): GoogleServiceAccount => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const keyId = createHash('sha1').update(publicKey).digest('hex');
  const json = {
    type: 'service_account',
    project_id: 'my-project',
    private_key_id: keyId,
    private_key: privateKey,
    client_email: email,
    client_id: '100000000000000000000',
    auth_uri: 'https://accounts.google.com/o/oauth2/auth',
    token_uri: 'https://oauth2.googleapis.com/token',
    universe_domain: 'googleapis.com',
  };
  return { email, keyId, publicKey, keyJson: JSON.stringify(json, undefined, 2) };
};
