import { type CorrectedClock, type CredentialCache, credentialCache, GatewayError, type Host, isObject, type Secret } from '@llm-proxy-auth/plugin';
import type { Config } from '../config.ts';
import { credentialOf, readProfile } from './config-file.ts';
import { readKey } from './key.ts';
import { type AskPrincipal, instancePrincipal, okeWorkload, resourcePrincipal } from './principals.ts';
import type { OciCredential } from './signature.ts';

type Credentials = Config['credentials'];
export type Kind = NonNullable<Credentials['type']>;
type Principal = Exclude<Kind, 'api-key' | 'config-file'>;
/** How each principal is asked; tests put their own in. */
export type Principals = Readonly<Record<Principal, (settings: Credentials) => AskPrincipal>>;
export const PRINCIPALS: Principals = Object.freeze({
  'instance-principal': ({ metadataUrl, federationUrl }) => instancePrincipal({ metadataUrl, federationUrl }),
  'resource-principal': () => resourcePrincipal(),
  'oke-workload': ({ serviceAccountCa, serviceAccountToken }) => okeWorkload({ caPath: serviceAccountCa, tokenPath: serviceAccountToken }),
});
const isPrincipal = (kind: string): kind is Principal => Object.hasOwn(PRINCIPALS, kind);

/** What the settings say, else a key where everything of one is there, else the configuration file. Throws GatewayError `invalid_request`. */
export const kindOf = (settings: Credentials): Kind => {
  const { type, tenancy, user, fingerprint, privateKey, keyFile } = settings;
  const whole = tenancy !== undefined && user !== undefined && fingerprint !== undefined && (privateKey ?? keyFile) !== undefined;
  if (type === 'api-key' && !whole)
    throw new GatewayError('invalid_request', 'credentials of type api-key need tenancy, user, fingerprint and privateKey or keyFile');
  return type ?? (whole ? 'api-key' : 'config-file');
};

const secretText = async (secret: Secret, host: Host): Promise<string> => secret.peek() ?? (await host.secret(secret));
/** Key and passphrase of the configuration, parsed once as long as they stay the same. */
const ownKey = (settings: Credentials, host: Host): CredentialCache<OciCredential> => {
  const { tenancy, user, fingerprint, privateKey, keyFile, passphrase } = settings;
  const secret = privateKey ?? keyFile;
  if (secret === undefined) throw new GatewayError('invalid_request', 'credentials of type api-key need privateKey or keyFile');
  const keyId = `${tenancy}/${user}/${fingerprint}`;
  let last: { readonly text: string; readonly phrase: string | undefined; readonly credential: OciCredential } | undefined;
  const made = (text: string, phrase: string | undefined): OciCredential => {
    if (last?.text !== text || last.phrase !== phrase) last = { text, phrase, credential: { keyId, key: readKey(text, phrase) } };
    return last.credential;
  };
  const unreadable = (cause: unknown): GatewayError =>
    new GatewayError('upstream_credentials_unavailable', `The key of OCI (${secret.ref}) cannot be read; check where it comes from and its passphrase.`, {
      cause,
    });
  return {
    get() {
      const [text, phrase] = [secret.peek(), passphrase?.peek()];
      if (last !== undefined && last.text === text && last.phrase === phrase) return last.credential;
      const read = async (): Promise<OciCredential> =>
        made(await secretText(secret, host), passphrase === undefined ? undefined : await secretText(passphrase, host));
      return read().catch((cause: unknown) => Promise.reject(unreadable(cause)));
    },
    expires: () => undefined,
  };
};

export interface Surroundings {
  readonly host: Host;
  readonly clock: CorrectedClock;
  readonly random: () => number;
  readonly principals: Principals;
}
/** The vendor's library throws objects, too, that are no errors but have a message. */
const told = (cause: unknown): string => {
  if (cause instanceof Error) return `${cause.name}: ${cause.message}`;
  return isObject(cause) && typeof cause.message === 'string' ? cause.message : 'unknown';
};
const asked = (kind: Exclude<Kind, 'api-key'>, settings: Credentials, principals: Principals): AskPrincipal => {
  if (isPrincipal(kind)) return principals[kind](settings);
  return async () => {
    const profile = await readProfile(settings.file, settings.profile);
    const other = profile.authentication_type?.replaceAll('_', '-');
    if (other !== undefined && isPrincipal(other)) return principals[other](settings)();
    return credentialOf(profile);
  };
};
/** Where the credential of an instance comes from, kept and renewed. */
export const ociCredentials = (settings: Credentials, kind: Kind, { host, clock, random, principals }: Surroundings): CredentialCache<OciCredential> => {
  if (kind === 'api-key') return ownKey(settings, host);
  return credentialCache({
    ask: asked(kind, settings, principals),
    now: clock.now,
    random,
    vendor: 'OCI',
    failed: (cause) => host.log.warn({ source: kind, error: told(cause) }, 'OCI credentials cannot be had'),
  });
};
