import type { Answer } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../http/peer.ts';
import { type AwsCredentials, account } from './credentials.ts';

export type SsoPortalOptions = PeerOptions & {
  readonly credentials: AwsCredentials;
  /** Access tokens it accepts, and when each ends in Unix milliseconds. */
  readonly tokens: Readonly<Record<string, number>>;
  /** Roles of the account that the holder has; `['gateway']` if absent. */
  readonly roles?: readonly string[];
  /** Seconds that credentials live; one hour if absent. */
  readonly seconds?: number;
};

export type SsoPortal = Peer & { readonly url: string };

const refused = (status: number, type: string, message: string): Answer => ({
  status,
  headers: [
    ['content-type', 'application/json'],
    ['x-amzn-ErrorType', type],
  ],
  body: Buffer.from(JSON.stringify({ message, __type: `com.amazonaws.switchboard.portal#${type}` })),
});

/** Starts the stand-in of the SSO portal: GetRoleCredentials. */
export const ssoPortal = async (options: SsoPortalOptions): Promise<SsoPortal> => {
  const { credentials, tokens, roles = ['gateway'], seconds = 3600 } = options;
  const answer = (request: CapturedRequest): Answer => {
    if (request.method !== 'GET' || request.path !== '/federation/credentials') return refused(404, 'UnknownOperationException', 'Unknown operation');
    const query = new URLSearchParams(request.target.slice(request.path.length));
    const [role, wanted, token = ''] = [query.get('role_name'), query.get('account_id'), request.header('x-amz-sso_bearer_token')];
    const end = Object.hasOwn(tokens, token) ? tokens[token] : undefined;
    if (end === undefined || end <= credentials.now()) return refused(401, 'UnauthorizedException', 'Session token not found or invalid');
    if (role === null || wanted === null) return refused(400, 'InvalidRequestException', 'Missing parameter');
    if (wanted !== account || !roles.includes(role)) return refused(403, 'ForbiddenException', 'No access');
    const issued = credentials.issue({ arn: `arn:aws:sts::${account}:assumed-role/AWSReservedSSO_${role}/person`, seconds });
    const { accessKeyId, secretAccessKey, sessionToken, expiresAt: expiration } = issued;
    return {
      status: 200,
      headers: [['content-type', 'application/json']],
      body: Buffer.from(JSON.stringify({ roleCredentials: { accessKeyId, secretAccessKey, sessionToken, expiration } })),
    };
  };
  const server = await peer({ answer, errorBody: (status) => ({ message: `Status ${status}` }) }, options);
  return { ...server, url: server.origin };
};
