import { type AnySurface, GatewayError, type HeaderPairs, type Provider } from '@llm-proxy-auth/plugin';
import { modelAllowed, modelMatters } from '../access/authorize.ts';
import type { Instance } from '../graph.ts';
import { readUnambiguous } from '../http/unambiguous.ts';
import type { Candidate } from '../routing/resolve.ts';
import type { Exchange } from './exchange.ts';

/** The model that a name of an instance's account stands for: policies are tested on it. */
export const modelOf = ({ provider }: Pick<Instance, 'provider'>, name: string): string => provider.names?.model(name) ?? name;

/**
 * A caller who may use certain models reaches no other one by a member beside `model`: every model of the body is tested, as each
 * candidate's account calls it. Returns the candidates that remain; throws `model_not_allowed` where none does.
 */
export const allowFurtherModels = (
  x: Exchange,
  surface: AnySurface | undefined,
  pieces: readonly Uint8Array[],
  candidates: readonly Candidate[],
): readonly Candidate[] => {
  const { principal, policy } = x;
  if (surface?.furtherModels === undefined || pieces.length === 0) return candidates;
  if (principal === undefined || policy === undefined || !modelMatters(principal, policy)) return candidates;
  const body = readUnambiguous(pieces, x.plan.graph.settings.server.maxDepth);
  const models = surface.furtherModels(body);
  const isAllowed = (model: string | undefined, { instance }: Candidate): boolean =>
    model !== undefined && modelAllowed(principal, policy, modelOf(instance, model));
  const allowed = candidates.filter((candidate) => models.every((model) => isAllowed(model, candidate)));
  if (allowed.length === 0)
    throw new GatewayError('model_not_allowed', `${principal.id} may not use a model that this body names beside \`model\`.`, { param: 'model' });
  return allowed;
};
/** The same for the headers of a call in which the vendor reads a further model. */
export const checkModelHeaders = (x: Exchange, provider: Provider, headers: HeaderPairs): void => {
  const { principal, policy } = x;
  const { modelHeaders } = provider;
  if (modelHeaders === undefined || principal === undefined || policy === undefined || !modelMatters(principal, policy)) return;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? '';
    if (!modelHeaders.includes(name)) continue;
    const model = headers[i + 1] ?? '';
    if (!modelAllowed(principal, policy, modelOf({ provider }, model)))
      throw new GatewayError('model_not_allowed', `${principal.id} may not use the model that the header ${name} names.`, { param: name });
  }
};
