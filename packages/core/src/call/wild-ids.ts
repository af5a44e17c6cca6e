import { GatewayError, parseJson, type Reach } from '@llm-proxy-auth/plugin';

// Ids deep inside a body: a pointer with `*` stands for every element, and `*[type=item_reference]` for those elements that
// have the member with this value.
interface Step {
  readonly name: string;
  readonly all: boolean;
  readonly member: string | undefined;
  readonly value: string | undefined;
}
const STEP = /^\*(?:\[([a-z_]+)=([a-z_]+)\])?$/;
const stepsOf = (pointer: string): readonly Step[] =>
  pointer
    .slice(1)
    .split('/')
    .map((name) => {
      const wild = STEP.exec(name);
      return { name, all: wild !== null, member: wild?.[1], value: wild?.[2] };
    });

const compiled = new WeakMap<Reach, readonly (readonly Step[])[]>();
const pathsOf = (reach: Reach): readonly (readonly Step[])[] => {
  const known = compiled.get(reach);
  if (known !== undefined) return known;
  const made = (reach.ids?.request ?? []).filter((p) => p.startsWith('/') && p.includes('*')).map(stepsOf);
  compiled.set(reach, made);
  return made;
};

const collect = (value: unknown, steps: readonly Step[], found: string[]): void => {
  const [step, ...rest] = steps;
  if (step === undefined) {
    if (typeof value === 'string') found.push(value);
    return;
  }
  if (value === null || typeof value !== 'object') return;
  if (!step.all) {
    if (Object.hasOwn(value, step.name)) collect((value as Record<string, unknown>)[step.name], rest, found);
    return;
  }
  if (!Array.isArray(value)) return;
  for (const item of value) {
    if (step.member === undefined || (item !== null && typeof item === 'object' && (item as Record<string, unknown>)[step.member] === step.value))
      collect(item, rest, found);
  }
};

/** A key can be spelt with escapes, so a backslash-u makes the body worth reading too. */
const worthReading = (pieces: readonly Uint8Array[], names: readonly string[]): boolean => {
  let tail = '';
  for (const piece of pieces) {
    const text = tail + Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('latin1');
    if (names.some((name) => text.includes(name))) return true;
    tail = text.slice(-64);
  }
  return false;
};

/** The ids that a body names at wild pointers. The body is parsed only when one of their last members stands in it. */
export const wildIds = (reach: Reach, pieces: readonly Uint8Array[], maxDepth: number): readonly string[] => {
  const paths = pathsOf(reach);
  if (paths.length === 0 || pieces.length === 0) return [];
  const names = paths.flatMap((steps) => [steps.find((s) => s.value !== undefined)?.value ?? `${steps.at(-1)?.name}"`]);
  if (!worthReading(pieces, [...names, '\\u'])) return [];
  let body: unknown;
  try {
    body = parseJson(Buffer.concat(pieces), { maxDepth });
  } catch (cause) {
    throw new GatewayError('invalid_json', 'The body names stored objects but cannot be read.', { cause });
  }
  const found: string[] = [];
  for (const steps of paths) collect(body, steps, found);
  return found;
};
