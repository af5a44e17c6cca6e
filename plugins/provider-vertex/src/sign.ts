import { type ApiKey, type Attempt, type CredentialCache, GatewayError, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import type { AccessToken } from './credentials/token.ts';

/** Credentials, what chooses who pays, and what would make another method of the one that was looked at: the instance says all of it. */
const OURS: ReadonlySet<string> = new Set([
  'authorization',
  'x-goog-api-key',
  'x-goog-user-project',
  'x-goog-iam-authorization-token',
  'x-goog-iam-authority-selector',
  'x-goog-authenticated-user-email',
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
]);
const dropOurs = (headers: string[]): void => {
  for (let i = headers.length - 2; i >= 0; i -= 2) if (OURS.has(headers[i] ?? '')) headers.splice(i, 2);
};

export type Sign = (request: UpstreamRequest, attempt: Pick<Attempt, 'fresh'>) => void | Promise<void>;
const put = ({ headers }: UpstreamRequest, token: string, quotaProject: string | undefined): void => {
  dropOurs(headers);
  headers.push('authorization', `Bearer ${token}`);
  if (quotaProject !== undefined) headers.push('x-goog-user-project', quotaProject);
};
/** An access token of the configuration, asked for on every call, so that it follows rotation. */
export const tokenSigner = (token: ApiKey, quotaProject: string | undefined): Sign => {
  const checked = (value: string): string => {
    const text = value.trim();
    if (text !== '') return text;
    throw new GatewayError('upstream_credentials_unavailable', 'The access token of this instance is empty.');
  };
  return (request) => {
    const value = token();
    return typeof value === 'string' ? put(request, checked(value), quotaProject) : value.then((known) => put(request, checked(known), quotaProject));
  };
};
/** The kept token; the configured quota project goes before the credential's own. */
export const cachedSigner = (cache: CredentialCache<AccessToken>, quotaProject: string | undefined): Sign => {
  const use = (request: UpstreamRequest, found: AccessToken): void => put(request, found.token, quotaProject ?? found.quotaProject);
  return (request, { fresh }) => {
    const found = cache.get(fresh);
    return found instanceof Promise ? found.then((known) => use(request, known)) : use(request, found);
  };
};
