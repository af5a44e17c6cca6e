import { type Claim, type Counters, GatewayError, type LimitState, type Principal, type Taken } from '@llm-proxy-auth/plugin';
import type { LimitSettings } from '../config/schema.ts';
import type { Policy } from './policy.ts';

const UNIT_MS: Readonly<Record<string, number>> = Object.freeze({ s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 });
export interface Admitted {
  readonly lease: string;
  readonly limit: LimitState | undefined;
  /** 429: the call may not go on; `limit` is told with it. */
  readonly refused: GatewayError | undefined;
}
const FREE: Admitted = Object.freeze({ lease: '', limit: undefined, refused: undefined });

const subject = (limit: LimitSettings, principal: Principal, instance: string, model: string): string => {
  switch (limit.per) {
    case 'credential':
      return `credential:${principal.credential}`;
    case 'group':
      return `group:${principal.groups[0] ?? principal.owner}`;
    case 'instance':
      return `instance:${instance}`;
    case 'model':
      return `model:${model}`;
    case 'policy':
      return 'policy';
    default:
      return `principal:${principal.owner}`;
  }
};

const makeClaims = (policy: Policy, principal: Principal, instance: string, model: string): Claim[] =>
  policy.limits.flatMap((limit, i) => {
    const key = `${policy.name}|${i}|${subject(limit, principal, instance, model)}`;
    const claims: Claim[] = [];
    if (limit.requests !== undefined) {
      const [count = '1', unit = 'min'] = limit.requests.split('/');
      claims.push({ key: `${key}|requests`, amount: 1, limit: Number(count), windowMs: UNIT_MS[unit] ?? 60_000, kind: 'rate', shadow: false });
    }
    if (limit.concurrent !== undefined)
      claims.push({ key: `${key}|concurrent`, amount: 1, limit: limit.concurrent, windowMs: undefined, kind: 'concurrent', shadow: false });
    return claims;
  });

const MOST_REMEMBERED = 200;
const remembered = new WeakMap<Policy, WeakMap<Principal, Map<string, readonly Claim[]>>>();
/** The claims of a caller are the same for each of its calls to one place: made once. */
const claimsOf = (policy: Policy, principal: Principal, instance: string, model: string): readonly Claim[] => {
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
  const made = makeClaims(policy, principal, instance, model);
  if (byPlace.size >= MOST_REMEMBERED) byPlace.clear();
  byPlace.set(place, made);
  return made;
};

const stateOf = (claims: readonly Claim[], taken: Extract<Taken, { ok: true }>): LimitState | undefined => {
  let tightest: LimitState['requests'];
  for (const line of taken.left ?? []) {
    const claim = claims.find((c) => c.key === line.key);
    if (claim === undefined || (tightest !== undefined && tightest.remaining <= line.remaining)) continue;
    tightest = { limit: claim.limit, remaining: line.remaining, resetMs: line.resetMs };
  }
  return tightest === undefined ? undefined : { requests: tightest };
};

const settled = (claims: readonly Claim[], taken: Taken): Admitted => {
  if (taken.ok) return { lease: taken.lease, limit: stateOf(claims, taken), refused: undefined };
  const claim = claims.find((c) => c.key === taken.key);
  const wait = { retryAfterMs: taken.retryAfterMs };
  const most = claim?.limit ?? 0;
  if (claim?.kind === 'concurrent') {
    const refused = new GatewayError('too_many_concurrent_requests', `At most ${most} calls may be open at once; wait for one to end.`, wait);
    return { lease: '', limit: undefined, refused };
  }
  const requests = { limit: most, remaining: taken.remaining, resetMs: taken.resetMs ?? taken.retryAfterMs };
  return {
    lease: '',
    limit: { requests },
    refused: new GatewayError('rate_limit_exceeded', `The limit of ${most} requests is used up; try again later.`, wait),
  };
};

/** All limits of the policy in one `take`. At once when there are none and when counters answer at once. */
export const admit = (counters: Counters, policy: Policy, principal: Principal, instance: string, model: string, now: number): Admitted | Promise<Admitted> => {
  if (policy.limits.length === 0) return FREE;
  const claims = claimsOf(policy, principal, instance, model);
  const taken = counters.take(claims, now);
  return taken instanceof Promise ? taken.then((t) => settled(claims, t)) : settled(claims, taken);
};
