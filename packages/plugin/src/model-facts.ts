import { type FamilyRow, modelFamilies } from './model-families.ts';
import type { Capabilities, ModelFacts } from './provider.ts';

export interface FactSource {
  readonly url: string;
  /** Day on which it was read. */
  readonly read: string;
  /** Whose reading of it this is, where it is not our own. */
  readonly via?: string | undefined;
}
/** One model as a data file tells it. */
export interface FactRow extends Omit<ModelFacts, 'source' | 'date' | 'endSource'> {
  /** Name of the source, and of that of `deprecated` and `retires`. */
  readonly from: string;
  readonly endFrom?: string | undefined;
  /** Names of independent sources that say the same price. */
  readonly also?: readonly string[] | undefined;
}
/** What the endpoint of a family of models can or cannot, unlike others of its provider. */
export interface CapabilityRow extends FamilyRow {
  readonly capabilities: Partial<Capabilities>;
}
/** The data file of a provider plugin, `src/facts.json`. */
export interface ModelData {
  /** Day on which it was made. */
  readonly version: string;
  /** Under which licence numbers of others stand here. */
  readonly license?: string | undefined;
  /** What whoever relies on its numbers has to know of them. */
  readonly notes?: readonly string[] | undefined;
  readonly sources: Readonly<Record<string, FactSource>>;
  /** By model id. A name that ends in `*` is a beginning; `place/model` is a model where it costs something else. */
  readonly models: Readonly<Record<string, FactRow>>;
  /** The first row that a model fits counts. */
  readonly families?: readonly CapabilityRow[] | undefined;
}
/** What differs at the endpoints of a model, by its id. */
export const modelCapabilities = ({ families = [] }: Pick<ModelData, 'families'>): ((model: string) => Partial<Capabilities>) => {
  const rowOf = modelFamilies({ families });
  return (model) => rowOf(model)?.capabilities ?? {};
};

/**
 * Facts by model id: an exact name counts before a beginning, a longer beginning before a shorter one; at `places`, in their order,
 * before anywhere.
 */
export const modelFacts = ({ sources, models }: ModelData): ((model: string, places?: readonly string[]) => ModelFacts | undefined) => {
  const sourceOf = (name: string): FactSource => {
    const source = sources[name];
    if (source === undefined) throw new TypeError(`A row of the model data names the source "${name}", which is none.`);
    return source;
  };
  const factsOf = ({ from, endFrom, also: _also, ...row }: FactRow): ModelFacts => {
    const { url, read } = sourceOf(from);
    return Object.freeze({ ...row, source: url, date: read, ...(endFrom === undefined ? {} : { endSource: sourceOf(endFrom).url }) });
  };
  const rows = Object.entries(models).map(([name, row]) => [name, factsOf(row)] as const);
  const exact = new Map(rows.filter(([name]) => !name.endsWith('*')));
  const beginnings = rows
    .filter(([name]) => name.endsWith('*'))
    .map(([name, facts]) => [name.slice(0, -1), facts] as const)
    .sort(([a], [b]) => b.length - a.length);
  const find = (name: string): ModelFacts | undefined => exact.get(name) ?? beginnings.find(([beginning]) => name.startsWith(beginning))?.[1];
  return (model, places = []) => {
    for (const place of places) {
      const there = find(`${place}/${model}`);
      if (there !== undefined) return there;
    }
    return find(model);
  };
};

/** `Date.parse` alone takes a mere `3` for a time. */
const TIME = /^\d{4}-\d\d-\d\d(?:[T ]|$)/;
/** The day of a time (RFC 3339) that a vendor's list says, as `ModelFacts` and `ModelInfo` have it; undefined for anything else. */
export const dayOf = (time: unknown): string | undefined => {
  const at = typeof time === 'string' && TIME.test(time) ? Date.parse(time) : Number.NaN;
  return Number.isNaN(at) ? undefined : new Date(at).toISOString().slice(0, 10);
};
