import type { CapturedRequest } from '../../http/captured.ts';
import { errorInfo, GoogleRefusal } from '../refusal.ts';
import type { Context } from './context.ts';

const SERVICE = 'aiplatform.googleapis.com';
const LEARN =
  'Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.';
const unauthenticated = (message: string, reason: string): GoogleRefusal =>
  new GoogleRefusal(401, 'UNAUTHENTICATED', message, [errorInfo(reason, 'googleapis.com', { service: SERVICE })]);

/** Account of the bearer token; keys and everything else are refused. */
export const checkAccess = (request: CapturedRequest, { accounts }: Context): string => {
  const authorization = request.header('authorization');
  if (authorization === undefined && request.header('x-goog-api-key') !== undefined)
    throw unauthenticated(
      'API keys are not supported by this API. Expected OAuth2 access token or other authentication credentials that assert a principal. See https://cloud.google.com/docs/authentication',
      'CREDENTIALS_MISSING',
    );
  if (authorization === undefined) throw unauthenticated(`Request is missing required authentication credential. ${LEARN}`, 'CREDENTIALS_MISSING');
  const token = /^Bearer (\S+)$/.exec(authorization)?.[1] ?? '';
  const found = accounts.find(token);
  if (found !== undefined) return found.email;
  throw unauthenticated(
    `Request had invalid authentication credentials. ${LEARN}`,
    accounts.isEnded(token) ? 'ACCESS_TOKEN_EXPIRED' : 'ACCESS_TOKEN_TYPE_UNSUPPORTED',
  );
};
