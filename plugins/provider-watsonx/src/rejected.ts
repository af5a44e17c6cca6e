import { textOf, type UpstreamReply } from '@llm-proxy-auth/plugin';
import { saidInText } from './dialect/error.ts';

/** Rights that our identity lacks. That a plan is used up (`token_quota_reached`, 403 too) is IBM's answer to the call. */
const OF_THE_CREDENTIAL: ReadonlySet<string> = new Set(['authorization_rejected', 'user_authorization_failed', 'authentication_failed']);

/**
 * A 401 or 403 about our own credential; every other 403 passes. A new token may mend any 401: clusters, and proxies before them, say it
 * in words of their own, and some of their tokens do not tell when they end.
 */
export const judge = (reply: UpstreamReply): 'refresh' | 'credential' | undefined => {
  if (reply.status === 401) return 'refresh';
  return reply.status === 403 && OF_THE_CREDENTIAL.has(saidInText(textOf(reply.body)).word ?? '') ? 'credential' : undefined;
};
