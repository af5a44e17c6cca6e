import type { Governed, Reach } from '@llm-proxy-auth/plugin';
import { idKeys } from './inner-ids.ts';

/** Where a surface's governed fields stand. */
export interface GovernedPaths {
  readonly model: readonly string[] | undefined;
  readonly stream: readonly string[] | undefined;
  readonly usage: readonly string[] | undefined;
  /** Where the flag stands that lets the reply's ids become the caller's. */
  readonly flag: readonly string[] | undefined;
  /** Names of members, at any depth, that hold ids. */
  readonly members: readonly string[];
  /** Names of keys, at any depth, without which a JSON body names no id inside. */
  readonly keys: readonly string[] | undefined;
  /** Positions in `wanted` of numbers that bound the answer; empty unless asked for. */
  readonly outputAt: readonly number[];
  readonly choicesAt: readonly number[];
  /** Positions in `wanted` of lists of prompts; of what stands there only the number of prompts is looked at. */
  readonly promptsAt: readonly number[];
  /** Tokens of an answer that the body does not bound, where the surface knows better than the core. */
  readonly usual: number | undefined;
  /** Position of the flag that the answer comes in the background; -1 unless asked for. */
  readonly laterAt: number;
  /** All paths, those of ids that the caller must own last. */
  readonly wanted: readonly (readonly string[])[];
  /** Positions in `wanted`; -1 = not looked for. */
  readonly modelAt: number;
  readonly streamAt: number;
  readonly usageAt: number;
  readonly flagAt: number;
  readonly idsFrom: number;
}
const pointerPath = (pointer: string): readonly string[] =>
  pointer
    .slice(1)
    .split('/')
    .map((s) => s.replaceAll('~1', '/').replaceAll('~0', '~'));

const compile = (governed: Governed, { request: pointers, replyWhen, inside }: Ids, bounded: boolean): GovernedPaths => {
  const model = Array.isArray(governed.model) ? governed.model : undefined;
  const stream = Array.isArray(governed.stream) ? governed.stream : undefined;
  const { usage } = governed;
  const flag = replyWhen === undefined ? undefined : pointerPath(replyWhen);
  const ids = pointers.filter((p) => p.startsWith('/')).map(pointerPath);
  const { output = [], choices = [], prompts = [], later, usual }: Partial<Governed> = bounded ? governed : {};
  const wanted = [model, stream, usage, flag, later, ...output, ...choices, ...prompts, ...ids].filter((p) => p !== undefined);
  const at = (path: readonly string[] | undefined): number => (path === undefined ? -1 : wanted.indexOf(path));
  const places = { modelAt: at(model), streamAt: at(stream), usageAt: at(usage), flagAt: at(flag), laterAt: at(later), idsFrom: wanted.length - ids.length };
  const numbers = { outputAt: output.map(at), choicesAt: choices.map(at), promptsAt: prompts.map(at), usual };
  return { model, stream, usage, flag, members: inside?.members ?? [], keys: inside && idKeys(inside), ...numbers, wanted, ...places };
};
const NO_FIELDS = Object.freeze({ model: 'none', stream: 'route' } as const);
type Ids = NonNullable<Reach['ids']>;
type Compiled = WeakMap<object, WeakMap<Ids, GovernedPaths>>;
const compiled: Compiled = new WeakMap();
const compiledBounded: Compiled = new WeakMap();
const NO_IDS: Ids = Object.freeze({ request: [], reply: [] });
/**
 * Compiled once per surface and set of ids: the scanner remembers its own tables by the identity of the paths. `bounded`: numbers that
 * bound the answer are looked for too.
 */
export const governedPaths = (governed: Governed = NO_FIELDS, ids: Ids = NO_IDS, bounded = false): GovernedPaths => {
  const all = bounded ? compiledBounded : compiled;
  let known = all.get(governed);
  if (known === undefined) {
    known = new WeakMap();
    all.set(governed, known);
  }
  const found = known.get(ids);
  if (found !== undefined) return found;
  const made = compile(governed, ids, bounded);
  known.set(ids, made);
  return made;
};
