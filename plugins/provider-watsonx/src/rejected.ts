import { textOf, type UpstreamReply } from '@llm-proxy-auth/plugin';
import { saidInText } from './dialect/error.ts';

/** What a new token may mend. */
const MENDED_BY_NEW: ReadonlySet<string> = new Set(['authentication_token_expired', 'authentication_token_not_valid']);
/** Rights that our identity lacks. That a plan is used up (`token_quota_reached`, 403 too) is IBM's answer to the call. */
const OF_THE_CREDENTIAL: ReadonlySet<string> = new Set(['authorization_rejected', 'user_authorization_failed', 'authentication_failed']);

/** A 401 or 403 about our own credential; every other 403 passes. */
export const judge = (reply: UpstreamReply): 'refresh' | 'credential' | undefined => {
  if (reply.status !== 401 && reply.status !== 403) return undefined;
  const word = saidInText(textOf(reply.body)).word ?? '';
  if (MENDED_BY_NEW.has(word)) return 'refresh';
  return reply.status === 401 || OF_THE_CREDENTIAL.has(word) ? 'credential' : undefined;
};
