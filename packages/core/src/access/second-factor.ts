import { type AuthRequest, GatewayError, type Principal } from '@llm-proxy-auth/plugin';
import type { Factor } from '../graph.ts';
import type { Identified } from './authenticate.ts';

const MESSAGES = Object.freeze({
  totp_required: 'Send the current code of the second factor too.',
  totp_used: 'This code was used already; wait for the next one, or log in once with POST /auth/login.',
  invalid_credentials: 'The credential is not valid here.',
});
const done = new WeakMap<Principal, Principal>();
/** The same caller once its second factor is done; one object each, since what is compiled of a caller hangs on it. */
const doneOf = (principal: Principal): Principal => {
  if (principal.factor === 'done') return principal;
  const known = done.get(principal);
  if (known !== undefined) return known;
  const made = Object.freeze<Principal>({ ...principal, factor: 'done' });
  done.set(principal, made);
  return made;
};

/** Who it is now, and how the factor passed where that is worth knowing. */
export interface Passed {
  readonly identified: Identified;
  readonly by: string | undefined;
}
const NOTED: ReadonlySet<string | undefined> = new Set(['backup-code', 'first-code']);

/** The one place where the second factor is asked for: calls, metrics, administration and logging in all pass it. */
export const secondFactor = (factor: Factor | undefined) => ({
  isDue({ factor: state }: Principal): boolean {
    if (state === 'done' || factor?.require === 'off') return false;
    return state === 'needed' || factor?.require === 'always';
  },
  /** Rejects with 401 and 503. `challenge` goes with each 401. */
  async ask({ principal }: Identified, code: string | undefined, request: AuthRequest, challenge: readonly string[]): Promise<Passed> {
    const refuse = (reason: keyof typeof MESSAGES, retryAfterMs?: number): GatewayError =>
      new GatewayError(reason, MESSAGES[reason], { headers: challenge, retryAfterMs });
    const away = (retryAfterMs: number): GatewayError =>
      new GatewayError('auth_unavailable', 'The second factor cannot be checked right now; try again.', { retryAfterMs });
    if (factor === undefined) throw refuse('invalid_credentials');
    // Also without a code, as only the factor knows whether it can be checked at all: a store that is away is 503, not 401.
    const answer = await factor.factor.verify(principal, code ?? '', request).catch(() => ({ is: 'unavailable', retryAfterMs: 1_000 }) as const);
    if (answer.is === 'unavailable') throw away(answer.retryAfterMs);
    if (answer.is !== 'done') throw refuse(answer.code, answer.retryAfterMs);
    return { identified: { principal: doneOf(principal) }, by: NOTED.has(answer.by) ? answer.by : undefined };
  },
});
