import { asList, asObject, asText, type Fields, isObject, type UpstreamReply } from '@llm-proxy-auth/plugin';

/** `{error:{…}}`, also as the only item of a list, as streams have it; undefined for Anthropic's form, HTML and the rest. Never throws. */
export const readRefusal = (reply: UpstreamReply): Fields | undefined => {
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder().decode(reply.body));
  } catch {
    return undefined;
  }
  const outer = Array.isArray(body) ? body[0] : body;
  const error = isObject(outer) ? outer.error : undefined;
  return isObject(error) && typeof error.code === 'number' ? error : undefined;
};
/** `reason` of its ErrorInfo: `IAM_PERMISSION_DENIED`, `SERVICE_DISABLED`. */
const reasonsOf = (error: Fields): readonly string[] => asList(error.details).flatMap((detail) => asText(asObject(detail)?.reason) ?? []);

/** Reasons of a 403 that concern our account and project; the text names both. */
const OURS: ReadonlySet<string> = new Set([
  'IAM_PERMISSION_DENIED',
  'SERVICE_DISABLED',
  'CONSUMER_INVALID',
  'CONSUMER_SUSPENDED',
  'BILLING_DISABLED',
  'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
  'ACCOUNT_STATE_INVALID',
  'USER_PROJECT_DENIED',
  'SECURITY_POLICY_VIOLATED',
]);
const OUR_TEXT =
  /permission '[^']+' denied|permission denied on (?:resource|project)|has not been used in project|caller does not have permission|quota project|billing|unregistered callers/i;

/**
 * A 401 is about our token, which a new one may mend; a 403 where it speaks of our account or project. That a model may not be used is the
 * answer to the call, so it passes.
 */
export const judge = (reply: UpstreamReply): 'refresh' | 'credential' | undefined => {
  if (reply.status === 401) return 'refresh';
  if (reply.status !== 403) return undefined;
  const error = readRefusal(reply);
  if (error === undefined) return undefined;
  return reasonsOf(error).some((reason) => OURS.has(reason)) || OUR_TEXT.test(asText(error.message) ?? '') ? 'credential' : undefined;
};
