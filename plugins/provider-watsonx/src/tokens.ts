import { some } from '@llm-proxy-auth/plugin';
import type { Config } from './config.ts';

/** A bearer token and when it ends (epoch ms). */
export interface Token {
  readonly value: string;
  readonly expiration?: number | undefined;
}
/** What signs in: secrets as they are now. */
export interface SignIn {
  readonly credentials: Config['credentials'];
  /** Cluster of Cloud Pak for Data. */
  readonly cluster: string;
  readonly apiKey: string | undefined;
  readonly password: string | undefined;
}
export type AskToken = (kind: 'apikey' | 'trusted-profile' | 'cp4d', signIn: SignIn) => Promise<string>;

const PATIENCE_MS = 20_000;
/** A service that hangs must not hold calls for ever. */
const inTime = <T>(work: Promise<T>): Promise<T> => {
  const limit = AbortSignal.timeout(PATIENCE_MS);
  return Promise.race([
    work,
    new Promise<never>((_, reject) => limit.addEventListener('abort', () => reject(new Error('the token service did not answer in time')), { once: true })),
  ]);
};

/** Its library sends with axios, which repeats a request and the secret in its body wherever a redirect points. */
const NOWHERE_ELSE = Object.freeze({ maxRedirects: 0 });
const managerOf = async (kind: Parameters<AskToken>[0], { credentials, cluster, apiKey, password }: SignIn): Promise<{ getToken(): Promise<unknown> }> => {
  const { Cp4dTokenManager, ContainerTokenManager, IamTokenManager, VpcInstanceTokenManager } = await import('ibm-cloud-sdk-core');
  const { iamUrl: url, profile = {}, source, tokenFile, metadataUrl, username = '' } = credentials;
  if (kind === 'apikey') return new IamTokenManager({ ...NOWHERE_ELSE, apikey: apiKey ?? '', url });
  if (kind === 'cp4d')
    return new Cp4dTokenManager({ ...NOWHERE_ELSE, url: `${cluster}/icp4d-api`, username, ...some('apikey', apiKey), ...some('password', password) });
  if (source === 'vpc')
    return new VpcInstanceTokenManager({
      ...NOWHERE_ELSE,
      ...some('url', metadataUrl),
      ...some('iamProfileId', profile.id),
      ...some('iamProfileCrn', profile.crn),
      ...some('iamProfileName', profile.name),
    });
  return new ContainerTokenManager({
    ...NOWHERE_ELSE,
    url,
    ...some('crTokenFilename', tokenFile),
    ...some('iamProfileId', profile.id),
    ...some('iamProfileName', profile.name),
  });
};
/** IBM's own way of getting a token, asked once: what to keep, and for how long, is for our cache to say. */
export const askToken: AskToken = async (kind, signIn) => {
  const token: unknown = await inTime(managerOf(kind, signIn).then((manager) => manager.getToken()));
  if (typeof token !== 'string' || token === '') throw new Error('the token service answered without a token');
  return token;
};

const claimsOf = (token: string): { readonly iat?: unknown; readonly exp?: unknown } => {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return typeof claims === 'object' && claims !== null ? claims : {};
  } catch {
    return {};
  }
};
/** Tokens are not used in their last moments: a call may take a while to arrive. */
const MARGIN_MS = 10_000;
/**
 * When a token ends by our clock. Its own times are of IBM's clock: the life between them counts from now, and its end only where
 * ours is not so far ahead that it lies in the past.
 */
export const endOf = (token: string, now: number): number | undefined => {
  const { iat, exp } = claimsOf(token);
  if (typeof iat !== 'number' || typeof exp !== 'number' || exp <= iat) return undefined;
  const byLife = now + (exp - iat) * 1_000;
  const said = exp * 1_000;
  return (said > now ? Math.min(said, byLife) : byLife) - MARGIN_MS;
};
