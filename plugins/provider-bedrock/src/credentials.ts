import { type CorrectedClock, type CredentialCache, credentialCache, GatewayError, type Host, type Secret } from '@llm-proxy-auth/plugin';
import { AssumeRoleError, assumeRole, type Role, type TokenService } from './assume-role.ts';
import type { Config } from './config.ts';
import { originOf } from './hosts.ts';
import type { AwsCredentials, SigV4 } from './sigv4.ts';

export interface Surroundings {
  readonly host: Host;
  readonly clock: CorrectedClock;
  readonly sign: SigV4;
  readonly random: () => number;
  /** Asks the chain of AWS; tests put their own in. */
  readonly chain: (region: string) => Promise<AwsCredentials>;
}
const unreadable = (secret: Secret, cause: unknown): GatewayError =>
  new GatewayError('upstream_credentials_unavailable', `The AWS credential (${secret.ref}) cannot be read; check where it comes from.`, { cause });
/** Text of a secret as it is now. */
export const secretText = (secret: Secret, host: Host): string | Promise<string> =>
  secret.peek() ?? host.secret(secret).catch((cause: unknown) => Promise.reject(unreadable(secret, cause)));

/** Keys of the configuration: one object as long as they stay the same, so that signing keys made of them are found again. */
const staticCredentials = (accessKeyId: string, secret: Secret, session: Secret | undefined, host: Host): CredentialCache<AwsCredentials> => {
  let last: AwsCredentials | undefined;
  const made = (secretAccessKey: string, sessionToken: string | undefined): AwsCredentials => {
    if (last?.secretAccessKey !== secretAccessKey || last.sessionToken !== sessionToken) last = { accessKeyId, secretAccessKey, sessionToken };
    return last;
  };
  return {
    get() {
      const key = secretText(secret, host);
      const token = session === undefined ? undefined : secretText(session, host);
      if (typeof key === 'string' && (token === undefined || typeof token === 'string')) return made(key, token);
      return Promise.all([key, token]).then(([k, t]) => made(k, t));
    },
    expires: () => undefined,
  };
};

/** Words of STS that say that the credential we asked with is no longer good. */
const OF_THE_ASKER: ReadonlySet<string> = new Set(['ExpiredToken', 'ExpiredTokenException', 'InvalidClientTokenId', 'UnrecognizedClientException']);
const roleOf = async (wanted: NonNullable<Config['credentials']['assumeRole']>, host: Host): Promise<Role> => ({
  arn: wanted.arn,
  externalId: wanted.externalId === undefined ? undefined : await secretText(wanted.externalId, host),
  sessionName: wanted.sessionName,
  tags: wanted.tags ?? {},
});

/** Where AWS credentials come from, kept and renewed. Bearer keys have no place here. */
export const awsCredentials = (config: Config, around: Surroundings): CredentialCache<AwsCredentials> => {
  const { region, credentials: chosen, endpoints } = config;
  const { host, clock, random } = around;
  const failed = (source: string) => (cause: unknown) =>
    host.log.warn({ source, error: cause instanceof Error ? `${cause.name}: ${cause.message}` : 'unknown' }, 'AWS credentials cannot be had');
  const { accessKeyId, secretAccessKey, sessionToken } = chosen;
  const base =
    chosen.type === 'static' && accessKeyId !== undefined && secretAccessKey !== undefined
      ? staticCredentials(accessKeyId, secretAccessKey, sessionToken, host)
      : credentialCache({ ask: () => around.chain(region), now: clock.now, random, failed: failed('chain'), vendor: 'AWS' });
  const wanted = chosen.assumeRole;
  if (wanted === undefined) return base;
  const sts: TokenService = { host, clock, sign: around.sign, region, origin: new URL(endpoints.sts ?? originOf('sts', { region, ...endpoints })).origin };
  const ask = async (): Promise<AwsCredentials> => {
    const role = await roleOf(wanted, host);
    try {
      return await assumeRole(role, await base.get(false), sts);
    } catch (error) {
      if (!(error instanceof AssumeRoleError) || !OF_THE_ASKER.has(error.code)) throw error;
      return assumeRole(role, await base.get(true), sts);
    }
  };
  return credentialCache({ ask, now: clock.now, random, failed: failed('assumeRole'), vendor: 'AWS' });
};
