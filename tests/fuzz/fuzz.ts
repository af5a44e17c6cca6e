import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadTime } from '../support/turns.ts';

/** What is fed with anything at all. */
export interface FuzzTarget {
  /** Also the folder of its corpus. */
  readonly name: string;
  /** Inputs that mutation starts from, beside those that are kept. */
  readonly seeds: readonly string[];
  /** Pieces that mutation puts in. */
  readonly words: readonly string[];
  /** Throws when the input makes the subject do what it must never do. */
  run(input: Buffer): void;
}
export interface Fuzzed {
  readonly runs: number;
  /** File of the corpus that the input was written to. */
  readonly failure: { readonly file: string; readonly error: unknown } | undefined;
}
const CORPUS = join(import.meta.dirname, 'corpus');
const LONGEST_MS = 50;
const LONGEST_BYTES = 65_536;

/** Mulberry32: the same seed explores the same inputs. */
const randomOf = (seed: number): ((below: number) => number) => {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
};
type Random = ReturnType<typeof randomOf>;
type Change = (input: Buffer, random: Random, target: FuzzTarget, pool: readonly Buffer[]) => Buffer;

const inserted = (input: Buffer, at: number, piece: Uint8Array): Buffer => Buffer.concat([input.subarray(0, at), piece, input.subarray(at)]);
const wordOf = (random: Random, { words }: FuzzTarget): Buffer => Buffer.from(words[random(words.length)] ?? '');
const CHANGES: readonly Change[] = [
  (input, random) => inserted(input, random(input.length + 1), Buffer.from([random(256)])),
  (input, random, target) => inserted(input, random(input.length + 1), wordOf(random, target)),
  (input, random, target) => inserted(input, random(input.length + 1), wordOf(random, target)),
  (input, random) => {
    const copy = Buffer.from(input);
    if (copy.length > 0) copy[random(copy.length)] = random(256);
    return copy;
  },
  (input, random) => {
    const from = random(input.length + 1);
    return Buffer.concat([input.subarray(0, from), input.subarray(from + random(input.length - from + 1))]);
  },
  (input, random) => {
    const from = random(input.length + 1);
    const piece = input.subarray(from, from + 1 + random(64));
    return inserted(input, random(input.length + 1), piece);
  },
  (input, random, target) => inserted(input, random(input.length + 1), Buffer.concat(Array.from({ length: 1 + random(200) }, () => wordOf(random, target)))),
  (input, random, _target, pool) => {
    const other = pool[random(pool.length)] ?? input;
    return Buffer.concat([input.subarray(0, random(input.length + 1)), other.subarray(random(other.length + 1))]);
  },
];

/** Inputs that are kept for a target, by file name. */
export const corpusOf = (name: string): ReadonlyMap<string, Buffer> =>
  new Map(
    readdirSync(join(CORPUS, name))
      .sort()
      .map((file) => [file, readFileSync(join(CORPUS, name, file))]),
  );
export const corpora = (): readonly string[] => readdirSync(CORPUS).sort();
/** What an input is called by. */
export const nameOf = (input: Buffer): string => createHash('sha256').update(input).digest('hex').slice(0, 16);
const write = (name: string, input: Buffer): string => {
  const file = join(CORPUS, name, nameOf(input));
  mkdirSync(join(CORPUS, name), { recursive: true });
  writeFileSync(file, input);
  return file;
};
const once = (target: FuzzTarget, input: Buffer): number => {
  const before = threadTime();
  target.run(input);
  return threadTime() - before;
};
/** Throws what the target throws, and when it works too long three times: once may be the compiler. */
export const check = (target: FuzzTarget, input: Buffer): void => {
  if (once(target, input) <= LONGEST_MS || once(target, input) <= LONGEST_MS) return;
  const took = once(target, input);
  if (took > LONGEST_MS) throw new Error(`${target.name} worked ${Math.round(took)} ms for ${input.length} bytes`);
};

/** Feeds a target with its corpus, then with mutations of it for so long. An input that fails is kept in the corpus. */
export const fuzz = (target: FuzzTarget, milliseconds: number, seed: number): Fuzzed => {
  const random = randomOf(seed);
  const pool = [...target.seeds.map((text) => Buffer.from(text, 'latin1')), ...corpusOf(target.name).values()];
  const ends = performance.now() + milliseconds;
  let runs = 0;
  const attempt = (input: Buffer): Fuzzed['failure'] => {
    runs++;
    try {
      check(target, input);
      return undefined;
    } catch (error) {
      return { file: write(target.name, input), error };
    }
  };
  for (const input of pool) {
    const failure = attempt(input);
    if (failure !== undefined) return { runs, failure };
  }
  while (performance.now() < ends) {
    let input = pool[random(pool.length)] ?? Buffer.alloc(0);
    for (let left = 1 + random(6); left > 0; left--) input = CHANGES[random(CHANGES.length)]?.(input, random, target, pool) ?? input;
    const failure = attempt(input.subarray(0, LONGEST_BYTES));
    if (failure !== undefined) return { runs, failure };
  }
  return { runs, failure: undefined };
};
