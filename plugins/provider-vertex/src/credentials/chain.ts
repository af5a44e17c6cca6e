import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Fields, Host, Secret } from '@llm-proxy-auth/plugin';
import type { AuthClient } from 'google-auth-library';
import type { Config, CredentialKind } from '../config.ts';
import type { Place } from '../places.ts';
import {
  clientFrom,
  federated,
  impersonated,
  impersonationOf,
  keyClient,
  type Making,
  type Source,
  secondsOf,
  sourceFrom,
  sourceOfFile,
  transporterOf,
} from './clients.ts';
import { CredentialFileError, parseCredential, readCredential, textOf } from './key-file.ts';
import { sourceOf } from './subject.ts';
import { type AccessToken, SCOPE } from './token.ts';
import { transportOf } from './transport.ts';

const PATIENCE_MS = 20_000;
/** A source that hangs must not hold calls for ever. */
const inTime = <T>(work: Promise<T>): Promise<T> => {
  const limit = AbortSignal.timeout(PATIENCE_MS);
  return Promise.race([
    work,
    new Promise<never>((_, reject) =>
      limit.addEventListener('abort', () => reject(new Error('the source of the credential did not answer in time')), { once: true }),
    ),
  ]);
};
export interface Asking {
  readonly kind: Exclude<CredentialKind, 'token'>;
  readonly credentials: Config['credentials'];
  readonly moved: ReadonlyMap<string, Place>;
  readonly host: Host;
}
/** Where `gcloud auth application-default login` leaves its file. */
const gcloudFile = (): string => join(homedir(), '.config', 'gcloud', 'application_default_credentials.json');

/** The account of the machine, pod or service that this runs on. */
const machine = async ({ library, transporter }: Making): Promise<AuthClient> => {
  const { gcpMetadata, Compute } = library;
  gcpMetadata.resetIsAvailableCache();
  if (!(gcpMetadata.getGCPResidency() || (await gcpMetadata.isAvailable())))
    throw new CredentialFileError('there is no credential file and no metadata server; name a file, a key or another type of credentials');
  return new Compute({ scopes: [SCOPE], transporter });
};
interface Found<T> {
  readonly from: T;
  readonly file: Fields | undefined;
}
/** The credential file that the configuration or GOOGLE_APPLICATION_CREDENTIALS names, else the one of gcloud's user. */
const fileOf = async (path: string | undefined): Promise<Fields | undefined> => {
  const file = await readCredential(path ?? gcloudFile());
  if (file === undefined && path !== undefined) throw new CredentialFileError(`there is no credential file ${path}`);
  return file;
};
const keyOf = async (key: Secret, host: Host): Promise<Fields> => parseCredential(await host.secret(key), 'the key of the service account');

/** The key where there is one, else application default credentials: a file, the user of gcloud, the metadata server. */
const own = async ({ credentials, host }: Asking, making: Making): Promise<Found<Source>> => {
  if (credentials.key !== undefined) {
    const key = await keyOf(credentials.key, host);
    return { from: sourceFrom(keyClient(key, making)), file: key };
  }
  const file = await fileOf(credentials.file);
  return { from: file === undefined ? sourceFrom(await machine(making)) : sourceOfFile(file, making), file };
};
const federation = async ({ credentials, host }: Asking, making: Making): Promise<Found<Source>> => {
  const { audience, subjectToken, subjectTokenType, serviceAccount, file: path } = credentials;
  if (audience === undefined || subjectToken === undefined) {
    const file = await fileOf(path);
    if (file?.type !== 'external_account') throw new CredentialFileError('there is no credential file of type external_account');
    return { from: sourceOfFile(file, making), file };
  }
  const source = await sourceOf(subjectToken, host);
  const impersonation = serviceAccount === undefined ? undefined : impersonationOf(serviceAccount);
  const client = federated({ audience, subjectTokenType, source, impersonation, tokenUrl: undefined, seconds: secondsOf(credentials) }, making);
  return { from: sourceFrom(client), file: undefined };
};
const acting = async ({ credentials, host }: Asking, making: Making): Promise<Found<Source>> => {
  const { serviceAccount, delegates = [], key, file: path } = credentials;
  if (serviceAccount === undefined) throw new CredentialFileError('credentials of type impersonation need serviceAccount');
  const file = key === undefined ? await fileOf(path) : await keyOf(key, host);
  const by = file === undefined ? await machine(making) : key === undefined ? clientFrom(file, making) : keyClient(file, making);
  return { from: impersonated(by, { email: serviceAccount, delegates, seconds: secondsOf(credentials) }, making), file };
};
const SOURCES: Readonly<Record<Asking['kind'], (asking: Asking, making: Making) => Promise<Found<Source>>>> = Object.freeze({
  default: own,
  'service-account': own,
  'workload-identity-federation': federation,
  impersonation: acting,
});

const ABOUT_TIME = /reasonable timeframe|iat and exp values|not yet valid|used too (?:early|late)/i;
/** How far ahead the answer said Google is, where it refused our time. */
const aheadIn = (cause: unknown, clock: ReturnType<ReturnType<typeof transportOf>['clock']>): number | undefined =>
  cause instanceof Error && ABOUT_TIME.test(cause.message) && clock !== undefined ? clock.theirs - clock.ours : undefined;

const askOnce = async (asking: Asking, ahead: number): Promise<{ readonly token: AccessToken } | { readonly ahead: number }> => {
  const library = await import('google-auth-library');
  const { host } = asking;
  const transport = transportOf(host, asking.moved);
  const making: Making = {
    library,
    transporter: transporterOf(library, transport),
    host,
    aws: asking.credentials.aws,
    seconds: () => Math.floor((host.now() + ahead) / 1000),
  };
  const { from, file } = await SOURCES[asking.kind](asking, making);
  try {
    const { token, end } = await from.getAccessToken();
    if (token === undefined || token === '') throw new Error('the source answered without a token');
    // The library counts by the machine's clock; what is left of the token's life holds for ours.
    const expiration = end === undefined ? undefined : host.now() + (end - Date.now());
    return { token: { token, expiration, quotaProject: file === undefined ? undefined : textOf(file, 'quota_project_id') } };
  } catch (cause) {
    const found = aheadIn(cause, transport.clock());
    if (found === undefined) throw cause;
    return { ahead: found };
  }
};
/**
 * Asks the source of an instance's credentials, once, through Google's own library. A new client each time: what to keep, and for how long, is
 * for our cache to say. A clock that the token service refuses is corrected by what it says, once.
 */
export const askSource = (asking: Asking): Promise<AccessToken> => {
  const work = async (): Promise<AccessToken> => {
    const first = await askOnce(asking, 0);
    if ('token' in first) return first.token;
    const second = await askOnce(asking, first.ahead);
    if ('token' in second) return second.token;
    throw new Error('the token service refuses our time');
  };
  return inTime(work());
};
