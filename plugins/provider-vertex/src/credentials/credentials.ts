import { type CredentialCache, credentialCache, GatewayError, type Host } from '@llm-proxy-auth/plugin';
import type { Config, CredentialKind } from '../config.ts';
import type { Place } from '../places.ts';
import type { askSource } from './chain.ts';
import type { AccessToken } from './token.ts';

/** Which kind an instance uses: what it says, else what is written beside it. Throws GatewayError `invalid_request` for what does not go together. */
export const kindOf = ({ credentials }: Pick<Config, 'credentials'>): CredentialKind => {
  const { type, key, token, serviceAccount, audience, subjectToken } = credentials;
  const kind = type ?? (key !== undefined ? 'service-account' : token === undefined || token.peek()?.trim() === '' ? 'default' : 'token');
  const need = (missing: boolean, what: string): void => {
    if (missing) throw new GatewayError('invalid_request', `credentials of type ${kind} need ${what}`);
  };
  need(kind === 'token' && token === undefined, 'token, or GOOGLE_OAUTH_ACCESS_TOKEN');
  need(kind === 'service-account' && key === undefined, 'key');
  need(kind === 'impersonation' && serviceAccount === undefined, 'serviceAccount');
  need(kind === 'workload-identity-federation' && (audience === undefined) !== (subjectToken === undefined), 'audience and subjectToken together, or a file');
  if (kind === 'default' && key !== undefined)
    throw new GatewayError('invalid_request', 'a key belongs to credentials of type service-account or impersonation');
  return kind;
};

export interface Surroundings {
  readonly host: Host;
  readonly moved: ReadonlyMap<string, Place>;
  readonly random: () => number;
  /** Asks the source; tests put their own in. */
  readonly ask: typeof askSource;
}
/** The kept token of an instance; access tokens of the configuration have no place here. */
export const googleCredentials = ({ credentials }: Config, kind: Exclude<CredentialKind, 'token'>, around: Surroundings): CredentialCache<AccessToken> => {
  const { host, moved, random } = around;
  return credentialCache<AccessToken>({
    ask: () => around.ask({ kind, credentials, moved, host }),
    now: () => host.now(),
    random,
    vendor: 'Google',
    failed: (cause) =>
      host.log.warn({ source: kind, error: cause instanceof Error ? `${cause.name}: ${cause.message}` : 'unknown' }, 'Google credentials cannot be had'),
  });
};
