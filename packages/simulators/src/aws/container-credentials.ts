import type { Answer } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../http/peer.ts';
import { type AwsCredentials, account } from './credentials.ts';

type CommonOptions = PeerOptions & {
  readonly credentials: AwsCredentials;
  /** `gateway` if absent. */
  readonly role?: string;
  /** Seconds that credentials live; 6 hours if absent. */
  readonly seconds?: number;
};

export type ContainerCredentialsOptions = CommonOptions & {
  /** The task's id in the path `/v2/credentials/{id}`. */
  readonly id?: string;
  /** What `Authorization` must say; nothing is asked for if absent. */
  readonly authorization?: string;
};

export type PodIdentityOptions = CommonOptions & {
  /** Tokens of service accounts it accepts, and when each ends in Unix milliseconds. */
  readonly tokens: Readonly<Record<string, number>>;
};

export type ContainerCredentials = Peer & {
  /** What `AWS_CONTAINER_CREDENTIALS_FULL_URI` takes. */
  readonly url: string;
  /** What `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` takes. */
  readonly path: string;
};

const answerJson = (status: number, body: object): Answer => ({
  status,
  headers: [['content-type', 'application/json']],
  body: Buffer.from(JSON.stringify(body)),
});

const iso = (milliseconds: number): string => new Date(Math.floor(milliseconds / 1000) * 1000).toISOString().replace('.000Z', 'Z');

/** Issues credentials for the role; each request gets new ones only when half of the time is over. */
const vending = ({ credentials, role = 'gateway', seconds = 21_600 }: CommonOptions, session: string) => {
  const arn = `arn:aws:sts::${account}:assumed-role/${role}/${session}`;
  return (extra: object): Answer => {
    const known = credentials.issued.findLast((one) => one.arn === arn && credentials.find(one.accessKeyId) !== undefined);
    const fresh = known !== undefined && (known.expiresAt ?? 0) - credentials.now() > seconds * 500;
    const { accessKeyId, secretAccessKey, sessionToken, expiresAt = 0 } = fresh ? known : credentials.issue({ arn, seconds });
    return answerJson(200, { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken, Expiration: iso(expiresAt), ...extra });
  };
};

const serve = async (options: CommonOptions, path: string, answer: (request: CapturedRequest) => Answer): Promise<ContainerCredentials> => {
  const server = await peer({ answer, errorBody: () => ({ code: 'InternalServerException', message: 'The request could not be handled.' }) }, options);
  return { ...server, path, url: server.origin + path };
};

/** Starts the stand-in of the ECS task credentials endpoint. */
export const containerCredentials = (options: ContainerCredentialsOptions): Promise<ContainerCredentials> => {
  const { id = '0123abcd-0000-4000-8000-000000000000', authorization, role = 'gateway' } = options;
  const vend = vending(options, 'task');
  const path = `/v2/credentials/${id}`;
  return serve(options, path, (request) => {
    if (request.path !== path)
      return answerJson(400, { code: 'InvalidIdInRequest', message: 'CredentialsV2Request: Credentials not found', HTTPErrorCode: 400 });
    if (authorization !== undefined && request.header('authorization') !== authorization) {
      return answerJson(401, { code: 'UnauthorizedException', message: 'The Authorization header is missing or wrong.' });
    }
    return vend({ RoleArn: `arn:aws:iam::${account}:role/${role}` });
  });
};

/** Starts the stand-in of the EKS Pod Identity agent: the token of the service account is the authorization. */
export const podIdentity = (options: PodIdentityOptions): Promise<ContainerCredentials> => {
  const vend = vending(options, 'pod');
  const path = '/v1/credentials';
  return serve(options, path, (request) => {
    if (request.path !== path) return answerJson(404, { message: 'Not found' });
    const token = request.header('authorization');
    if (token === undefined || token === '') return answerJson(400, { message: 'Service account token cannot be empty' });
    const end = Object.hasOwn(options.tokens, token) ? options.tokens[token] : undefined;
    if (end === undefined) return answerJson(400, { message: 'InvalidTokenException: Invalid token' });
    if (end <= options.credentials.now()) return answerJson(400, { message: 'ExpiredTokenException: Token has expired' });
    return vend({ AccountId: account });
  });
};
