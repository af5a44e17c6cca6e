import { type AnySurface, GatewayError, type HeaderPairs, type Provider } from '@llm-proxy-auth/plugin';
import { modelAllowed, modelMatters } from '../access/authorize.ts';
import { readUnambiguous } from '../http/unambiguous.ts';
import type { Exchange } from './exchange.ts';

/** A caller who may use certain models reaches no other one by a member beside `model`: every model of the body is tested. */
export const checkFurtherModels = (x: Exchange, surface: AnySurface | undefined, pieces: readonly Uint8Array[]): void => {
  const { principal, policy } = x;
  if (surface?.furtherModels === undefined || pieces.length === 0) return;
  if (principal === undefined || policy === undefined || !modelMatters(principal, policy)) return;
  const body = readUnambiguous(pieces, x.plan.graph.settings.server.maxDepth);
  for (const model of surface.furtherModels(body))
    if (model === undefined || !modelAllowed(principal, policy, model))
      throw new GatewayError('model_not_allowed', `${principal.id} may not use a model that this body names beside \`model\`.`, { param: 'model' });
};
/** The same for the headers of a call in which the vendor reads a further model. */
export const checkModelHeaders = (x: Exchange, { modelHeaders, names }: Provider, headers: HeaderPairs): void => {
  const { principal, policy } = x;
  if (modelHeaders === undefined || principal === undefined || policy === undefined || !modelMatters(principal, policy)) return;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? '';
    if (!modelHeaders.includes(name)) continue;
    const model = headers[i + 1] ?? '';
    if (!modelAllowed(principal, policy, names?.model(model) ?? model))
      throw new GatewayError('model_not_allowed', `${principal.id} may not use the model that the header ${name} names.`, { param: name });
  }
};
