import { type Dialect, GatewayError, type ModelInfo, NO_CHAT, type Surface } from '@llm-proxy-auth/plugin';
import { authorize, modelAllowed } from '../access/authorize.ts';
import type { Instance } from '../graph.ts';
import type { Found } from '../http/route.ts';
import { decode } from '../http/target.ts';
import { single } from '../routing/resolve.ts';
import { namedId, ownHeaders, sendWhole, writtenHeaders } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { explain } from './explain.ts';
import { takeLimits } from './limits.ts';
import { callOf, inboundOf, makeLedger } from './translate.ts';

/** Names of `models:` whose targets the caller may use at least one of. */
const routedModels = (x: Exchange): ModelInfo[] =>
  x.plan.models.names.flatMap((name) => {
    if (x.principal === undefined) return [];
    try {
      const resolved = x.plan.models.resolve(name, undefined);
      authorize(x.principal, x.policy, { mode: 'protocol', reach: { class: 'models' }, resolved, needsModel: false, model: undefined });
      return [{ id: name, owner: resolved.candidates[0]?.instance.kind ?? 'gateway' }];
    } catch {
      return [];
    }
  });

/** Answers model lists and single models from what the instance serves, cut to what the caller may use. Never passes. */
export const listModels = async (
  x: Exchange,
  dialect: Dialect,
  surface: Surface<'models'>,
  found: Extract<Found, { is: 'surface' }>,
  instance: Instance | undefined,
  explained: boolean,
): Promise<void> => {
  const { principal, policy } = x;
  if (principal === undefined || policy === undefined) throw new GatewayError('operation_not_allowed', 'No policy matches this caller.');
  if (surface.client === undefined) throw new GatewayError('operation_not_supported', 'This dialect cannot list models.');
  const wanted = found.params.model === undefined ? undefined : decode(found.params.model);
  const taking = takeLimits(x, { principal, instance: instance?.name ?? '', model: wanted ?? '' }, [], undefined);
  if (taking !== undefined) await taking;
  let models: readonly ModelInfo[];
  if (instance === undefined) models = routedModels(x);
  else {
    authorize(principal, policy, { mode: 'protocol', reach: found.reach, resolved: single(instance, ''), needsModel: false, model: undefined });
    x.instance = instance;
    models = explained ? [] : await x.plan.catalogue(instance);
  }
  // The gateway makes this answer itself: there is no request to show.
  if (explained) return explain(x, { dialect: dialect.name, surface: surface.name, pattern: found.route.pattern }, []);
  const allowed = models.filter((m) => modelAllowed(principal, policy, m.id));
  const shown = wanted === undefined ? allowed : allowed.filter((m) => m.id === wanted);
  if (wanted !== undefined && shown.length === 0)
    throw new GatewayError('model_not_found', `The model "${wanted.slice(0, 200)}" does not exist here or is not yours to use.`, { param: 'model' });
  x.model = wanted;
  const inbound = { ...inboundOf(x, ''), model: wanted };
  const written = surface.client.write(shown, callOf(x, inbound, NO_ENDPOINT(dialect.name, surface.name), wanted ?? '', makeLedger(x), x.plan.graph.seal));
  sendWhole(x, written.status ?? 200, ownHeaders(x).addAll([...namedId(dialect, x.id), ...writtenHeaders(written.headers)]), written.body);
};
const NO_ENDPOINT = (dialect: string, surface: string) => ({
  dialect,
  surface,
  method: 'GET',
  path: '',
  capabilities: { ...NO_CHAT, choices: 0 },
});
