import type { CapturedRequest } from '../http/captured.ts';
import { type Fields, isFields } from '../openai/check.ts';
import type { GoogleAccounts } from './accounts.ts';
import { errorInfo, GoogleRefusal } from './refusal.ts';

export type Impersonating = { readonly accounts: GoogleAccounts; readonly tokenCreators?: Readonly<Record<string, readonly string[]>> };
const bodyOf = (request: CapturedRequest): Fields => {
  try {
    const value = request.json();
    if (isFields(value)) return value;
  } catch {
    // Told below.
  }
  throw new GoogleRefusal(400, 'INVALID_ARGUMENT', 'Invalid JSON payload received.');
};
const callerOf = (request: CapturedRequest, accounts: GoogleAccounts): string => {
  const token = /^Bearer (.+)$/.exec(request.header('authorization') ?? '')?.[1] ?? '';
  const found = accounts.find(token);
  if (found === undefined)
    throw new GoogleRefusal(
      401,
      'UNAUTHENTICATED',
      'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
    );
  return found.email;
};
const LONGEST = 3600;

/** `POST iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{email}:generateAccessToken`. */
export const generateAccessToken = (request: CapturedRequest, account: string, { accounts, tokenCreators = {} }: Impersonating): Fields => {
  const caller = callerOf(request, accounts);
  const { scope, lifetime = '3600s', delegates = [] } = bodyOf(request);
  if (!Array.isArray(scope) || scope.length === 0) throw new GoogleRefusal(400, 'INVALID_ARGUMENT', 'Request contains an invalid argument: scope is required.');
  const chain = [caller, ...(Array.isArray(delegates) ? delegates.map((one) => String(one).replace(/^.*\//, '')) : [])];
  const mayAct = chain.every((who, i) => (tokenCreators[chain[i + 1] ?? account] ?? []).includes(who));
  if (!mayAct)
    throw new GoogleRefusal(403, 'PERMISSION_DENIED', "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).", [
      errorInfo('IAM_PERMISSION_DENIED', 'iam.googleapis.com', { permission: 'iam.serviceAccounts.getAccessToken' }),
    ]);
  const seconds = Number(/^(\d+)s$/.exec(String(lifetime))?.[1] ?? Number.NaN);
  if (!(seconds > 0 && seconds <= LONGEST)) throw new GoogleRefusal(400, 'INVALID_ARGUMENT', 'The access token lifetime cannot exceed 3600 seconds.');
  const { token, expiresAt } = accounts.issue(account, seconds);
  return { accessToken: token, expireTime: new Date(expiresAt).toISOString() };
};
