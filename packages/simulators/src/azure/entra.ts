import type { Answer } from '../http/answer.ts';
import { json } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../http/peer.ts';
import { type AzureApplication, type AzureTenant, verifiedClaims } from './tenant.ts';

export type EntraSimulatorOptions = PeerOptions & { readonly tenant: AzureTenant };
export type EntraSimulator = Peer & {
  /** What `AZURE_AUTHORITY_HOST` takes; Azure's library wants https, so give `tls`. */
  readonly url: string;
};

const noId = '00000000-0000-0000-0000-000000000000';
class EntraRefusal extends Error {
  readonly status: number;
  readonly error: string;
  readonly number: number;

  constructor(status: number, error: string, number: number, message: string) {
    super(message);
    this.name = 'EntraRefusal';
    this.status = status;
    this.error = error;
    this.number = number;
  }
}
const refuse = {
  missing: (name: string) => new EntraRefusal(400, 'invalid_request', 900144, `The request body must contain the following parameter: '${name}'.`),
  tenant: (id: string) =>
    new EntraRefusal(
      400,
      'invalid_request',
      90002,
      `Tenant '${id}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`,
    ),
  grant: (grant: string) => new EntraRefusal(400, 'unsupported_grant_type', 70003, `The app requested an unsupported grant type '${grant}'.`),
  application: (id: string, tenant: string) =>
    new EntraRefusal(400, 'unauthorized_client', 700016, `Application with identifier '${id}' was not found in the directory '${tenant}'.`),
  scope: (scope: string) =>
    new EntraRefusal(
      400,
      'invalid_scope',
      1002012,
      `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
    ),
  secret: (id: string) =>
    new EntraRefusal(
      401,
      'invalid_client',
      7000215,
      `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${id}'.`,
    ),
  noSecret: () =>
    new EntraRefusal(401, 'invalid_client', 7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."),
  assertion: () =>
    new EntraRefusal(401, 'invalid_client', 700027, 'The certificate with identifier used to sign the client assertion is not registered on application.'),
  federation: (subject: string) =>
    new EntraRefusal(401, 'invalid_request', 700213, `No matching federated identity record found for presented assertion subject '${subject}'.`),
  audience: (found: string) =>
    new EntraRefusal(401, 'invalid_request', 700212, `No matching federated identity record found for presented assertion audience '${found}'.`),
  late: () => new EntraRefusal(401, 'invalid_client', 700024, 'Client assertion is not within its valid time range.'),
} as const;

const exchange = 'api://AzureADTokenExchange';
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const checkAssertion = ({ federated = [] }: AzureApplication, assertion: string, now: number): void => {
  const known = federated.map(({ key, ...one }) => ({ ...one, claims: verifiedClaims(assertion, key) }));
  const signed = known.find(({ claims }) => typeof claims === 'object');
  if (signed === undefined || typeof signed.claims === 'string') throw refuse.assertion();
  const { iss, sub, aud, exp } = signed.claims;
  if (iss !== signed.issuer || sub !== signed.subject) throw refuse.federation(String(sub));
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!audiences.includes(exchange)) throw refuse.audience(String(aud));
  if (Number(exp) * 1000 <= now) throw refuse.late();
};
const required = (form: URLSearchParams, name: string): string => {
  const value = form.get(name);
  if (value === null || value === '') throw refuse.missing(name);
  return value;
};

const grant = (tenant: AzureTenant, id: string, request: CapturedRequest): object => {
  const form = new URLSearchParams(request.body.toString('utf8'));
  if (id !== tenant.id) throw refuse.tenant(id);
  const kind = required(form, 'grant_type');
  if (kind !== 'client_credentials') throw refuse.grant(kind);
  const clientId = required(form, 'client_id');
  const application = tenant.applications.find((one) => one.clientId === clientId);
  if (application === undefined) throw refuse.application(clientId, id);
  // MSAL adds its own scopes behind the one asked for.
  const [scope = ''] = required(form, 'scope')
    .split(' ')
    .filter((one) => !/^(openid|profile|offline_access)$/.test(one));
  if (!/^https:\/\/.+\/\.default$/.test(scope)) throw refuse.scope(scope);
  const assertion = form.get('client_assertion');
  if (assertion === null && form.get('client_secret') === null) throw refuse.noSecret();
  if (assertion === null) {
    if (application.secret === undefined || form.get('client_secret') !== application.secret) throw refuse.secret(clientId);
  } else if (form.get('client_assertion_type') !== assertionType) throw refuse.missing('client_assertion_type');
  else checkAssertion(application, assertion, tenant.now());
  const { token } = tenant.issue(scope.replace(/\/\.default$/, ''), clientId);
  return { token_type: 'Bearer', expires_in: tenant.seconds, ext_expires_in: tenant.seconds, access_token: token };
};

const answered = (status: number, body: object): Answer => ({
  status,
  headers: [
    ['Cache-Control', 'no-store, no-cache'],
    ['Content-Type', 'application/json; charset=utf-8'],
    ['x-ms-request-id', noId],
  ],
  body: json(body),
});
const refused = ({ status, error, number, message }: EntraRefusal, now: number): Answer => {
  const timestamp = new Date(now).toISOString().replace('T', ' ').replace(/\.\d+/, '');
  const description = `AADSTS${number}: ${message} Trace ID: ${noId} Correlation ID: ${noId} Timestamp: ${timestamp}`;
  const error_uri = `https://login.microsoftonline.com/error?code=${number}`;
  return answered(status, { error, error_description: description, error_codes: [number], timestamp, trace_id: noId, correlation_id: noId, error_uri });
};
/** What clients read before they ask for a token. */
const discovery = (origin: string, id: string, issuer: string): object => ({
  token_endpoint: `${origin}/${id}/oauth2/v2.0/token`,
  authorization_endpoint: `${origin}/${id}/oauth2/v2.0/authorize`,
  jwks_uri: `${origin}/${id}/discovery/v2.0/keys`,
  issuer,
  token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
});

/** Starts the stand-in of Entra ID's token service for one tenant. It ends with `close()`. */
export const entraSimulator = async ({ tenant, ...options }: EntraSimulatorOptions): Promise<EntraSimulator> => {
  let origin = '';
  const answer = (request: CapturedRequest): Answer => {
    const [, id = '', operation = ''] = /^\/([^/]+)\/(.+)$/.exec(request.path) ?? [];
    if (request.method === 'GET' && operation === 'v2.0/.well-known/openid-configuration') return answered(200, discovery(origin, id, tenant.issuer));
    if (request.method === 'GET' && operation === 'discovery/v2.0/keys') return answered(200, { keys: tenant.keys() });
    if (request.method !== 'POST' || operation !== 'oauth2/v2.0/token') return { status: 404, headers: [], body: Buffer.alloc(0) };
    try {
      return answered(200, grant(tenant, id, request));
    } catch (cause) {
      if (!(cause instanceof EntraRefusal)) throw cause;
      return refused(cause, tenant.now());
    }
  };
  const server = await peer({ answer, errorBody: () => ({ error: 'temporarily_unavailable' }) }, options);
  origin = server.origin;
  return { ...server, url: server.origin };
};
