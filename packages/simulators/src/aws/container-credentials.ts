import type { Answer } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import { account } from './credentials.ts';
import { goNotFound, goPath, goText, goUnreadable } from './go-server.ts';
import { tokenBuckets } from './token-bucket.ts';
import { answerJson, type ContainerCredentials, serve, type VendingOptions, vending } from './vending.ts';

export type ContainerCredentialsOptions = VendingOptions & {
  /** The task's id in the path `/v2/credentials/{id}`. */
  readonly id?: string;
  /** What `Authorization` must say, as endpoints other than ECS want it: the agent of ECS never looks at it. Nothing is asked for if absent. */
  readonly authorization?: string;
  /** True: the agent has been started anew and has the id, but not its credentials yet. */
  readonly uninitialized?: boolean;
};

/** Both versions of the address, and what each writes before its sentences. */
const prefixes = { v1: 'CredentialsV1Request: ', v2: 'CredentialsV2Request: ' } as const;
type Version = keyof typeof prefixes;

const refusal = (status: number, code: string, message: string): Answer => answerJson(status, { code, message, HTTPErrorCode: status });

/** Which id is asked for at which version; undefined where the router knows no such path. The second version takes whatever follows for its id. */
const asked = (path: string, request: CapturedRequest): { version: Version; id: string } | undefined => {
  if (path === '/v1/credentials') return { version: 'v1', id: new URLSearchParams(request.target.slice(request.path.length)).get('id') ?? '' };
  const before = '/v2/credentials/';
  return path.startsWith(before) ? { version: 'v2', id: path.slice(before.length) } : undefined;
};

/**
 * Starts the stand-in of the ECS task credentials endpoint, as its agent does it: the method is not looked at, and each path has a limit of its own.
 * https://github.com/aws/amazon-ecs-agent/tree/master/ecs-agent/tmds/handlers
 */
export const containerCredentials = (options: ContainerCredentialsOptions): Promise<ContainerCredentials> => {
  const { id = '0123abcd-0000-4000-8000-000000000000', authorization, role = 'gateway', rate = { steady: 40, burst: 60 }, uninitialized = false } = options;
  const vend = vending(options, 'task');
  const allow = tokenBuckets(rate, options.credentials.now);
  return serve(options, `/v2/credentials/${id}`, (request) => {
    const path = goPath(request);
    if (path === undefined) return goUnreadable();
    if (!allow(path)) return goText(429, 'You have reached maximum request limit.');
    const wanted = asked(path, request);
    if (wanted === undefined) return goNotFound();
    const prefix = prefixes[wanted.version];
    if (wanted.id === '') return refusal(400, 'NoIdInRequest', `${prefix}No Credential ID in the request`);
    if (wanted.id !== id) return refusal(400, 'InvalidIdInRequest', `${prefix}Credentials not found`);
    if (uninitialized) return refusal(503, 'CredentialsUninitialized', `${prefix}Credentials uninitialized for ID`);
    if (authorization !== undefined && request.header('authorization') !== authorization) {
      return answerJson(401, { code: 'UnauthorizedException', message: 'The Authorization header is missing or wrong.' });
    }
    return vend({ RoleArn: `arn:aws:iam::${account}:role/${role}` });
  });
};
