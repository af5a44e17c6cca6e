import type { Instance } from '../graph.ts';

interface Learned {
  readonly words: ReadonlySet<string>;
  readonly until: number;
}
const KEPT_MS = 3_600_000;
const MOST = 10_000;
const memories = new WeakMap<Instance, Map<string, Learned>>();
const NOTHING: ReadonlySet<string> = new Set();
/** A refusal may repeat what its caller wrote, so that it teaches nothing of other callers' calls. */
const keyOf = (owner: string, model: string): string => `${owner}\n${model}`;

/** What a model was found to refuse of this caller, in words of the provider's surface; forgotten an hour after it was learned. */
export const learnedOf = (instance: Instance, owner: string, model: string, now: number): ReadonlySet<string> => {
  const found = memories.get(instance)?.get(keyOf(owner, model));
  return found === undefined || found.until <= now ? NOTHING : found.words;
};
/** False: nothing of it is new, so that asking again would be refused again. */
export const learn = (instance: Instance, owner: string, model: string, words: readonly string[], now: number): boolean => {
  const known = learnedOf(instance, owner, model, now);
  if (words.every((word) => known.has(word))) return false;
  const memory = memories.get(instance) ?? new Map<string, Learned>();
  memories.set(instance, memory);
  if (memory.size >= MOST) memory.clear();
  memory.set(keyOf(owner, model), { words: new Set([...known, ...words]), until: now + KEPT_MS });
  return true;
};
