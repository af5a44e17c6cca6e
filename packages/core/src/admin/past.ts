import { GatewayError } from '@llm-proxy-auth/plugin';
import { durationOf, momentOf } from '@llm-proxy-auth/plugin/issued';

/** Epoch ms of `7d` ago or of an ISO date. Throws `invalid_request`. */
export const pastOf = (text: string, now: number, param: string): number => {
  const ago = durationOf(text);
  if (ago === undefined) return momentOf(text, now, param);
  if (!Number.isSafeInteger(now - ago)) throw new GatewayError('invalid_request', `${param} lies too far back.`, { param });
  return now - ago;
};
