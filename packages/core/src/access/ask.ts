import type { AuthRequest, AuthResult, Credential } from '@llm-proxy-auth/plugin';
import type { Strategy } from '../graph.ts';

/** What a strategy is told about a request beside the credential. */
export type Asked = Omit<AuthRequest, 'credential'>;
export interface Answered {
  readonly strategy: Strategy;
  readonly result: AuthResult;
}

/**
 * Asks the strategies in their order, each with the credentials of its slots; the first answer but "not mine" decides.
 * Undefined: nobody knows any of the credentials. A strategy that throws is unavailable, never a pass.
 */
export const ask = async (strategies: readonly Strategy[], credentials: readonly Credential[], asked: Asked): Promise<Answered | undefined> => {
  for (const strategy of strategies) {
    for (const credential of credentials) {
      if (!strategy.strategy.slots.includes(credential.slot)) continue;
      let result: AuthResult;
      try {
        const answer = strategy.strategy.authenticate({ ...asked, credential });
        result = answer instanceof Promise ? await answer : answer;
      } catch {
        return { strategy, result: { is: 'unavailable', reason: 'the strategy failed', retryAfterMs: 1_000 } };
      }
      if (result.is !== 'not-mine') return { strategy, result };
    }
  }
  return undefined;
};
