import { GatewayError, type Principal, type Reach } from '@llm-proxy-auth/plugin';
import { compileGlobs, type Glob } from '../routing/glob.ts';
import type { Candidate, Resolved } from '../routing/resolve.ts';
import { modelGlobs, type Policy } from './policy.ts';

/** What a call asks for, the same in both modes. */
export interface Wanted {
  readonly mode: 'protocol' | 'transparent';
  readonly reach: Reach;
  readonly resolved: Resolved;
  /** The provider operation names a model at all (lists and files do not). */
  readonly needsModel: boolean;
  /** Undefined: the call does not say which model. */
  readonly model: string | undefined;
}
export interface Restricted {
  readonly modes: ReadonlySet<string> | undefined;
  readonly instances: Glob;
  readonly models: Glob;
  readonly modelsRestricted: boolean;
}
const restrictions = new WeakMap<Principal, Restricted>();
/** A credential's own restrictions, compiled once. */
export const restrictedOf = (principal: Principal): Restricted => {
  const known = restrictions.get(principal);
  if (known !== undefined) return known;
  const models = modelGlobs(principal.restrict?.models);
  const made = {
    modes: principal.restrict?.modes === undefined ? undefined : new Set(principal.restrict.modes),
    instances: compileGlobs(principal.restrict?.instances),
    models: models.allows,
    modelsRestricted: models.restricted,
  };
  restrictions.set(principal, made);
  return made;
};

const tagsHold = (policy: Policy, candidate: Candidate): boolean => policy.tags.every(([tag, glob]) => glob(candidate.instance.settings.tags[tag] ?? ''));

/** Whether a principal may use a model by name (`models:`) or by the provider's id. */
export const modelAllowed = (principal: Principal, policy: Policy, name: string): boolean => policy.models(name) && restrictedOf(principal).models(name);

/**
 * The only place where a call is allowed: policy ∩ the credential's own restrictions, tested on every candidate.
 * Returns the candidates that remain; throws 403 with the code of the first rule that failed.
 */
export const authorize = (principal: Principal, policy: Policy | undefined, wanted: Wanted): readonly Candidate[] => {
  const own = restrictedOf(principal);
  if (policy === undefined) throw new GatewayError('operation_not_allowed', `No policy matches ${principal.id}; ask the operator to add one.`);
  if (!policy.modes.has(wanted.mode) || own.modes?.has(wanted.mode) === false)
    throw new GatewayError('mode_not_allowed', `${principal.id} may not use ${wanted.mode} mode.`);
  if (!policy.classes.has(wanted.reach.class))
    throw new GatewayError('operation_not_allowed', `${principal.id} may not use operations of class ${wanted.reach.class}.`);
  const byInstance = wanted.resolved.candidates.filter((c) => policy.instances(c.instance.name) && own.instances(c.instance.name) && tagsHold(policy, c));
  if (byInstance.length === 0) throw new GatewayError('instance_not_allowed', `${principal.id} may not use this instance.`);
  const reachable = wanted.reach.class === 'control' ? byInstance.filter((c) => c.instance.settings.control) : byInstance;
  if (reachable.length === 0) throw new GatewayError('operation_not_allowed', 'Control operations are switched off at this instance.');
  if (!policy.modelsRestricted && !own.modelsRestricted) return reachable;
  // A list is cut where it can be; what names one model is tested like a call.
  if (wanted.reach.class === 'models' && !wanted.needsModel) return reachable;
  const refusal = () => new GatewayError('model_not_allowed', `${principal.id} may not use this model.`, { param: 'model' });
  if (wanted.reach.modelElsewhere === true || (wanted.needsModel && wanted.model === undefined)) throw refusal();
  if (!wanted.needsModel) return reachable;
  const { alias } = wanted.resolved;
  if (alias !== undefined) {
    if (!modelAllowed(principal, policy, alias)) throw refusal();
    return reachable;
  }
  const allowed = reachable.filter((c) => modelAllowed(principal, policy, c.model));
  if (allowed.length === 0) throw refusal();
  return allowed;
};

/** True when the body must be read before a call can be allowed. */
export const modelMatters = (principal: Principal, policy: Policy | undefined): boolean =>
  policy === undefined || policy.modelsRestricted || restrictedOf(principal).modelsRestricted;
