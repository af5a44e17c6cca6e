import { GatewayError, type Principal } from '@llm-proxy-auth/plugin';
import type { Strategy } from '../graph.ts';
import { holderOf } from './holder.ts';

const askAgain = async (strategies: readonly Strategy[], { strategy }: Strategy, principal: Principal): Promise<Principal | undefined> => {
  try {
    if (strategy.current !== undefined) return await holderOf(strategies, principal);
  } catch {
    // The same to the caller as a strategy that cannot tell at all.
  }
  throw new GatewayError('auth_unavailable', 'The credential cannot be checked right now; try again.', { retryAfterMs: 1_000 });
};
/**
 * Who holds the credential of `principal` now, whom the strategy let in at its epoch `at`; undefined when it lets in no more. At once where
 * no record of the strategy has changed since. Rejects with `auth_unavailable` when it cannot be told now.
 */
export const stillHeld = (strategies: readonly Strategy[], by: Strategy, principal: Principal, at: number): Principal | Promise<Principal | undefined> => {
  const { epoch } = by.strategy;
  return epoch === undefined || epoch() === at ? principal : askAgain(strategies, by, principal);
};
