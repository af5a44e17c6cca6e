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

interface Wild {
  readonly paths: readonly (readonly Step[])[];
  /** What stands in every body that names an id, as it is written there. */
  readonly needles: readonly Buffer[];
}
const compiled = new WeakMap<Reach, Wild>();
const wildOf = (reach: Reach): Wild => {
  const known = compiled.get(reach);
  if (known !== undefined) return known;
  const paths = (reach.ids?.request ?? []).filter((p) => p.startsWith('/') && p.includes('*')).map(stepsOf);
  const names = paths.map((steps) => steps.find((s) => s.value !== undefined)?.value ?? steps.at(-1)?.name ?? '');
  // A name can be spelt with escapes, so a backslash-u makes the body worth reading too.
  const made = { paths, needles: [...new Set(names.map((name) => `"${name}"`)), '\\u'].map((text) => Buffer.from(text)) };
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

/** Longer than every needle. */
const SEAM = 64;
const holds = (bytes: Buffer, needles: readonly Buffer[]): boolean => {
  for (const needle of needles) if (bytes.includes(needle)) return true;
  return false;
};
/** Native searches in the pieces as they are; a needle may lie across a seam. */
const worthReading = (pieces: readonly Uint8Array[], needles: readonly Buffer[]): boolean => {
  let tail: Buffer | undefined;
  for (const piece of pieces) {
    const bytes = Buffer.isBuffer(piece) ? piece : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    if (holds(bytes, needles)) return true;
    if (pieces.length === 1) return false;
    const seam: Buffer = tail === undefined ? bytes : Buffer.concat([tail, bytes.subarray(0, SEAM)]);
    if (tail !== undefined && holds(seam, needles)) return true;
    tail = (bytes.length < SEAM ? seam : bytes).subarray(-SEAM);
  }
  return false;
};

const NONE: readonly string[] = Object.freeze([]);

/** The ids that a body names at wild pointers. The body is parsed only when one of their last members stands in it. */
export const wildIds = (reach: Reach, pieces: readonly Uint8Array[], maxDepth: number): readonly string[] => {
  const { paths, needles } = wildOf(reach);
  if (paths.length === 0 || pieces.length === 0 || !worthReading(pieces, needles)) return NONE;
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
