import type { Answer } from '../http/answer.ts';
import type { CapturedRequest, HeaderPairs } from '../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../http/peer.ts';
import { type IbmTokens, ibmTokens } from './tokens.ts';

/** A trusted profile and what may become it. */
export type TrustedProfile = {
  readonly id: string;
  readonly name: string;
  readonly crn?: string;
  /** Tokens of containers that it trusts. */
  readonly containers?: readonly string[];
};
/** A user of Cloud Pak for Data: a password, an API key or both. */
export type Cp4dUser = { readonly username: string; readonly password?: string; readonly apiKey?: string };

export type IbmIdentityOptions = {
  readonly tokens?: IbmTokens;
  /** API keys of IBM Cloud. */
  readonly apiKeys?: readonly string[];
  readonly profiles?: readonly TrustedProfile[];
  readonly users?: readonly Cp4dUser[];
  /** The profile that a virtual server becomes when it names none. */
  readonly defaultProfile?: string;
};
export type IbmIdentity = Peer & {
  readonly url: string;
  readonly tokens: IbmTokens;
};

const json = (status: number, value: object, headers: HeaderPairs = []): Answer => ({
  status,
  headers: [['content-type', 'application/json'], ...headers],
  body: Buffer.from(JSON.stringify(value)),
});
/** Errors of IAM. */
const iamError = (status: number, errorCode: string, errorMessage: string): Answer =>
  json(status, { errorCode, errorMessage, context: { requestId: 'simulated', requestType: 'incoming.Identity_Token', locale: 'en_US' } });
const metadataError = (status: number, code: string, message: string): Answer => json(status, { errors: [{ code, message }], trace: 'simulated' });
const cp4dError = (status: number, message: string): Answer => json(status, { _statusCode_: status, exception: message, message });

const formOf = (request: CapturedRequest): URLSearchParams => new URLSearchParams(request.body.toString('utf8'));
const bodyOf = (request: CapturedRequest): Readonly<Record<string, unknown>> => {
  try {
    const value = request.json();
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
};
const queryOf = (request: CapturedRequest): URLSearchParams => new URLSearchParams(request.target.slice(request.path.length));

const API_KEY = 'urn:ibm:params:oauth:grant-type:apikey';
const CR_TOKEN = 'urn:ibm:params:oauth:grant-type:cr-token';
const METADATA = new Map([
  ['2022-03-01', ['/instance_identity/v1/token', '/instance_identity/v1/iam_token']],
  ['2025-08-26', ['/identity/v1/token', '/identity/v1/iam_tokens']],
]);

/** Answers of IBM's token services; undefined for a path that is none of theirs. */
export const identityAnswers = ({ tokens = ibmTokens(), apiKeys = [], profiles = [], users = [], defaultProfile }: IbmIdentityOptions) => {
  const instanceTokens = new Set<string>();
  const granted = (subject: string): Answer => {
    const { token, exp } = tokens.issue(subject);
    return json(200, {
      access_token: token,
      refresh_token: 'not_supported',
      token_type: 'Bearer',
      expires_in: tokens.lifetime,
      expiration: exp,
      scope: 'ibm openid',
    });
  };
  const byContainer = (form: URLSearchParams): Answer => {
    const profile = profiles.find(({ id, name }) => id === form.get('profile_id') || name === form.get('profile_name'));
    if (profile === undefined) return iamError(400, 'BXNIM0513E', 'Trusted profile could not be found.');
    if (profile.containers?.includes(form.get('cr_token') ?? '') !== true)
      return iamError(400, 'BXNIM0449E', 'The compute resource token is not valid or does not match the trusted profile.');
    return granted(profile.id);
  };
  const token = (request: CapturedRequest): Answer => {
    if (!/^application\/x-www-form-urlencoded/i.test(request.header('content-type') ?? ''))
      return iamError(415, 'BXNIM0111E', 'Content type must be application/x-www-form-urlencoded.');
    const form = formOf(request);
    const grant = form.get('grant_type');
    if (grant === CR_TOKEN) return byContainer(form);
    if (grant !== API_KEY) return iamError(400, 'BXNIM0104E', `The grant type ${grant ?? ''} is not supported.`);
    const key = form.get('apikey') ?? '';
    if (key === '') return iamError(400, 'BXNIM0109E', 'Property missing or empty: apikey.');
    return apiKeys.includes(key) ? granted('IBMid-simulated') : iamError(400, 'BXNIM0415E', 'Provided API key could not be found.');
  };
  const authorize = (request: CapturedRequest): Answer => {
    const { username, password, api_key: key } = bodyOf(request);
    if (typeof username !== 'string' || (password === undefined) === (key === undefined))
      return cp4dError(400, 'Username and either password or api_key are required.');
    const user = users.find((one) => one.username === username);
    const good = user !== undefined && (password === undefined ? user.apiKey === key : user.password === password);
    if (!good) return cp4dError(401, 'Unauthorized: the credentials are not valid.');
    return json(200, { _messageCode_: '200', message: 'Success', token: tokens.issue(username).token });
  };
  const instanceToken = (): Answer => {
    const { token: made } = tokens.issue('instance');
    instanceTokens.add(made);
    return json(200, { access_token: made, created_at: new Date(tokens.now()).toISOString(), expires_in: 300 });
  };
  const metadataToken = (request: CapturedRequest): Answer => {
    const given = /^Bearer (.+)$/.exec(request.header('authorization') ?? '')?.[1] ?? '';
    if (!instanceTokens.has(given)) return metadataError(401, 'invalid_token', 'The instance identity token is not valid.');
    const wanted = (bodyOf(request).trusted_profile ?? {}) as { readonly id?: string; readonly name?: string; readonly crn?: string };
    const named = wanted.id ?? wanted.name ?? wanted.crn ?? defaultProfile;
    const profile = profiles.find(({ id, name, crn }) => named !== undefined && (id === named || name === named || crn === named));
    return profile === undefined ? metadataError(404, 'trusted_profile_not_found', 'No such trusted profile is linked to this instance.') : granted(profile.id);
  };
  const metadata = (request: CapturedRequest): Answer | undefined => {
    const version = [...METADATA].find(([, paths]) => paths.includes(request.path));
    if (version === undefined) return undefined;
    if (request.header('metadata-flavor')?.toLowerCase() !== 'ibm') return metadataError(400, 'missing_header', 'The header Metadata-Flavor: ibm is required.');
    if (queryOf(request).get('version') !== version[0]) return metadataError(400, 'invalid_version', 'The version of the API is missing or not supported.');
    return request.method === 'PUT' ? instanceToken() : metadataToken(request);
  };
  return (request: CapturedRequest): Answer | undefined => {
    if (request.method === 'POST' && (request.path === '/identity/token' || request.path === '/oidc/token')) return token(request);
    if (request.method === 'POST' && request.path === '/icp4d-api/v1/authorize') return authorize(request);
    return metadata(request);
  };
};

/** Starts IBM's token services on one port: IAM, the metadata service of a virtual server, the sign-in of Cloud Pak for Data. */
export const ibmIdentity = async (options: IbmIdentityOptions & PeerOptions = {}): Promise<IbmIdentity> => {
  const tokens = options.tokens ?? ibmTokens();
  const answers = identityAnswers({ ...options, tokens });
  const service = await peer(
    {
      answer: (request) => answers(request) ?? iamError(404, 'BXNIM0110E', 'The path does not exist.'),
      errorBody: (status) => ({ errorCode: 'BXNIM0100E', errorMessage: `Simulated ${status}` }),
      errorHeaders: () => ({}),
    },
    options,
  );
  return { ...service, url: service.origin, tokens };
};
