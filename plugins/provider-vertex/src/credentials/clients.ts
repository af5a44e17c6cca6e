import type { Fields, Host } from '@llm-proxy-auth/plugin';
import { isObject } from '@llm-proxy-auth/plugin';
import type { AuthClient } from 'google-auth-library';
import type { Config } from '../config.ts';
import { type AwsSource, awsSourceIn, awsSupplier } from './aws.ts';
import { CredentialFileError, required, textOf } from './key-file.ts';
import { type SubjectSource, sourceIn, subjectToken } from './subject.ts';
import { SCOPE } from './token.ts';
import { REQUEST_MS, type Transport } from './transport.ts';

type Library = typeof import('google-auth-library');
export type Transporter = InstanceType<Library['gaxios']['Gaxios']>;
/** What a client of the library needs of its surroundings. */
export interface Making {
  readonly library: Library;
  readonly transporter: Transporter;
  readonly host: Host;
  /** Region and keys of an identity of AWS that the configuration says. */
  readonly aws: Config['credentials']['aws'];
  /** Seconds since 1970 as Google sees them, for the claims that are signed. */
  readonly seconds: () => number;
}
/** Where tokens come from; one is asked for each time. */
export interface Source {
  /** `end` in epoch ms of the machine's clock. */
  getAccessToken(): Promise<{ readonly token: string | undefined; readonly end: number | undefined }>;
}
/** Requests of the library go through the host, once: repeating is for our cache to say. */
export const transporterOf = (library: Library, { fetch }: Transport): Transporter =>
  new library.gaxios.Gaxios({ fetchImplementation: fetch, timeout: REQUEST_MS, retry: false, retryConfig: { retry: 0, noResponseRetries: 0 } });

const UNIVERSE = 'googleapis.com';
const checkUniverse = (credential: Fields): void => {
  const universe = textOf(credential, 'universe_domain');
  if (universe !== undefined && universe !== UNIVERSE) throw new CredentialFileError(`credentials of the universe ${universe} are not supported`);
};

const LIFE_SECONDS = 3_600;
/** A service account; its claims carry Google's time, so that a clock that is wrong does no harm. */
const serviceAccount = (credential: Fields, { library, transporter, seconds }: Making): AuthClient => {
  const what = 'the key of the service account';
  const now = seconds();
  return new library.JWT({
    email: required(credential, 'client_email', what),
    key: required(credential, 'private_key', what),
    scopes: [SCOPE],
    additionalClaims: { iat: now, exp: now + LIFE_SECONDS },
    transporter,
  });
};
/** The user of `gcloud auth application-default login`. */
const user = (credential: Fields, { library, transporter }: Making): AuthClient => {
  const what = 'the credential of the user';
  return new library.UserRefreshClient({
    clientId: required(credential, 'client_id', what),
    clientSecret: required(credential, 'client_secret', what),
    refreshToken: required(credential, 'refresh_token', what),
    transporter,
  });
};

/** The library makes the transport of the token exchange itself, whatever it is given. */
const bound = (client: AuthClient, transporter: Transporter): AuthClient => {
  const exchange: unknown = Reflect.get(client, 'stsCredential');
  if (!isObject(exchange) || !Reflect.set(exchange, 'transporter', transporter)) throw new Error('the token exchange of google-auth-library has another form');
  return client;
};
export interface Federation {
  readonly audience: string;
  readonly subjectTokenType: string;
  readonly source: SubjectSource | { readonly aws: AwsSource };
  /** Address of generateAccessToken of the account to act as. */
  readonly impersonation: string | undefined;
  readonly tokenUrl: string | undefined;
  readonly seconds: number | undefined;
}
const IMPERSONATION = /^https:\/\/iamcredentials\.googleapis\.com\/v1\/projects\/-\/serviceAccounts\/[^/]+:generateAccessToken$/;
const TOKEN_URL = 'https://sts.googleapis.com/v1/token';
export const impersonationOf = (email: string): string => `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${email}:generateAccessToken`;
export const federated = ({ audience, subjectTokenType, source, impersonation, tokenUrl, seconds }: Federation, making: Making): AuthClient => {
  const { library, transporter, host, aws } = making;
  if (tokenUrl !== undefined && tokenUrl !== TOKEN_URL) throw new CredentialFileError(`token_url must be ${TOKEN_URL}`);
  if (impersonation !== undefined && !IMPERSONATION.test(impersonation))
    throw new CredentialFileError('service_account_impersonation_url must be one of iamcredentials.googleapis.com');
  const common = {
    type: 'external_account',
    audience,
    subject_token_type: subjectTokenType,
    token_url: TOKEN_URL,
    scopes: [SCOPE],
    transporter,
    ...(impersonation === undefined ? {} : { service_account_impersonation_url: impersonation }),
    ...(seconds === undefined ? {} : { service_account_impersonation: { token_lifetime_seconds: seconds } }),
  };
  const client =
    'aws' in source
      ? new library.AwsClient({ ...common, aws_security_credentials_supplier: awsSupplier(source.aws, aws, making) })
      : new library.IdentityPoolClient({ ...common, subject_token_supplier: { getSubjectToken: () => subjectToken(source, host) } });
  return bound(client, transporter);
};
const anySourceIn = (credential: Fields): Federation['source'] => {
  const aws = awsSourceIn(credential);
  return aws === undefined ? sourceIn(credential) : { aws };
};
/** A file of type external_account. */
const external = (credential: Fields, making: Making): AuthClient => {
  const what = 'the credential file';
  const impersonation = isObject(credential.service_account_impersonation) ? credential.service_account_impersonation : {};
  const { token_lifetime_seconds: seconds } = impersonation;
  return federated(
    {
      audience: required(credential, 'audience', what),
      subjectTokenType: required(credential, 'subject_token_type', what),
      source: anySourceIn(credential),
      impersonation: textOf(credential, 'service_account_impersonation_url'),
      tokenUrl: textOf(credential, 'token_url'),
      seconds: typeof seconds === 'number' ? seconds : undefined,
    },
    making,
  );
};

export interface Role {
  readonly email: string;
  readonly delegates: readonly string[];
  readonly seconds: number;
}
/**
 * The account's token, by the right of who acts as it. Asked for here, since the library's own class for it writes a warning to the
 * console for each.
 */
export const impersonated = (by: AuthClient, { email, delegates, seconds }: Role, { transporter }: Making): Source => ({
  async getAccessToken() {
    const { token } = await by.getAccessToken();
    const { data } = await transporter.request<unknown>({
      url: impersonationOf(email),
      method: 'POST',
      headers: { authorization: `Bearer ${token ?? ''}` },
      data: { delegates: delegates.map((one) => `projects/-/serviceAccounts/${one}`), scope: [SCOPE], lifetime: `${seconds}s` },
      responseType: 'json',
    });
    const { accessToken, expireTime } = isObject(data) ? data : {};
    const end = typeof expireTime === 'string' ? Date.parse(expireTime) : Number.NaN;
    return { token: typeof accessToken === 'string' ? accessToken : undefined, end: Number.isNaN(end) ? undefined : end };
  },
});
/** A client of the library as a source. */
export const sourceFrom = (client: AuthClient): Source => ({
  async getAccessToken() {
    const { token } = await client.getAccessToken();
    return { token: token ?? undefined, end: client.credentials.expiry_date ?? undefined };
  },
});
/** A file of type impersonated_service_account, as `gcloud … --impersonate-service-account` writes it. */
const impersonatedFile = (credential: Fields, making: Making): Source => {
  const what = 'the credential file';
  const address = required(credential, 'service_account_impersonation_url', what);
  const email = /\/serviceAccounts\/([^/:]+):generateAccessToken$/.exec(address)?.[1];
  if (!IMPERSONATION.test(address) || email === undefined)
    throw new CredentialFileError('service_account_impersonation_url must be one of iamcredentials.googleapis.com');
  if (!isObject(credential.source_credentials)) throw new CredentialFileError(`${what} has no source_credentials`);
  const delegates = Array.isArray(credential.delegates) ? credential.delegates.filter((one) => typeof one === 'string') : [];
  return impersonated(clientFrom(credential.source_credentials, making), { email, delegates: delegates.map(accountIn), seconds: LIFE_SECONDS }, making);
};
/** Files name delegates as resources. */
const accountIn = (delegate: string): string => delegate.slice(delegate.lastIndexOf('/') + 1);

type Maker = (credential: Fields, making: Making) => AuthClient;
const MAKERS: Readonly<Record<string, Maker>> = Object.freeze({ service_account: serviceAccount, authorized_user: user, external_account: external });
const IMPERSONATED = 'impersonated_service_account';
const makerOf = (credential: Fields): Maker => {
  checkUniverse(credential);
  const type = textOf(credential, 'type') ?? '';
  const make = Object.hasOwn(MAKERS, type) ? MAKERS[type] : undefined;
  if (make === undefined)
    throw new CredentialFileError(`credentials of type "${type.slice(0, 40)}" are not supported here; use ${Object.keys(MAKERS).join(', ')}`);
  return make;
};
/** The client that a credential's `type` asks for; each by its own constructor, so that no other kind can be slipped in. */
export const clientFrom = (credential: Fields, making: Making): AuthClient => makerOf(credential)(credential, making);
/** Throws CredentialFileError for a file of a kind, or with a source of its subject token, that cannot be used. */
export const checkCredential = (credential: Fields): void => {
  if (credential.type !== IMPERSONATED) makerOf(credential);
  if (credential.type === 'external_account') anySourceIn(credential);
};
/** The same for a whole file, which may name an account to act as. */
export const sourceOfFile = (credential: Fields, making: Making): Source =>
  credential.type === IMPERSONATED ? impersonatedFile(credential, making) : sourceFrom(clientFrom(credential, making));
export const keyClient = (credential: Fields, making: Making): AuthClient => {
  if (credential.type !== 'service_account') throw new CredentialFileError('the key is not one of a service account');
  checkUniverse(credential);
  return serviceAccount(credential, making);
};
/** Seconds that tokens of an impersonated account live. */
export const secondsOf = ({ lifetime }: Pick<Config['credentials'], 'lifetime'>): number => Math.floor(lifetime / 1000);
