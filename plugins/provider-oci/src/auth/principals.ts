import { createPrivateKey, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { OciCredential } from './signature.ts';
import { expiryOf } from './token.ts';

/** Asks OCI who we are; one question each time it is called. Rejects with what the vendor's library says. */
export type AskPrincipal = () => Promise<OciCredential>;
export interface InstanceOptions {
  readonly metadataUrl: string | undefined;
  readonly federationUrl: string | undefined;
}

const PATIENCE_MS = 20_000;
/** A source that hangs must not hold calls for ever. */
const inTime = <T>(work: Promise<T>): Promise<T> => {
  const limit = AbortSignal.timeout(PATIENCE_MS);
  return Promise.race([
    work,
    new Promise<never>((_, reject) =>
      limit.addEventListener('abort', () => reject(new Error('the identity service of OCI did not answer in time')), { once: true }),
    ),
  ]);
};
const SESSION = 'ST$';
const credentialOf = (keyId: string, pem: string): OciCredential => ({
  keyId,
  key: createPrivateKey(pem),
  expiration: expiryOf(keyId.slice(SESSION.length)),
});
const makePair = promisify(generateKeyPair);
const newPair = (): Promise<{ readonly publicKey: string; readonly privateKey: string }> =>
  makePair('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });

/**
 * Instance principal: certificates of the metadata service are exchanged for a session token at the identity service. One provider of the
 * vendor's library is kept, because each holds circuit breakers with timers; its key pairs are made here, where that blocks nobody.
 */
export const instancePrincipal = ({ metadataUrl, federationUrl }: InstanceOptions): AskPrincipal => {
  let pair = { publicKey: '', privateKey: '' };
  const supplier = {
    getKeyPair: () => ({ getPublic: () => pair.publicKey, getPrivate: () => pair.privateKey }),
    refreshKeys: () => undefined,
  };
  const build = async () => {
    const { InstancePrincipalsAuthenticationDetailsProviderBuilder: Builder } = await import('oci-common');
    const builder = new Builder();
    if (metadataUrl !== undefined) builder.metadataBaseUrl = metadataUrl;
    if (federationUrl !== undefined) builder.federationEndpoint = federationUrl;
    builder.sessionKeySupplier = supplier as unknown as (typeof builder)['sessionKeySupplier'];
    return builder.build();
  };
  let provider: Awaited<ReturnType<typeof build>> | undefined;
  const ask = async (): Promise<OciCredential> => {
    pair = await newPair();
    const { privateKey } = pair;
    provider ??= await build();
    return credentialOf(`${SESSION}${await provider.refresh()}`, privateKey);
  };
  return () => inTime(ask());
};

/** Resource principal 2.2 of functions, container instances and virtual nodes: variables of the environment, or files that it names. */
export const resourcePrincipal = (): AskPrincipal => async () => {
  const { ResourcePrincipalAuthenticationDetailsProvider } = await import('oci-common');
  const provider = ResourcePrincipalAuthenticationDetailsProvider.builder();
  // Read anew each time: a file that was replaced, and a token that the library would still take for good.
  const keyId = await inTime(provider.getKeyId());
  return credentialOf(keyId, provider.getPrivateKey());
};

export interface WorkloadOptions {
  readonly caPath: string | undefined;
  readonly tokenPath: string | undefined;
}
/** Workload identity of a pod. Built anew each time, because the library reads the token of the pod once and such tokens end. */
export const okeWorkload =
  ({ caPath, tokenPath }: WorkloadOptions): AskPrincipal =>
  async () => {
    const { OkeWorkloadIdentityAuthenticationDetailsProvider } = await import('oci-common');
    const provider = OkeWorkloadIdentityAuthenticationDetailsProvider.builder(caPath ?? '', tokenPath ?? '');
    const keyId = await inTime(provider.getKeyId());
    return credentialOf(keyId, provider.getPrivateKey());
  };
