import type { Ask, Endpoint } from '@llm-proxy-auth/plugin';
import type { Instance } from '../graph.ts';

const MAX_ENTRIES = 1_000;

/** Remembers `Provider.endpoint`, which is pure. */
export const endpointCache = () => {
  const known = new WeakMap<Instance, Map<string, Endpoint | undefined>>();
  return (instance: Instance, ask: Ask): Endpoint | undefined => {
    let entries = known.get(instance);
    if (entries === undefined) {
      entries = new Map();
      known.set(instance, entries);
    }
    const key = `${ask.dialect}\0${ask.surface}\0${ask.method}\0${ask.route}\0${ask.stream ? 1 : 0}\0${ask.model}`;
    const found = entries.get(key);
    if (found !== undefined || entries.has(key)) return found;
    if (entries.size >= MAX_ENTRIES) entries.clear();
    const endpoint = instance.provider.endpoint(ask);
    entries.set(key, endpoint);
    return endpoint;
  };
};
export type Endpoints = ReturnType<typeof endpointCache>;
