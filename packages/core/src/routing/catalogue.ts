import type { ModelInfo } from '@llm-proxy-auth/plugin';
import type { Instance } from '../graph.ts';

const FRESH_MS = 300_000;
const PROVIDER_TIMEOUT_MS = 15_000;

/** What an instance serves: its static list, else the provider's own, asked at most every five minutes. */
export const modelCatalogue = (now: () => number) => {
  const known = new Map<string, { readonly until: number; readonly models: Promise<readonly ModelInfo[]> }>();
  return (instance: Instance): Promise<readonly ModelInfo[]> => {
    const listed = instance.settings.models;
    if (listed !== undefined) return Promise.resolve(listed.map((id) => ({ id, owner: instance.kind })));
    if (instance.provider.models === undefined) return Promise.resolve([]);
    const found = known.get(instance.name);
    if (found !== undefined && found.until > now()) return found.models;
    const models = instance.provider.models(AbortSignal.timeout(PROVIDER_TIMEOUT_MS));
    known.set(instance.name, { until: now() + FRESH_MS, models });
    models.catch(() => known.delete(instance.name));
    return models;
  };
};
export type ModelCatalogue = ReturnType<typeof modelCatalogue>;
