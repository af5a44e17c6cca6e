import type { ModelFacts, Price, Rates, Usage } from '@llm-proxy-auth/plugin';
import type { InstanceSettings } from '../config/schema/instance.ts';
import type { Instance } from '../graph.ts';
import { compileGlob, type Glob } from '../routing/glob.ts';

/** What is known of a model at an instance: the configuration's word before the provider's. */
export interface Known {
  readonly price: Price | undefined;
  readonly facts: Partial<Omit<ModelFacts, 'price'>>;
  /** The model that the configuration says it is like. */
  readonly like: string | undefined;
  /** What the configuration says that it refuses; what the provider knows of that stands in `facts`. */
  readonly rejects: readonly string[] | undefined;
}
const MOST_REMEMBERED = 1_000;
interface Book {
  readonly priced: readonly (readonly [Glob, Price])[];
  readonly told: readonly (readonly [Glob, InstanceSettings['facts'][string]])[];
  readonly known: Map<string, Known>;
}
const books = new WeakMap<Instance, Book>();
const byGlob = <T>(entries: Readonly<Record<string, T>>): readonly (readonly [Glob, T])[] =>
  Object.entries(entries).map(([pattern, value]) => [compileGlob(pattern), value] as const);
const bookOf = (instance: Instance): Book => {
  const known = books.get(instance);
  if (known !== undefined) return known;
  const { prices, facts } = instance.settings;
  const made = { priced: byGlob(prices), told: byGlob(facts), known: new Map() };
  books.set(instance, made);
  return made;
};
/** Looked up once per instance and model. */
export const knownOf = (instance: Instance, model: string): Known => {
  const { priced, told, known } = bookOf(instance);
  const found = known.get(model);
  if (found !== undefined) return found;
  const { like, ...written } = told.find(([fits]) => fits(model))?.[1] ?? {};
  const { price, ...facts } = instance.provider.facts?.(like ?? model) ?? {};
  const made = { like, rejects: written.rejects, facts: { ...facts, ...written }, price: priced.find(([fits]) => fits(model))?.[1] ?? price };
  if (known.size >= MOST_REMEMBERED) known.clear();
  known.set(model, made);
  return made;
};

/** Money is counted in whole nano-dollars, so that sums are exact; a part of one is a whole one. */
export const NANO = 1_000_000_000;
// A price of one USD per million tokens is a thousand nano-dollars a token.
const PER_TOKEN = NANO / 1_000_000;
const ratesOf = (price: Price, input: number): Rates => (price.long !== undefined && input > price.long.over ? price.long : price);
/** Nano-dollars of what was used. */
export const costOf = (price: Price, { input, output, cacheRead, cacheWrite }: Pick<Usage, 'input' | 'output' | 'cacheRead' | 'cacheWrite'>): number => {
  const fresh = Math.max(0, input - cacheRead - cacheWrite);
  const rates = ratesOf(price, input);
  const cached = cacheRead * (rates.cacheRead ?? rates.input) + cacheWrite * (rates.cacheWrite ?? rates.input);
  return Math.ceil((fresh * rates.input + cached + output * rates.output) * PER_TOKEN);
};
/** Nano-dollars that so many tokens cost at most. */
export const mostOf = (price: Price, input: number, output: number): number => {
  const rates = ratesOf(price, input);
  return Math.ceil((input * Math.max(rates.input, rates.cacheWrite ?? 0) + output * rates.output) * PER_TOKEN);
};
