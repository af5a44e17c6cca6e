import { hash } from 'node:crypto';
import { type Claim, GatewayError, type Principal } from '@llm-proxy-auth/plugin';
import type { LimitSettings } from '../config/schema/policies.ts';
import type { Policy } from './policy.ts';
import { NANO } from './prices.ts';
import { windowEnd } from './window.ts';

/** What a call may use at most, as far as can be told before it is made. */
export interface Estimate {
  readonly input: number;
  readonly output: number;
  /** Nano-dollars at the dearest candidate's price; undefined: a candidate has no price, or nothing bounds it. */
  readonly cost: number | undefined;
}
/** Where a call is counted. */
export interface Counted {
  readonly principal: Principal;
  readonly instance: string;
  readonly model: string;
}
const UNIT_MS: Readonly<Record<string, number>> = Object.freeze({ s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 });
/** Ends of keys; what a counter counts is told by them. */
export const TOKENS = '|tokens';
export const BUDGET = '|budget';

/** Names that clients choose are as long as they like; keys of counters are not. */
const bounded = (name: string): string => (name.length <= 200 ? name : `sha256:${hash('sha256', name, 'base64url')}`);
/** A caller of several groups counts in each: which of them its issuer names first says nothing. */
const groupsOf = ({ groups }: Policy, { principal }: Counted): readonly string[] => {
  const counted = [...new Set(principal.groups.filter(groups))];
  return counted.length === 0 ? [principal.owner] : counted;
};
const subjects = (policy: Policy, { per }: LimitSettings, counted: Counted): readonly string[] => {
  const { principal, instance, model } = counted;
  switch (per) {
    case 'credential':
      return [`credential:${principal.credential}`];
    case 'group':
      return groupsOf(policy, counted).map((group) => `group:${bounded(group)}`);
    case 'instance':
      return [`instance:${instance}`];
    case 'model':
      return [`model:${bounded(model)}`];
    case 'policy':
      return ['policy'];
    default:
      return [`principal:${principal.owner}`];
  }
};
const rate = (key: string, written: string, amount: number, reserved: boolean): Claim => {
  const [count = '1', unit = 'min'] = written.split('/');
  const claim = { key, amount, limit: Number(count), windowMs: UNIT_MS[unit] ?? 60_000, kind: 'rate', shadow: false } as const;
  return reserved ? { ...claim, reserved } : claim;
};
/** Throws 403 `model_not_priced` under an enforced budget that lets nothing through unpriced. */
const budgetClaim = (key: string, { usd, window, mode, unpriced }: NonNullable<LimitSettings['budget']>, cost: number | undefined, now: number): Claim => {
  const shadow = mode === 'observe';
  if (cost === undefined && !shadow && unpriced === 'deny')
    throw new GatewayError(
      'model_not_priced',
      'What this call costs is not known beforehand, and the budget allows only what has a price: its model has none, or it is made in the background without a bound.',
      {
        param: 'model',
      },
    );
  return { key, amount: cost ?? 0, limit: Math.round(usd * NANO), windowMs: undefined, ends: windowEnd(window, now), kind: 'budget', shadow };
};

const claimsOfLimit = (key: string, limit: LimitSettings, estimate: Estimate | undefined, now: number): readonly Claim[] => {
  const claims: Claim[] = [];
  if (limit.requests !== undefined) claims.push(rate(`${key}|requests`, limit.requests, 1, false));
  if (limit.concurrent !== undefined)
    claims.push({ key: `${key}|concurrent`, amount: 1, limit: limit.concurrent, windowMs: undefined, kind: 'concurrent', shadow: false });
  if (estimate === undefined) return claims;
  if (limit.tokens !== undefined) claims.push(rate(key + TOKENS, limit.tokens, estimate.input + estimate.output, true));
  if (limit.budget !== undefined) claims.push(budgetClaim(key + BUDGET, limit.budget, estimate.cost, now));
  return claims;
};
/** `estimate` is undefined for calls that use nothing (lists, counts): they are counted as calls alone. */
export const makeClaims = (policy: Policy, counted: Counted, estimate: Estimate | undefined, now: number): Claim[] =>
  policy.limits.flatMap((limit, i) =>
    subjects(policy, limit, counted).flatMap((subject) => claimsOfLimit(`${policy.name}|${i}|${subject}`, limit, estimate, now)),
  );
