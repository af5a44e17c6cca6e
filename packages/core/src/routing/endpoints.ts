import type { Ask, Dialect, Endpoint } from '@llm-proxy-auth/plugin';
import type { Instance } from '../graph.ts';
import type { Found } from '../http/route.ts';

const MAX_ENTRIES = 1_000;
type ByModel = Map<string, Endpoint | null>;

/** A matched route; one object a target and method. */
type SurfaceFound = Extract<Found, { is: 'surface' }>;
/** Of each route, whole answers and streams. */
interface Remembered {
  readonly whole: ByModel;
  readonly streamed: ByModel;
}
/**
 * Remembers `Provider.endpoint`, which is pure, by what was asked for: the matched route as an object, model and stream. Objects
 * are compared by identity, since a key of text would be built and hashed several times a call.
 */
export const endpointCache = () => {
  const known = new WeakMap<Instance, WeakMap<object, Remembered>>();
  const entriesOf = (instance: Instance, route: object): Remembered => {
    let byRoute = known.get(instance);
    if (byRoute === undefined) {
      byRoute = new WeakMap();
      known.set(instance, byRoute);
    }
    let entries = byRoute.get(route);
    if (entries === undefined) {
      entries = { whole: new Map(), streamed: new Map() };
      byRoute.set(route, entries);
    }
    return entries;
  };
  return (instance: Instance, dialect: Dialect, method: string, found: SurfaceFound, model: string, stream: boolean): Endpoint | undefined => {
    const { whole, streamed } = entriesOf(instance, found);
    const entries = stream ? streamed : whole;
    const remembered = entries.get(model);
    if (remembered !== undefined) return remembered ?? undefined;
    if (entries.size >= MAX_ENTRIES) entries.clear();
    const { surface, route } = found;
    const ask: Ask = { operation: surface.operation, surface: surface.name, dialect: dialect.name, method, route: route.pattern, model, stream };
    const endpoint = instance.provider.endpoint(ask);
    entries.set(model, endpoint ?? null);
    return endpoint;
  };
};
export type Endpoints = ReturnType<typeof endpointCache>;
