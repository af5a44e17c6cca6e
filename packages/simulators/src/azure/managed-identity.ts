import { randomUUID } from 'node:crypto';
import type { Answer } from '../http/answer.ts';
import { json } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../http/peer.ts';
import type { AzureTenant } from './tenant.ts';

export type AzureMetadataOptions = PeerOptions & {
  readonly tenant: AzureTenant;
  /** False: the machine has no identity of the system. */
  readonly assigned?: boolean;
};
export type AzureMetadata = Peer & {
  /** What `AZURE_POD_IDENTITY_AUTHORITY_HOST` takes in place of http://169.254.169.254. */
  readonly url: string;
};
export type AppServiceIdentity = Peer & {
  /** What `IDENTITY_ENDPOINT` and `IDENTITY_HEADER` hold in an app. */
  readonly url: string;
  readonly secret: string;
};

const answered = (status: number, body: object): Answer => ({ status, headers: [['Content-Type', 'application/json; charset=utf-8']], body: json(body) });
const invalid = (description: string): Answer => answered(400, { error: 'invalid_request', error_description: description });
const system = '00000000-0000-0000-0000-0000000000aa';

/** The identity that a request names; undefined when there is none such. */
const identityOf = ({ identities }: AzureTenant, query: URLSearchParams, assigned: boolean): string | undefined => {
  const wanted = query.get('client_id') ?? query.get('object_id') ?? query.get('msi_res_id') ?? query.get('mi_res_id') ?? query.get('principal_id');
  if (wanted === null) return assigned ? system : undefined;
  return identities.find((one) => one === wanted);
};
/** Azure's library puts a slash behind an address that it takes from the environment. */
const pathOf = (request: CapturedRequest): string => request.path.replace(/\/$/, '');
const queryOf = (request: CapturedRequest): URLSearchParams => new URLSearchParams(request.target.slice(request.path.length));

/** Starts the stand-in of a machine's metadata service, as far as it hands out tokens. */
export const azureMetadata = async ({ tenant, assigned = true, ...options }: AzureMetadataOptions): Promise<AzureMetadata> => {
  const answer = (request: CapturedRequest): Answer => {
    if (pathOf(request) !== '/metadata/identity/oauth2/token') return answered(404, { error: 'Not found' });
    const query = queryOf(request);
    if (request.header('metadata')?.toLowerCase() !== 'true') return invalid('Required metadata header not specified');
    if (request.header('x-forwarded-for') !== undefined) return invalid('Request contains X-Forwarded-For header');
    if (query.get('api-version') === null) return invalid("Required query variable 'api-version' is missing");
    const resource = query.get('resource');
    if (resource === null || resource === '') return invalid("Required query variable 'resource' is missing");
    const identity = identityOf(tenant, query, assigned);
    if (identity === undefined) return invalid('Identity not found');
    const { token, issuedAt, expiresAt } = tenant.issue(resource.replace(/\/$/, ''), identity);
    return answered(200, {
      access_token: token,
      client_id: identity,
      expires_in: String(tenant.seconds),
      expires_on: String(expiresAt),
      ext_expires_in: String(tenant.seconds),
      not_before: String(issuedAt),
      resource,
      token_type: 'Bearer',
    });
  };
  const server = await peer({ answer, errorBody: () => ({ error: 'server_error' }) }, options);
  return { ...server, url: server.origin };
};

/** Starts the stand-in of the identity endpoint that App Service and Functions give an app. */
export const appServiceIdentity = async ({ tenant, assigned = true, ...options }: AzureMetadataOptions): Promise<AppServiceIdentity> => {
  const secret = randomUUID();
  const refused = (statusCode: number, message: string): Answer => answered(statusCode, { statusCode, message, correlationId: randomUUID() });
  const answer = (request: CapturedRequest): Answer => {
    const query = queryOf(request);
    if (pathOf(request) !== '/msi/token') return refused(404, 'Not found');
    if (request.header('x-identity-header') !== secret) return refused(401, 'The secret of the identity header is wrong');
    if (query.get('api-version') !== '2019-08-01') return refused(400, 'Unsupported API version');
    const resource = query.get('resource');
    if (resource === null || resource === '') return refused(400, 'No resource was given');
    const identity = identityOf(tenant, query, assigned);
    if (identity === undefined) return refused(400, 'No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.');
    const { token, expiresAt } = tenant.issue(resource.replace(/\/$/, ''), identity);
    return answered(200, { access_token: token, expires_on: String(expiresAt), resource, token_type: 'Bearer', client_id: identity });
  };
  const server = await peer({ answer, errorBody: () => ({ statusCode: 500, message: 'server error' }) }, options);
  return { ...server, url: `${server.origin}/msi/token`, secret };
};
