import { GatewayError } from '@llm-proxy-auth/plugin';
import type { Config } from './config.ts';

export interface Token {
  readonly value: string;
  /** Epoch ms. */
  readonly expiration: number;
}
/** Who asks, for what, and where. */
export interface Asking {
  readonly type: NonNullable<Config['credentials']['type']>;
  readonly scope: string;
  readonly authorityHost: string;
  readonly tenantId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly resourceId?: string | undefined;
  readonly objectId?: string | undefined;
}
interface TokenSource {
  getToken(scope: string, options: { readonly abortSignal: AbortSignal }): Promise<{ readonly token: string; readonly expiresOnTimestamp: number } | null>;
}
type Library = typeof import('@azure/identity');

const PATIENCE_MS = 10_000;
/** The library's own retries go on for a minute and more; when to ask again is for our cache to say. */
const BOUNDED = Object.freeze({ retryOptions: { maxRetries: 1, retryDelayInMs: 300, maxRetryDelayInMs: 1_000 } });
const KNOWN_AUTHORITY = /^https:\/\/(?:login\.microsoftonline\.(?:com|us)|login\.chinacloudapi\.cn)\/?$/;

const needed = (value: string | undefined, name: string, type: string): string => {
  if (value === undefined) throw new GatewayError('invalid_request', `credentials of type ${type} need ${name}`);
  return value;
};
type Make = (library: Library, asking: Asking, common: object) => TokenSource;
const identityOf = ({ clientId, resourceId, objectId }: Asking): object => {
  if (resourceId !== undefined) return { resourceId };
  if (objectId !== undefined) return { objectId };
  return clientId === undefined ? {} : { clientId };
};
const SOURCES: Readonly<Record<Asking['type'], Make>> = Object.freeze({
  default: ({ DefaultAzureCredential }, { tenantId, clientId }, common) =>
    new DefaultAzureCredential({
      ...common,
      processTimeoutInMs: PATIENCE_MS / 2,
      ...(tenantId === undefined ? {} : { tenantId }),
      ...(clientId === undefined ? {} : { managedIdentityClientId: clientId, workloadIdentityClientId: clientId }),
    }),
  'managed-identity': ({ ManagedIdentityCredential }, asking, common) => new ManagedIdentityCredential({ ...common, ...identityOf(asking) }),
  'workload-identity': ({ WorkloadIdentityCredential }, { tenantId, clientId, tokenFile }, common) =>
    new WorkloadIdentityCredential({
      ...common,
      tenantId: needed(tenantId, 'tenantId', 'workload-identity'),
      clientId: needed(clientId, 'clientId', 'workload-identity'),
      tokenFilePath: needed(tokenFile, 'tokenFile', 'workload-identity'),
    }),
  'client-secret': ({ ClientSecretCredential }, { tenantId, clientId, clientSecret }, common) =>
    new ClientSecretCredential(
      needed(tenantId, 'tenantId', 'client-secret'),
      needed(clientId, 'clientId', 'client-secret'),
      needed(clientSecret, 'clientSecret', 'client-secret'),
      common,
    ),
});

/** A source that hangs must not hold calls for ever, whatever the library makes of the signal. */
const inTime = <T>(work: Promise<T>, limit: AbortSignal): Promise<T> =>
  Promise.race([
    work,
    new Promise<never>((_, reject) => limit.addEventListener('abort', () => reject(new Error('Entra ID did not answer in time')), { once: true })),
  ]);

/**
 * Asks Entra ID, once, by Azure's own library, which is loaded when the first token is needed. A new credential each time: what to keep,
 * and for how long, is for our cache to say. (`getBearerTokenProvider` renews where nobody waits, and its failure ends the process.)
 */
export const askEntra = async (asking: Asking): Promise<Token> => {
  const library = await import('@azure/identity');
  const { authorityHost, scope, type } = asking;
  const discovery = KNOWN_AUTHORITY.test(authorityHost) ? {} : { disableInstanceDiscovery: true };
  const source = SOURCES[type](library, asking, { ...BOUNDED, authorityHost, ...discovery });
  const limit = AbortSignal.timeout(PATIENCE_MS);
  const found = await inTime(source.getToken(scope, { abortSignal: limit }), limit);
  if (found === null || found.token === '') throw new Error('Entra ID gave no token');
  return { value: found.token, expiration: found.expiresOnTimestamp };
};
