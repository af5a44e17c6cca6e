import type { ModelFacts, Price, Usage } from '@llm-proxy-auth/plugin';
import type { Instance } from '../graph.ts';
import { compileGlob, type Glob } from '../routing/glob.ts';

/** What is known of a model at an instance; `price` is the configuration's before the provider's. */
export interface Known {
  readonly price: Price | undefined;
  readonly facts: ModelFacts | undefined;
}
const MOST_REMEMBERED = 1_000;
interface Book {
  readonly configured: readonly (readonly [Glob, Price])[];
  readonly known: Map<string, Known>;
}
const books = new WeakMap<Instance, Book>();
const bookOf = (instance: Instance): Book => {
  const known = books.get(instance);
  if (known !== undefined) return known;
  const made = { configured: Object.entries(instance.settings.prices).map(([pattern, price]) => [compileGlob(pattern), price] as const), known: new Map() };
  books.set(instance, made);
  return made;
};
/** Looked up once per instance and model. */
export const knownOf = (instance: Instance, model: string): Known => {
  const { configured, known } = bookOf(instance);
  const found = known.get(model);
  if (found !== undefined) return found;
  const facts = instance.provider.facts?.(model);
  const made = { facts, price: configured.find(([fits]) => fits(model))?.[1] ?? facts?.price };
  if (known.size >= MOST_REMEMBERED) known.clear();
  known.set(model, made);
  return made;
};

/** Money is counted in whole nano-dollars, so that sums are exact; a part of one is a whole one. */
export const NANO = 1_000_000_000;
// A price of one USD per million tokens is a thousand nano-dollars a token.
const PER_TOKEN = NANO / 1_000_000;
/** Nano-dollars of what was used. */
export const costOf = (price: Price, { input, output, cacheRead, cacheWrite }: Pick<Usage, 'input' | 'output' | 'cacheRead' | 'cacheWrite'>): number => {
  const fresh = Math.max(0, input - cacheRead - cacheWrite);
  const cached = cacheRead * (price.cacheRead ?? price.input) + cacheWrite * (price.cacheWrite ?? price.input);
  return Math.ceil((fresh * price.input + cached + output * price.output) * PER_TOKEN);
};
/** Nano-dollars that so many tokens cost at most. */
export const mostOf = (price: Price, input: number, output: number): number =>
  Math.ceil((input * Math.max(price.input, price.cacheWrite ?? 0) + output * price.output) * PER_TOKEN);
