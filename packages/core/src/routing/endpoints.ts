import type { Ask, Capabilities, Dialect, Endpoint } from '@llm-proxy-auth/plugin';
import { knownOf } from '../access/prices.ts';
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
/** Of one instance; all of it is forgotten when it holds too much, since models are what callers sent. */
interface Remembering {
  readonly byRoute: WeakMap<object, Remembered>;
  size: number;
}
/** What the endpoint of another model there can; undefined: it is reached in another way, or the provider takes no such name. */
const capabilitiesOf = ({ provider }: Instance, ask: Ask, { dialect, surface }: Endpoint): Capabilities | undefined => {
  try {
    const other = provider.endpoint(ask);
    return other?.dialect === dialect && other.surface === surface ? other.capabilities : undefined;
  } catch {
    return undefined;
  }
};
/** Where a call goes. Of a model that the configuration says is like another, the endpoint can what it can for that one. */
const endpointOf = (instance: Instance, ask: Ask): Endpoint | undefined => {
  const own = instance.provider.endpoint(ask);
  const { like } = knownOf(instance, ask.model);
  if (own === undefined || like === undefined) return own;
  const capabilities = capabilitiesOf(instance, { ...ask, model: like }, own);
  return capabilities === undefined ? own : { ...own, capabilities };
};
/**
 * Remembers `Provider.endpoint`, which is pure, by what was asked for: the matched route as an object, model and stream. Objects
 * are compared by identity, since a key of text would be built and hashed several times a call.
 */
export const endpointCache = () => {
  const known = new WeakMap<Instance, Remembering>();
  const remembering = (instance: Instance): Remembering => {
    let of = known.get(instance);
    if (of === undefined || of.size >= MAX_ENTRIES) {
      of = { byRoute: new WeakMap(), size: 0 };
      known.set(instance, of);
    }
    return of;
  };
  const endpoint = (instance: Instance, dialect: Dialect, method: string, found: SurfaceFound, model: string, stream: boolean): Endpoint | undefined => {
    const remembered = known.get(instance)?.byRoute.get(found)?.[stream ? 'streamed' : 'whole'].get(model);
    if (remembered !== undefined) return remembered ?? undefined;
    const { surface, route } = found;
    const ask: Ask = { operation: surface.operation, surface: surface.name, dialect: dialect.name, method, route: route.pattern, model, stream };
    const answer = endpointOf(instance, ask);
    const of = remembering(instance);
    const entries = of.byRoute.get(found) ?? { whole: new Map(), streamed: new Map() };
    of.byRoute.set(found, entries);
    entries[stream ? 'streamed' : 'whole'].set(model, answer ?? null);
    of.size++;
    return answer;
  };
  /** What was remembered of an instance may be another now. */
  return Object.assign(endpoint, { forget: (instance: Instance): void => void known.delete(instance) });
};
export type Endpoints = ReturnType<typeof endpointCache>;
