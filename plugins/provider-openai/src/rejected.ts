import type { UpstreamReply } from '@llm-proxy-auth/plugin';

/** Words of a 403 that concern our key, organization or project rather than the call. */
const OF_THE_CREDENTIAL: ReadonlySet<string> = new Set([
  'invalid_api_key',
  'invalid_organization',
  'invalid_project',
  'account_deactivated',
  'account_suspended',
  'project_archived',
  'ip_not_authorized',
  'insufficient_permissions',
  'missing_scope',
  'mismatched_organization',
  'mismatched_project',
]);
const CREDENTIAL_TEXT =
  /insufficient permissions for this operation|missing scopes|ip (?:address )?is not (?:authorized|allowed)|does not have access to the (?:organization|project)/i;
const errorOf = (body: Uint8Array): { readonly code: unknown; readonly message: unknown } => {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(body));
    const error = typeof parsed === 'object' && parsed !== null && 'error' in parsed ? parsed.error : undefined;
    if (typeof error !== 'object' || error === null) return { code: undefined, message: undefined };
    return { code: 'code' in error ? error.code : undefined, message: 'message' in error ? error.message : undefined };
  } catch {
    return { code: undefined, message: undefined };
  }
};

/** Every 401 is about our key; a 403 only where it says so: geography, policy and model access are answers to the call. */
export const rejected = (reply: UpstreamReply): 'credential' | undefined => {
  if (reply.status === 401) return 'credential';
  if (reply.status !== 403) return undefined;
  const { code, message } = errorOf(reply.body);
  const named = typeof code === 'string' && OF_THE_CREDENTIAL.has(code);
  return named || (typeof message === 'string' && CREDENTIAL_TEXT.test(message)) ? 'credential' : undefined;
};
