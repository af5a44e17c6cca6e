import type { AwsCredentials } from './sigv4.ts';

const PATIENCE_MS = 20_000;
/** A source that hangs (a process, a socket) must not hold calls for ever. */
const inTime = <T>(work: Promise<T>): Promise<T> => {
  const limit = AbortSignal.timeout(PATIENCE_MS);
  return Promise.race([
    work,
    new Promise<never>((_, reject) =>
      limit.addEventListener('abort', () => reject(new Error('the AWS credential chain did not answer in time')), { once: true }),
    ),
  ]);
};

/** AWS's library keeps to itself why the last of its sources gave nothing, which is the one that containers and instances have. */
const NOWHERE =
  'no source of the AWS chain has credentials. In a container on an instance its metadata needs a hop limit of 2; the address of container credentials must be https, loopback, or the one that ECS and EKS use';
const explained = (error: unknown): Error =>
  error instanceof Error && /from any providers/.test(error.message) ? new Error(NOWHERE, { cause: error }) : (error as Error);

/**
 * AWS's own chain, asked once: environment, web identity (IRSA), EKS Pod Identity, ECS, IMDSv2, shared configuration with
 * profiles and processes, SSO. A new chain each time: what to keep, and for how long, is for our cache to say.
 */
export const askChain = async (region: string): Promise<AwsCredentials> => {
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  const found = await inTime(defaultProvider({ clientConfig: { region } })()).catch((error: unknown) => Promise.reject(explained(error)));
  return {
    accessKeyId: found.accessKeyId,
    secretAccessKey: found.secretAccessKey,
    sessionToken: found.sessionToken,
    expiration: found.expiration?.getTime(),
    account: found.accountId,
  };
};
