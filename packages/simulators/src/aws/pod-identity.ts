import type { Answer } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import { account } from './credentials.ts';
import { goError, goNotFound, goPath, goUnreadable } from './go-server.ts';
import { type PodToken, readPodToken, TokenRefused } from './service-account-token.ts';
import { requestId } from './sts-answer.ts';
import { tokenBuckets } from './token-bucket.ts';
import { type ContainerCredentials, serve, type VendingOptions, vending } from './vending.ts';

export type PodIdentityOptions = VendingOptions & {
  /** Tokens of service accounts that EKS takes for signed by the cluster, and when each ends for EKS in Unix milliseconds. */
  readonly tokens: Readonly<Record<string, number>>;
  /** What EKS knows of each service account, by `namespace/name`: whether its role trusts EKS. All are associated, and trusted, if absent. */
  readonly associations?: Readonly<Record<string, 'trusted' | 'untrusted'>>;
  /** Addresses at which the agent lets itself be called, besides its own two and that which it listens at. */
  readonly hosts?: readonly string[];
};

/** Status codes of the service's API model: an account without permission is 400 here. */
const eksErrors = { AccessDeniedException: 400, ExpiredTokenException: 400, InvalidTokenException: 400, ResourceNotFoundException: 404 } as const;

/** What EKS refuses the agent hands on as text: https://github.com/aws/eks-pod-identity-agent/blob/main/pkg/errors/errors.go */
const eksRefusal = (code: keyof typeof eksErrors, message: string): Answer => goError(eksErrors[code], `[${requestId}]: (${code}): ${message}, fault: client`);

/** `Host` without its port and brackets. */
const calledHost = (request: CapturedRequest): string => {
  const given = request.header('host') ?? '';
  const [, bracketed] = /^\[([^\]]*)\](:\d*)?$/.exec(given) ?? [];
  return bracketed ?? (given.split(':').length === 2 ? given.replace(/:.*$/, '') : given);
};

/** AssumeRoleForPodIdentity, as far as it refuses. */
const askEks = (token: string, { namespace, serviceAccount, audiences }: PodToken, options: PodIdentityOptions): Answer | undefined => {
  const { tokens, associations, credentials } = options;
  const end = Object.hasOwn(tokens, token) ? tokens[token] : undefined;
  if (end === undefined) return eksRefusal('InvalidTokenException', 'The token included in the request is invalid');
  if (end <= credentials.now()) return eksRefusal('ExpiredTokenException', 'The token included in the request is expired');
  if (!audiences.includes('pods.eks.amazonaws.com')) return eksRefusal('InvalidTokenException', 'The token included in the request has an invalid audience');
  const association = associations === undefined ? 'trusted' : associations[`${namespace}/${serviceAccount}`];
  if (association === undefined) {
    return eksRefusal('ResourceNotFoundException', `No association found for service account ${serviceAccount} in namespace ${namespace}`);
  }
  if (association === 'trusted') return undefined;
  return eksRefusal('AccessDeniedException', 'Unauthorized Exception! EKS does not have permissions to assume the associated role.');
};

/** Starts the stand-in of the EKS Pod Identity agent and of EKS behind it: the token of the service account is the authorization. The method is not looked at. */
export const podIdentity = (options: PodIdentityOptions): Promise<ContainerCredentials> => {
  const { rate = { steady: 1000, burst: 500 }, host = '127.0.0.1', credentials } = options;
  const vend = vending(options, 'pod');
  const hosts = ['169.254.170.23', 'fd00:ec2::23', host, ...(options.hosts ?? [])];
  const allow = tokenBuckets(rate, credentials.now);
  const path = '/v1/credentials';
  const credentialsFor = (request: CapturedRequest): Answer => {
    const called = calledHost(request);
    if (!hosts.includes(called)) {
      return goError(403, `Access Denied. Called agent through invalid address, please use either [${hosts.join(' ')}] address not ${called}`);
    }
    const token = request.header('authorization') ?? '';
    return askEks(token, readPodToken(token, credentials.now()), options) ?? vend({ AccountId: account });
  };
  return serve(options, path, (request) => {
    const given = goPath(request);
    if (given === undefined) return goUnreadable();
    if (given !== path) return goNotFound();
    if (!allow('')) return goError(429, 'Too Many Requests');
    try {
      return credentialsFor(request);
    } catch (cause) {
      if (cause instanceof TokenRefused) return goError(400, cause.message);
      throw cause;
    }
  });
};
