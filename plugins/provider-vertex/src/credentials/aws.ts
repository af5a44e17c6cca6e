import type { Fields, Host } from '@llm-proxy-auth/plugin';
import { isObject } from '@llm-proxy-auth/plugin';
import type { AwsSecurityCredentials, AwsSecurityCredentialsSupplier } from 'google-auth-library';
import type { Config } from '../config.ts';
import { METADATA } from '../places.ts';
import type { Transporter } from './clients.ts';
import { CredentialFileError, textOf } from './key-file.ts';

/** Where region and keys of an AWS identity are asked for, when the configuration does not say them. */
export interface AwsSource {
  readonly zoneUrl: string | undefined;
  readonly keysUrl: string | undefined;
  readonly sessionUrl: string | undefined;
}
const VERIFICATION = 'https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15';
const metadataUrl = (source: Fields, name: string): string | undefined => {
  const url = textOf(source, name);
  if (url !== undefined && !(URL.canParse(url) && new URL(url).origin === METADATA))
    throw new CredentialFileError(`credential_source.${name} must be an address of ${METADATA}`);
  return url;
};
/** `credential_source` of kind `aws1`; undefined for another kind. Throws CredentialFileError for one that cannot be used. */
export const awsSourceIn = (credential: Fields): AwsSource | undefined => {
  const source = isObject(credential.credential_source) ? credential.credential_source : {};
  if (source.environment_id === undefined) return undefined;
  if (source.environment_id !== 'aws1') throw new CredentialFileError('credential_source.environment_id must be aws1');
  if (source.regional_cred_verification_url !== VERIFICATION)
    throw new CredentialFileError(`credential_source.regional_cred_verification_url must be ${VERIFICATION}`);
  return { zoneUrl: metadataUrl(source, 'region_url'), keysUrl: metadataUrl(source, 'url'), sessionUrl: metadataUrl(source, 'imdsv2_session_token_url') };
};

type Ask = (url: string | undefined, what: string, method?: 'GET' | 'PUT', headers?: Readonly<Record<string, string>>) => Promise<string>;
const asking =
  (transporter: Transporter): Ask =>
  async (url, what, method = 'GET', headers = {}) => {
    if (url === undefined) throw new CredentialFileError(`the credential file names no address for the ${what} of AWS; write it under credentials.aws`);
    const { data } = await transporter.request<string>({ url, method, headers, responseType: 'text' });
    return data.trim();
  };
/** Of a zone, local ones too: `us-east-2b`, `us-west-2-lax-1a`. */
const regionOf = (zone: string): string => {
  const region = /^[a-z]+(?:-[a-z]+)+-\d+/.exec(zone)?.[0];
  if (region === undefined) throw new CredentialFileError('the metadata service named no zone of AWS');
  return region;
};
const keysIn = (text: string): AwsSecurityCredentials => {
  let keys: unknown;
  try {
    keys = JSON.parse(text);
  } catch {
    // Told below.
  }
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: token } = isObject(keys) ? keys : {};
  if (typeof accessKeyId !== 'string' || typeof secretAccessKey !== 'string') throw new CredentialFileError('the metadata service gave no keys of AWS');
  return { accessKeyId, secretAccessKey, ...(typeof token === 'string' ? { token } : {}) };
};

/** Region and keys, as the configuration says them, else as the metadata service of the machine does; asked for anew each time. */
export const awsSupplier = (
  { zoneUrl, keysUrl, sessionUrl }: AwsSource,
  { region, accessKeyId, secretAccessKey, sessionToken }: Config['credentials']['aws'],
  { transporter, host }: { readonly transporter: Transporter; readonly host: Host },
): AwsSecurityCredentialsSupplier => {
  const ask = asking(transporter);
  const session = async (): Promise<Readonly<Record<string, string>>> =>
    sessionUrl === undefined ? {} : { 'x-aws-ec2-metadata-token': await ask(sessionUrl, 'session', 'PUT', { 'x-aws-ec2-metadata-token-ttl-seconds': '300' }) };
  return {
    getAwsRegion: async () => region ?? regionOf(await ask(zoneUrl, 'region', 'GET', await session())),
    getAwsSecurityCredentials: async () => {
      if ((accessKeyId === undefined) !== (secretAccessKey === undefined))
        throw new CredentialFileError('credentials.aws needs accessKeyId and secretAccessKey together');
      if (accessKeyId !== undefined && secretAccessKey !== undefined) {
        const token = sessionToken === undefined ? {} : { token: await host.secret(sessionToken) };
        return { accessKeyId, secretAccessKey: await host.secret(secretAccessKey), ...token };
      }
      const headers = await session();
      const role = await ask(keysUrl, 'keys', 'GET', headers);
      if (!/^[\w+=,.@-]{1,64}$/.test(role)) throw new CredentialFileError('the metadata service named no role of AWS');
      return keysIn(await ask(`${keysUrl}/${role}`, 'keys', 'GET', headers));
    },
  };
};
