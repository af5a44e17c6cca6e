import { createHash } from 'node:crypto';
import type { Answer } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../http/peer.ts';
import { authenticate, type SignatureFault, SignatureRefused } from './authenticate.ts';
import { type AwsCredential, type AwsCredentials, account } from './credentials.ts';
import { element, xmlText } from './xml.ts';

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
    RequestId: '00000000-0000-4000-8000-000000000000',
  }),
});

class StsRefusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'StsRefusal';
    this.status = status;
    this.code = code;
  }
}

const namespace = 'https://sts.amazonaws.com/doc/2011-06-15/';
const requestId = '00000000-0000-4000-8000-000000000000';

const signatureErrors: Readonly<Record<SignatureFault, readonly [status: number, code: string]>> = {
  missing: [403, 'MissingAuthenticationToken'],
  incomplete: [400, 'IncompleteSignature'],
  invalid: [403, 'SignatureDoesNotMatch'],
  unknown: [403, 'InvalidClientTokenId'],
  expired: [403, 'ExpiredToken'],
};

const xml = (status: number, body: string): Answer => ({
  status,
  headers: [
    ['x-amzn-RequestId', requestId],
    ['content-type', 'text/xml'],
  ],
  body: Buffer.from(body),
});

/** The query protocol answers in JSON whoever accepts nothing else. */
const jsonText = (status: number, value: object): Answer => ({
  status,
  headers: [
    ['x-amzn-RequestId', requestId],
    ['content-type', 'application/json'],
  ],
  body: Buffer.from(JSON.stringify(value)),
});
const wantsJson = (request: CapturedRequest): boolean => request.header('accept')?.split(',')[0]?.trim() === 'application/json';

const success = (action: string, result: string): Answer =>
  xml(
    200,
    `<${action}Response xmlns="${namespace}">${element(`${action}Result`, result)}${element('ResponseMetadata', element('RequestId', requestId))}</${action}Response>\n`,
  );

const failure = (status: number, code: string, message: string, json: boolean): Answer => {
  const type = status < 500 ? 'Sender' : 'Receiver';
  if (json) return jsonText(status, { Error: { Code: code, Message: message, Type: type }, RequestId: requestId });
  const error = element('Error', element('Type', type) + element('Code', code) + element('Message', xmlText(message)));
  return xml(status, `<ErrorResponse xmlns="${namespace}">${error}${element('RequestId', requestId)}</ErrorResponse>\n`);
};

const validation = (value: string | null, place: string, sentence: string): StsRefusal =>
  new StsRefusal(
    400,
    'ValidationError',
    `1 validation error detected: Value ${value === null ? 'null' : `'${value}'`} at '${place}' failed to satisfy constraint: ${sentence}`,
  );

const required = (form: URLSearchParams, name: string): string => {
  const value = form.get(name);
  if (value !== null && value !== '') return value;
  throw validation(null, name.charAt(0).toLowerCase() + name.slice(1), 'Member must not be null');
};

/** `Tags.member.1.Key` and `.Value`, up to 50. */
const tagsOf = (form: URLSearchParams): Record<string, string> => {
  const tags: Record<string, string> = {};
  for (let index = 1; index <= 50; index += 1) {
    const key = form.get(`Tags.member.${index}.Key`);
    if (key === null) break;
    if (!/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(key))
      throw validation(key, `tags.${index}.member.key`, 'Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+');
    tags[key] = form.get(`Tags.member.${index}.Value`) ?? '';
  }
  return tags;
};

const sessionName = (form: URLSearchParams): string => {
  const name = required(form, 'RoleSessionName');
  if (!/^[\w+=,.@-]{2,64}$/.test(name)) throw validation(name, 'roleSessionName', 'Member must satisfy regular expression pattern: [\\w+=,.@-]*');
  return name;
};

const seconds = (form: URLSearchParams, role: AwsRole, chained: boolean): number => {
  const wanted = Number(form.get('DurationSeconds') ?? 3600);
  if (!Number.isInteger(wanted) || wanted < 900) throw validation(String(wanted), 'durationSeconds', 'Member must have value greater than or equal to 900');
  if (wanted > 43_200) throw validation(String(wanted), 'durationSeconds', 'Member must have value less than or equal to 43200');
  if (chained && wanted > 3600) {
    throw new StsRefusal(400, 'ValidationError', 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.');
  }
  if (wanted > (role.maxSeconds ?? 3600))
    throw new StsRefusal(400, 'ValidationError', 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  return wanted;
};

const credentialsXml = ({ accessKeyId, secretAccessKey, sessionToken = '', expiresAt = 0 }: AwsCredential): string =>
  element(
    'Credentials',
    element('AccessKeyId', accessKeyId) +
      element('SecretAccessKey', secretAccessKey) +
      element('SessionToken', sessionToken) +
      element('Expiration', new Date(Math.floor(expiresAt / 1000) * 1000).toISOString().replace('.000Z', 'Z')),
  );

const assumed = (role: AwsRole, name: string): { arn: string; xml: string } => {
  const roleName = role.arn.split('/').at(-1) ?? '';
  const arn = `arn:aws:sts::${role.arn.split(':')[4] ?? account}:assumed-role/${roleName}/${name}`;
  return { arn, xml: element('AssumedRoleUser', element('AssumedRoleId', `AROASIMULATEDROLEID00:${name}`) + element('Arn', arn)) };
};

type Call = {
  readonly form: URLSearchParams;
  readonly roles: readonly AwsRole[];
  readonly credentials: AwsCredentials;
  readonly caller: () => AwsCredential;
  /** The answer is wanted in JSON. */
  readonly json: boolean;
};

const assumeRole = ({ form, roles, credentials, caller }: Call): Answer => {
  const who = caller();
  const arn = required(form, 'RoleArn');
  const name = sessionName(form);
  const role = roles.find((one) => one.arn === arn);
  const trusted =
    role !== undefined && (role.trusts?.includes(who.arn) ?? true) && (role.externalId === undefined || role.externalId === form.get('ExternalId'));
  if (role === undefined || !trusted) {
    throw new StsRefusal(403, 'AccessDenied', `User: ${who.arn} is not authorized to perform: sts:AssumeRole on resource: ${arn}`);
  }
  const user = assumed(role, name);
  const issued = credentials.issue({ arn: user.arn, seconds: seconds(form, role, who.sessionToken !== undefined), tags: tagsOf(form) });
  return success('AssumeRole', credentialsXml(issued) + user.xml);
};

const assumeRoleWithWebIdentity = ({ form, roles, credentials }: Call): Answer => {
  const arn = required(form, 'RoleArn');
  const name = sessionName(form);
  const token = required(form, 'WebIdentityToken');
  const role = roles.find((one) => one.arn === arn);
  if (role?.webIdentities === undefined) throw new StsRefusal(403, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity');
  const end = Object.hasOwn(role.webIdentities, token) ? role.webIdentities[token] : undefined;
  if (end === undefined)
    throw new StsRefusal(
      400,
      'InvalidIdentityToken',
      "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
    );
  if (end <= credentials.now())
    throw new StsRefusal(
      400,
      'ExpiredTokenException',
      `Token expired: current date/time ${Math.floor(credentials.now() / 1000)} must be before the expiration date/time ${Math.floor(end / 1000)}`,
    );
  const user = assumed(role, name);
  const issued = credentials.issue({ arn: user.arn, seconds: seconds(form, role, false) });
  const provider = element('Provider', 'arn:aws:iam::123456789012:oidc-provider/oidc.example.com') + element('Audience', 'sts.amazonaws.com');
  return success(
    'AssumeRoleWithWebIdentity',
    element('SubjectFromWebIdentityToken', 'system:serviceaccount:default:gateway') + credentialsXml(issued) + user.xml + provider,
  );
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
  if (!json)
    return success('GetCallerIdentity', element('Arn', xmlText(result.Arn)) + element('UserId', xmlText(result.UserId)) + element('Account', result.Account));
  return jsonText(200, { GetCallerIdentityResponse: { GetCallerIdentityResult: result, ResponseMetadata: { RequestId: requestId } } });
};

const actions: Readonly<Record<string, (call: Call) => Answer>> = {
  AssumeRole: assumeRole,
  AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity,
  GetCallerIdentity: getCallerIdentity,
};

/** STS takes a signature for a quarter of an hour, whatever its `X-Amz-Expires` says: https://github.com/aws/aws-sdk-go/issues/2167 */
const minutes = 15;

const operate = (request: CapturedRequest, { credentials, roles = [], region = 'us-east-1' }: StsSimulatorOptions): Answer => {
  const form = new URLSearchParams(request.method === 'POST' ? request.body.toString('utf8') : request.target.slice(request.path.length));
  const action = form.get('Action') ?? '';
  const version = form.get('Version');
  const handle = Object.hasOwn(actions, action) && version === '2011-06-15' ? actions[action] : undefined;
  if (handle === undefined) throw new StsRefusal(400, 'InvalidAction', `Could not find operation ${action} for version ${version ?? 'NO_VERSION_SPECIFIED'}`);
  const caller = (): AwsCredential => authenticate(request, { credentials, region, service: 'sts', minutes });
  return handle({ form, roles, credentials, caller, json: wantsJson(request) });
};

/** Starts the STS stand-in (XML query protocol): AssumeRole, AssumeRoleWithWebIdentity, GetCallerIdentity. */
export const stsSimulator = async (options: StsSimulatorOptions): Promise<StsSimulator> => {
  const perform = (request: CapturedRequest): Answer => {
    try {
      return operate(request, options);
    } catch (cause) {
      if (cause instanceof StsRefusal) return failure(cause.status, cause.code, cause.message, wantsJson(request));
      if (cause instanceof SignatureRefused) return failure(...signatureErrors[cause.fault], cause.message, wantsJson(request));
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
