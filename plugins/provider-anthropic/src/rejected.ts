import type { UpstreamReply } from '@llm-proxy-auth/plugin';

/** Words of a 403 that concern our key or organization rather than the call. */
const CREDENTIAL_TEXT =
  /api key (?:does not have permission|is not authorized|has been)|organization has been disabled|(?:ip address|network) .*not allowed|oauth/i;

const messageOf = (body: Uint8Array): string => {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(body));
    const error = typeof parsed === 'object' && parsed !== null && 'error' in parsed ? parsed.error : undefined;
    return typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string' ? error.message : '';
  } catch {
    return '';
  }
};

/** Every 401 is about our key; a 403 only where it says so: geography and access to models are answers to the call. */
export const rejected = (reply: UpstreamReply): 'credential' | undefined => {
  if (reply.status === 401) return 'credential';
  return reply.status === 403 && CREDENTIAL_TEXT.test(messageOf(reply.body)) ? 'credential' : undefined;
};
