import { asText, type Fields, isObject, textOf, type UpstreamReply } from '@llm-proxy-auth/plugin';

/** Code and message of Azure's two envelopes: `{error:{code,message}}`, and `{statusCode,message}` of the layer before it. */
const readRefusal = (reply: UpstreamReply): { readonly code: string; readonly message: string } => {
  let body: Fields = {};
  try {
    const parsed: unknown = JSON.parse(textOf(reply.body));
    if (isObject(parsed)) body = isObject(parsed.error) ? parsed.error : parsed;
  } catch {
    // HTML and empty bodies say nothing.
  }
  return { code: asText(body.code) ?? '', message: asText(body.message) ?? '' };
};
/** Words of a 401 or 403 about rights, keys that are switched off and networks: a new token mends none of them. */
const NOT_MENDED = /^(?:PermissionDenied|AuthenticationTypeDisabled|Forbidden)$/;
const NOT_MENDED_TEXT =
  /lacks the required data action|does not have access to api|key based authentication is disabled|virtual network|firewall rules|public access is disabled|private endpoint/i;

/** Every 401 is about our key or token; a 403 only where it says so: that a resource was blocked for what callers sent is its answer to the call. */
export const rejected =
  (byToken: boolean) =>
  (reply: UpstreamReply): 'refresh' | 'credential' | undefined => {
    if (reply.status !== 401 && reply.status !== 403) return undefined;
    const { code, message } = readRefusal(reply);
    if (NOT_MENDED.test(code) || NOT_MENDED_TEXT.test(message)) return 'credential';
    if (reply.status === 403) return undefined;
    return byToken ? 'refresh' : 'credential';
  };
