import type { Principal } from '@llm-proxy-auth/plugin';
import type { LimitSettings, PolicySettings } from '../config/schema/policies.ts';
import type { Graph } from '../graph.ts';
import { compileGlob, compileGlobs, type Glob } from '../routing/glob.ts';
import { compileRanges, type Ranges } from './address.ts';

/** A compiled entry of `policies:`. */
export interface Policy {
  readonly name: string;
  readonly matches: (principal: Principal, address: string) => boolean;
  /** All of the match but the address. */
  readonly concerns: (principal: Principal) => boolean;
  /** The match looks at the caller's address, so it cannot be remembered per principal. */
  readonly byAddress: boolean;
  readonly modes: ReadonlySet<string>;
  readonly classes: ReadonlySet<string>;
  readonly instances: Glob;
  readonly models: Glob;
  /** False when the policy allows every model. */
  readonly modelsRestricted: boolean;
  readonly tags: readonly (readonly [string, Glob])[];
  readonly limits: readonly LimitSettings[];
  /** Which groups of a caller `per: group` counts: those that the match asks for, else all. */
  readonly groups: Glob;
  /** A limit counts each model apart. */
  readonly perModel: boolean;
  /** A limit counts tokens or money, which are reserved before a call. */
  readonly reserves: boolean;
}
const BOTH_MODES: ReadonlySet<string> = new Set(['protocol', 'transparent']);
const DEFAULT_CLASSES: ReadonlySet<string> = new Set(['inference', 'models']);

/** ARNs match only patterns written as ARNs, so that `*` never reaches into another account by accident. */
export const modelGlobs = (patterns: readonly string[] | undefined): { readonly allows: Glob; readonly restricted: boolean } => {
  if (patterns === undefined || patterns.includes('*')) return { allows: () => true, restricted: false };
  const arns = compileGlobs(patterns.filter((p) => p.startsWith('arn:')));
  const others = compileGlobs(patterns.filter((p) => !p.startsWith('arn:')));
  return { allows: (model) => (model.startsWith('arn:') ? arns(model) : others(model)), restricted: true };
};

const compile = (settings: PolicySettings, index: number): Policy => {
  const { match = {}, allow } = settings;
  const principal = match.principal === undefined ? undefined : compileGlob(match.principal);
  const group = match.group === undefined ? undefined : compileGlob(match.group);
  const strategy = match.strategy === undefined ? undefined : compileGlob(match.strategy);
  const cidr = match.cidr === undefined ? undefined : compileRanges([match.cidr]);
  const models = modelGlobs(allow.models);
  const concerns = (p: Principal): boolean =>
    (principal === undefined || principal(p.id)) && (group === undefined || p.groups.some(group)) && (strategy === undefined || strategy(p.strategy));
  return {
    name: settings.name ?? `policy ${index + 1}`,
    matches: (p, address) => concerns(p) && (cidr === undefined || cidr(address)),
    concerns,
    byAddress: cidr !== undefined,
    modes: allow.modes === undefined ? BOTH_MODES : new Set(allow.modes),
    classes: allow.classes === undefined ? DEFAULT_CLASSES : new Set(allow.classes),
    instances: compileGlobs(allow.instances),
    models: models.allows,
    modelsRestricted: models.restricted,
    tags: Object.entries(allow.tags ?? {}).map(([tag, pattern]) => [tag, compileGlob(pattern)] as const),
    limits: settings.limits ?? [],
    groups: group ?? (() => true),
    perModel: settings.limits?.some((l) => l.per === 'model') === true,
    reserves: settings.limits?.some((l) => l.tokens !== undefined || l.budget !== undefined) === true,
  };
};

/** Whether any policy holds for anybody at an address: where none does, no credential needs to be looked at. No policy at all looks at no address. */
export const compilePlaces = ({ settings: { policies } }: Graph): Ranges => {
  const cidrs = policies?.map(({ match }) => match?.cidr) ?? [undefined];
  const written = cidrs.filter((cidr) => cidr !== undefined);
  return written.length === 0 || written.length < cidrs.length ? () => true : compileRanges(written);
};

/** Without the section there is one policy, for principals that this gateway issued. */
const issuedOnly = (graph: Graph): Policy => {
  const issued = new Set(graph.strategies.filter((s) => s.strategy.issued).map((s) => s.kind));
  const open = graph.strategies.length === 0;
  const matches = (p: Principal): boolean => open || issued.has(p.strategy);
  return {
    name: 'default',
    matches,
    concerns: matches,
    byAddress: false,
    modes: BOTH_MODES,
    classes: DEFAULT_CLASSES,
    instances: () => true,
    models: () => true,
    modelsRestricted: false,
    tags: [],
    limits: [],
    groups: () => true,
    perModel: false,
    reserves: false,
  };
};

/** First match wins; the answer is remembered per principal unless addresses decide. */
export const compilePolicies = (graph: Graph): ((principal: Principal, address: string) => Policy | undefined) => {
  const policies = graph.settings.policies === undefined ? [issuedOnly(graph)] : graph.settings.policies.map(compile);
  const find = (principal: Principal, address: string) => policies.find((p) => p.matches(principal, address));
  if (policies.some((p) => p.byAddress)) return find;
  const remembered = new WeakMap<Principal, { readonly policy: Policy | undefined }>();
  return (principal, address) => {
    const known = remembered.get(principal);
    if (known !== undefined) return known.policy;
    const policy = find(principal, address);
    remembered.set(principal, { policy });
    return policy;
  };
};

/**
 * `Access.covers`: both fall under the same policy wherever they call from, or there is one for everybody. Whether another policy
 * gives as much is not looked at, and what depends on an address is never the same.
 */
export const compileCoverage = (settings: readonly PolicySettings[] | undefined): ((caller: Principal, other: Principal) => boolean) => {
  if (settings === undefined) return () => true;
  const policies = settings.map(compile);
  const first = (principal: Principal): Policy | undefined => policies.find((p) => p.concerns(principal));
  return (caller, other) => {
    if (caller.id === other.id && caller.strategy === other.strategy) return true;
    const policy = first(other);
    return policy === undefined || (!policy.byAddress && policy === first(caller));
  };
};
