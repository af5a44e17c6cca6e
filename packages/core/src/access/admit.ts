import { type Claim, type Counters, GatewayError, type LimitLine, type LimitState, type Taken } from '@llm-proxy-auth/plugin';
import { type Counted, type Estimate, makeClaims, TOKENS } from './claims.ts';
import type { Policy } from './policy.ts';

export interface Admitted {
  readonly lease: string;
  readonly limit: LimitState | undefined;
  /** What was claimed, where tokens or money are reserved: `settle` is told what became of it. */
  readonly reserved: readonly Claim[];
  /** 429: the call may not go on; `limit` is told with it. */
  readonly refused: GatewayError | undefined;
}
const NOTHING: readonly Claim[] = Object.freeze([]);
const FREE: Admitted = Object.freeze({ lease: '', limit: undefined, reserved: NOTHING, refused: undefined });

const MOST_REMEMBERED = 200;
const remembered = new WeakMap<Policy, WeakMap<Counted['principal'], Map<string, readonly Claim[]>>>();
/** The claims of a caller are the same for each of its calls to one place: made once. */
const claimsOf = (policy: Policy, counted: Counted, now: number): readonly Claim[] => {
  const { principal, instance, model } = counted;
  let byPrincipal = remembered.get(policy);
  if (byPrincipal === undefined) {
    byPrincipal = new WeakMap();
    remembered.set(policy, byPrincipal);
  }
  let byPlace = byPrincipal.get(principal);
  if (byPlace === undefined) {
    byPlace = new Map();
    byPrincipal.set(principal, byPlace);
  }
  const place = policy.perModel ? `${instance}\0${model}` : instance;
  const known = byPlace.get(place);
  if (known !== undefined) return known;
  const made = makeClaims(policy, counted, undefined, now);
  if (byPlace.size >= MOST_REMEMBERED) byPlace.clear();
  byPlace.set(place, made);
  return made;
};

const isTokens = (claim: Claim): boolean => claim.kind === 'rate' && claim.key.endsWith(TOKENS);
const tighter = (a: LimitLine | undefined, b: LimitLine): LimitLine => (a !== undefined && a.remaining <= b.remaining ? a : b);
/** The tightest limit of calls, and that of tokens, as answers tell them. */
const stateOf = (claims: readonly Claim[], taken: Extract<Taken, { ok: true }>): LimitState | undefined => {
  let requests: LimitLine | undefined;
  let tokens: LimitLine | undefined;
  for (const { key, remaining, resetMs } of taken.left ?? []) {
    const claim = claims.find((c) => c.key === key);
    if (claim?.kind !== 'rate') continue;
    const line = { limit: claim.limit, remaining, resetMs };
    if (isTokens(claim)) tokens = tighter(tokens, line);
    else requests = tighter(requests, line);
  }
  if (requests === undefined) return tokens === undefined ? undefined : { tokens };
  return tokens === undefined ? { requests } : { requests, tokens };
};

const refusedBy = (claim: Claim | undefined, taken: Extract<Taken, { ok: false }>): GatewayError => {
  const most = claim?.limit ?? 0;
  const wait = { retryAfterMs: taken.retryAfterMs };
  if (claim?.kind === 'concurrent')
    return new GatewayError('too_many_concurrent_requests', `At most ${most} calls may be open at once; wait for one to end.`, wait);
  if (claim?.kind === 'budget')
    return new GatewayError('budget_exceeded', 'What is left of the budget does not pay for this call; it begins anew with the next window.', {
      ...wait,
      retry: false,
    });
  if (claim === undefined || !isTokens(claim))
    return new GatewayError('rate_limit_exceeded', `The limit of ${most} requests is used up; try again later.`, wait);
  // No wait lets through what is larger than the whole limit.
  if (claim.amount > most)
    return new GatewayError('rate_limit_exceeded', `The call may use ${claim.amount} tokens, more than the limit of ${most}; ask for less output.`, {
      ...wait,
      tokens: true,
      retry: false,
    });
  return new GatewayError('rate_limit_exceeded', `The limit of ${most} tokens is used up; try again later.`, { ...wait, tokens: true });
};
const admitted = (claims: readonly Claim[], reserves: boolean, taken: Taken): Admitted => {
  if (taken.ok) return { lease: taken.lease, limit: stateOf(claims, taken), reserved: reserves ? claims : NOTHING, refused: undefined };
  const claim = claims.find((c) => c.key === taken.key);
  const refused = refusedBy(claim, taken);
  if (claim?.kind !== 'rate') return { lease: '', limit: undefined, reserved: NOTHING, refused };
  const line = { limit: claim.limit, remaining: taken.remaining, resetMs: taken.resetMs ?? taken.retryAfterMs };
  return { lease: '', limit: isTokens(claim) ? { tokens: line } : { requests: line }, reserved: NOTHING, refused };
};

/** All limits of the policy in one `take`. At once when there are none and when counters answer at once. Throws 403 `model_not_priced`. */
export const admit = (counters: Counters, policy: Policy, counted: Counted, estimate: Estimate | undefined, now: number): Admitted | Promise<Admitted> => {
  if (policy.limits.length === 0) return FREE;
  const claims = estimate === undefined ? claimsOf(policy, counted, now) : makeClaims(policy, counted, estimate, now);
  // A policy of budgets alone has nothing to claim for a list.
  if (claims.length === 0) return FREE;
  const taken = counters.take(claims, now);
  const reserves = estimate !== undefined;
  return taken instanceof Promise ? taken.then((t) => admitted(claims, reserves, t)) : admitted(claims, reserves, taken);
};
