import { StsRefusal } from './sts-answer.ts';

/** Identity providers that the account knows: the issuer and the audiences it is registered with. */
export type OidcProviders = Readonly<Record<string, readonly string[]>>;

const refusal = (message: string): StsRefusal => new StsRefusal(400, 'InvalidIdentityToken', message);

const claimsOf = (token: string): Readonly<Record<string, unknown>> => {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    if (typeof claims === 'object' && claims !== null) return claims as Readonly<Record<string, unknown>>;
  } catch {
    // Said below.
  }
  throw refusal('The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)');
};

/** Whether the account knows who issued the token, and for whom it is. */
export const checkProvider = (token: string, providers: OidcProviders): void => {
  const { iss, aud } = claimsOf(token);
  const issuer = String(iss);
  const audiences = Object.hasOwn(providers, issuer) ? providers[issuer] : undefined;
  if (audiences === undefined) throw refusal(`No OpenIDConnect provider found in your account for ${issuer}`);
  const given = Array.isArray(aud) ? aud : [aud];
  if (!given.some((one) => audiences.includes(String(one)))) throw refusal('Incorrect token audience');
};

/** What is known of a token: when it ends in Unix milliseconds, and undefined of one that nobody signed. */
export const checkToken = (end: number | undefined, now: number): void => {
  if (end === undefined) {
    throw refusal("Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements");
  }
  if (end > now) return;
  const [current, last] = [Math.floor(now / 1000), Math.floor(end / 1000)];
  throw new StsRefusal(400, 'ExpiredTokenException', `Token expired: current date/time ${current} must be before the expiration date/time ${last}`);
};
