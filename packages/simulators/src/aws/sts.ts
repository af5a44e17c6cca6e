import { createHash } from 'node:crypto';
import type { Answer } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../http/peer.ts';
import { timestamp } from '../timestamp.ts';
import { authenticate, type SignatureFault, SignatureRefused } from './authenticate.ts';
import { type AwsCredential, type AwsCredentials, account } from './credentials.ts';
import { elsewhere, failure, jsonText, requestId, StsRefusal, success, wantsJson, type XmlNode } from './sts-answer.ts';
import { checkConstraints, durationOf } from './sts-constraints.ts';
import { checkArn, checkPolicy, sessionTags } from './sts-session.ts';
import { checkProvider, checkToken, type OidcProviders } from './sts-web-identity.ts';

/** Who may become a role, and how. */
export type AwsRole = {
  /** `arn:aws:iam::123456789012:role/gateway`. */
  readonly arn: string;
  /** ARNs of principals that may assume it; anybody who signs if absent. */
  readonly trusts?: readonly string[];
  /** Must be given exactly. */
  readonly externalId?: string;
  /** Longest session in seconds; 3600 if absent. */
  readonly maxSeconds?: number;
  /** Web identity tokens that it accepts: the token and when it ends in Unix milliseconds. */
  readonly webIdentities?: Readonly<Record<string, number>>;
};

export type StsSimulatorOptions = PeerOptions & {
  readonly credentials: AwsCredentials;
  readonly roles?: readonly AwsRole[];
  /** Whose tokens AssumeRoleWithWebIdentity takes; tokens are not read at all if absent. */
  readonly oidcProviders?: OidcProviders;
  /** `us-east-1` if absent. */
  readonly region?: string;
};

export type StsSimulator = Peer & {
  readonly url: string;
};

/** Fault of a call that comes too often: 400 with this code, https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
export const stsThrottling = Object.freeze({
  status: 400,
  headers: Object.freeze({ 'content-type': 'application/json' }),
  body: Object.freeze({
    Error: Object.freeze({ Code: 'Throttling', Message: 'Rate exceeded', Type: 'Sender' }),
    RequestId: requestId,
  }),
});

const signatureErrors: Readonly<Record<SignatureFault, readonly [status: number, code: string]>> = {
  missing: [403, 'MissingAuthenticationToken'],
  incomplete: [400, 'IncompleteSignature'],
  invalid: [403, 'SignatureDoesNotMatch'],
  unknown: [403, 'InvalidClientTokenId'],
  expired: [403, 'ExpiredToken'],
};

const seconds = (form: URLSearchParams, role: AwsRole, chained: boolean): number => {
  const wanted = durationOf(form) ?? 3600;
  if (chained && wanted > 3600) {
    throw new StsRefusal(400, 'ValidationError', 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.');
  }
  if (wanted > (role.maxSeconds ?? 3600))
    throw new StsRefusal(400, 'ValidationError', 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  return wanted;
};

const credentialsXml = ({ accessKeyId, secretAccessKey, sessionToken = '', expiresAt = 0 }: AwsCredential): XmlNode => [
  'Credentials',
  [
    ['AccessKeyId', accessKeyId],
    ['SecretAccessKey', secretAccessKey],
    ['SessionToken', sessionToken],
    ['Expiration', timestamp(expiresAt)],
  ],
];

const assumed = (role: AwsRole, name: string): { arn: string; xml: XmlNode } => {
  const roleName = role.arn.split('/').at(-1) ?? '';
  const arn = `arn:aws:sts::${role.arn.split(':')[4] ?? account}:assumed-role/${roleName}/${name}`;
  const id = `AROASIMULATEDROLEID00:${name}`;
  return {
    arn,
    xml: [
      'AssumedRoleUser',
      [
        ['AssumedRoleId', id],
        ['Arn', arn],
      ],
    ],
  };
};

type Call = {
  readonly form: URLSearchParams;
  readonly roles: readonly AwsRole[];
  readonly credentials: AwsCredentials;
  readonly oidcProviders: OidcProviders | undefined;
  readonly caller: () => AwsCredential;
  /** The answer is wanted in JSON. */
  readonly json: boolean;
};

const assumeRole = ({ form, roles, credentials, caller }: Call): Answer => {
  const who = caller();
  checkConstraints(form, 'AssumeRole');
  const arn = form.get('RoleArn') ?? '';
  checkArn(arn);
  checkPolicy(form.get('Policy'));
  const tags = sessionTags(form);
  const role = roles.find((one) => one.arn === arn);
  const trusted =
    role !== undefined && (role.trusts?.includes(who.arn) ?? true) && (role.externalId === undefined || role.externalId === form.get('ExternalId'));
  if (role === undefined || !trusted) {
    throw new StsRefusal(403, 'AccessDenied', `User: ${who.arn} is not authorized to perform: sts:AssumeRole on resource: ${arn}`);
  }
  const user = assumed(role, form.get('RoleSessionName') ?? '');
  const issued = credentials.issue({ arn: user.arn, seconds: seconds(form, role, who.sessionToken !== undefined), tags });
  return success('AssumeRole', [user.xml, credentialsXml(issued)]);
};

const assumeRoleWithWebIdentity = ({ form, roles, credentials, oidcProviders }: Call): Answer => {
  checkConstraints(form, 'AssumeRoleWithWebIdentity');
  const arn = form.get('RoleArn') ?? '';
  checkArn(arn);
  checkPolicy(form.get('Policy'));
  const token = form.get('WebIdentityToken') ?? '';
  const role = roles.find((one) => one.arn === arn);
  if (oidcProviders !== undefined) checkProvider(token, oidcProviders);
  if (role?.webIdentities === undefined) throw new StsRefusal(403, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity');
  checkToken(Object.hasOwn(role.webIdentities, token) ? role.webIdentities[token] : undefined, credentials.now());
  const user = assumed(role, form.get('RoleSessionName') ?? '');
  const issued = credentials.issue({ arn: user.arn, seconds: seconds(form, role, false) });
  return success('AssumeRoleWithWebIdentity', [
    ['SubjectFromWebIdentityToken', 'system:serviceaccount:default:gateway'],
    ['Audience', 'sts.amazonaws.com'],
    user.xml,
    credentialsXml(issued),
    ['Provider', 'arn:aws:iam::123456789012:oidc-provider/oidc.example.com'],
  ]);
};

/**
 * Unique ids by kind, as IAM's reference of identifiers lists them: roles AROA with the session's name behind it, users AIDA, the root user its
 * account, federated users account and name.
 */
const userIdOf = ({ arn, userId }: AwsCredential): string => {
  if (userId !== undefined) return userId;
  const [, owner = account, resource = ''] = /^arn:[^:]+:[^:]+::([0-9]{12}):(.+)$/.exec(arn) ?? [];
  const [kind = '', ...names] = resource.split('/');
  const unique = (prefix: string, name: string): string =>
    prefix +
    createHash('sha256')
      .update(`${owner}/${name}`)
      .digest('hex')
      .toUpperCase()
      .replaceAll(/[^A-F2-7]/g, 'Q')
      .slice(0, 17);
  if (kind === 'assumed-role') return `${unique('AROA', names[0] ?? '')}:${names[1] ?? ''}`;
  if (kind === 'federated-user') return `${owner}:${names[0] ?? ''}`;
  return kind === 'root' ? owner : unique('AIDA', names.at(-1) ?? '');
};
const getCallerIdentity = ({ caller, json }: Call): Answer => {
  const credential = caller();
  const result = { Arn: credential.arn, UserId: userIdOf(credential), Account: credential.arn.split(':')[4] ?? account };
  if (!json) return success('GetCallerIdentity', Object.entries(result));
  return jsonText(200, { GetCallerIdentityResponse: { GetCallerIdentityResult: result, ResponseMetadata: { RequestId: requestId } } });
};

const actions: Readonly<Record<string, (call: Call) => Answer>> = {
  AssumeRole: assumeRole,
  AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity,
  GetCallerIdentity: getCallerIdentity,
};

/** STS takes a signature for a quarter of an hour, whatever its `X-Amz-Expires` says: https://github.com/aws/aws-sdk-go/issues/2167 */
const minutes = 15;

/** Parameters stand in the query of a GET, and in the body of a form. */
const formOf = (request: CapturedRequest): URLSearchParams => {
  if (request.method !== 'POST') return new URLSearchParams(request.target.slice(request.path.length));
  return new URLSearchParams(/^application\/x-www-form-urlencoded\b/i.test(request.header('content-type') ?? '') ? request.body.toString('utf8') : '');
};

const operate = (request: CapturedRequest, { credentials, roles = [], region = 'us-east-1', oidcProviders }: StsSimulatorOptions): Answer => {
  const form = formOf(request);
  const action = form.get('Action');
  if (action === null) return elsewhere(request.target.slice(request.path.length));
  const version = form.get('Version');
  const handle = Object.hasOwn(actions, action) && version === '2011-06-15' ? actions[action] : undefined;
  if (handle === undefined) throw new StsRefusal(400, 'InvalidAction', `Could not find operation ${action} for version ${version ?? 'NO_VERSION_SPECIFIED'}`);
  const caller = (): AwsCredential => authenticate(request, { credentials, region, service: 'sts', minutes });
  return handle({ form, roles, credentials, oidcProviders, caller, json: wantsJson(request) });
};

/** The sentence for a signature that is not there is the service's own. */
const signatureFailure = ({ fault, message }: SignatureRefused, json: boolean): Answer => {
  const [status, code] = signatureErrors[fault];
  return failure({ status, code, message: fault === 'missing' ? 'Request is missing Authentication Token' : message }, json);
};

/** Starts the STS stand-in (XML query protocol): AssumeRole, AssumeRoleWithWebIdentity, GetCallerIdentity. */
export const stsSimulator = async (options: StsSimulatorOptions): Promise<StsSimulator> => {
  const perform = (request: CapturedRequest): Answer => {
    try {
      return operate(request, options);
    } catch (cause) {
      if (cause instanceof StsRefusal) return failure(cause, wantsJson(request));
      if (cause instanceof SignatureRefused) return signatureFailure(cause, wantsJson(request));
      throw cause;
    }
  };
  const answer = (request: CapturedRequest): Answer => {
    const { status, headers, body } = perform(request);
    return { status, headers: [['Date', new Date(options.credentials.now()).toUTCString()], ...headers], body };
  };
  // A script's status brings JSON, which the query protocol never speaks: give a `body` for the service's own XML.
  const server = await peer({ answer, errorBody: (status) => ({ Error: { Code: status === 429 ? 'Throttling' : 'InternalFailure' } }) }, options);
  return { ...server, url: server.origin };
};
