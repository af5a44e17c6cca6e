import { GatewayError } from '@llm-proxy-auth/plugin';
import { knownOf } from '../access/prices.ts';
import type { ModelSettings } from '../config/schema/models.ts';
import type { Instance } from '../graph.ts';
import { compileGlob, type Glob } from './glob.ts';

/** One place a model can be had. */
export interface Candidate {
  readonly instance: Instance;
  /** The provider's model id. */
  readonly model: string;
  readonly weight: number;
}
export interface Resolved {
  readonly candidates: readonly Candidate[];
  /** Name in `models:` that was asked for; policies test it instead of the provider's id. */
  readonly alias: string | undefined;
  readonly strategy: 'ordered' | 'weighted' | 'least-cost';
  readonly fallback: { readonly on: readonly string[]; readonly attempts: number };
}
const ONLY_ONE = Object.freeze({ on: Object.freeze([] as string[]), attempts: Number.MAX_SAFE_INTEGER });
const FALLBACK = Object.freeze({ on: Object.freeze(['connect', 'timeout', '429', '5xx']), attempts: 3 });

export const single = (instance: Instance, model: string): Resolved => ({
  candidates: [{ instance, model, weight: 1 }],
  alias: undefined,
  strategy: 'ordered',
  fallback: ONLY_ONE,
});

interface Entry {
  readonly settings: ModelSettings;
  readonly glob: Glob;
}
export interface ModelRouter {
  /** Throws `model_not_found`. `wanted`: only targets at this instance. */
  resolve(model: string, wanted: string | undefined): Resolved;
  /** The target a name of `models:` has at one instance, for transparent aliases. */
  at(instance: string, model: string): string | undefined;
  readonly names: readonly string[];
}

export const compileModels = (models: readonly ModelSettings[], instances: ReadonlyMap<string, Instance>): ModelRouter => {
  const exact = new Map<string, ModelSettings>();
  const globs: Entry[] = [];
  for (const settings of models) {
    if (settings.name !== undefined) exact.set(settings.name, settings);
    else if (settings.match !== undefined) globs.push({ settings, glob: compileGlob(settings.match) });
  }
  const find = (model: string): ModelSettings | undefined => exact.get(model) ?? globs.find((g) => g.glob(model))?.settings;
  const candidatesOf = (settings: ModelSettings, model: string): Candidate[] =>
    settings.targets.flatMap((t) => {
      const instance = instances.get(t.instance);
      return instance === undefined ? [] : [{ instance, model: t.model === '*' ? model : t.model, weight: t.weight ?? 1 }];
    });
  return {
    names: [...exact.keys()],
    at: (instance, model) => {
      const settings = exact.get(model);
      return settings === undefined ? undefined : candidatesOf(settings, model).find((c) => c.instance.name === instance)?.model;
    },
    resolve(model, wanted) {
      const settings = find(model);
      if (settings === undefined)
        throw new GatewayError('model_not_found', `No entry of \`models:\` serves "${model.slice(0, 200)}"; ask an instance directly or add one.`, {
          param: 'model',
        });
      const all = candidatesOf(settings, model);
      const candidates = wanted === undefined ? all : all.filter((c) => c.instance.name === wanted);
      if (candidates.length === 0) throw new GatewayError('instance_not_found', `"${model.slice(0, 200)}" is not served by the instance that was asked for.`);
      const fallback = settings.fallback;
      return {
        candidates,
        alias: settings.name,
        strategy: settings.strategy ?? 'ordered',
        fallback: fallback === undefined ? FALLBACK : { on: fallback.on, attempts: fallback.attempts },
      };
    },
  };
};

/** Those of one price stay in their order, and those without one come last. */
const priceOf = ({ instance, model }: Candidate): number => {
  const { price } = knownOf(instance, model);
  return price === undefined ? Number.MAX_VALUE : price.input + price.output;
};
/** Targets in the order they are tried; weighted: drawn without putting back. `random` gives [0, 1). */
export const order = (resolved: Resolved, candidates: readonly Candidate[], random: () => number): readonly Candidate[] => {
  if (resolved.strategy === 'ordered' || candidates.length < 2) return candidates;
  if (resolved.strategy === 'least-cost') return candidates.toSorted((a, b) => priceOf(a) - priceOf(b));
  const left = [...candidates];
  const drawn: Candidate[] = [];
  while (left.length > 0) {
    let at = random() * left.reduce((sum, c) => sum + c.weight, 0);
    const index = left.findIndex((c) => {
      at -= c.weight;
      return at < 0;
    });
    drawn.push(...left.splice(index < 0 ? left.length - 1 : index, 1));
  }
  return drawn;
};
