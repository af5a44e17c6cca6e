import type { IdsInside, Json, Reach } from '@llm-proxy-auth/plugin';
import { readUnambiguous } from './unambiguous.ts';

interface Inside {
  readonly members: ReadonlySet<string>;
  readonly apart: readonly (readonly string[])[];
  readonly lists: readonly string[];
  readonly type: string;
  /** What stands in every body that names an id, as it is written there. */
  readonly needles: readonly Buffer[];
}
const stepsOf = (pointer: string): readonly string[] => pointer.slice(1).split('/');
const compile = ({ members, apart = [], references }: IdsInside): Inside => {
  const names = references === undefined ? members : [...members, 'id'];
  // A name can be spelt with escapes, so a backslash-u makes the body worth reading too; a zero byte is UTF-16, which is no JSON here.
  const needles = [...names.map((name) => `"${name}"`), '\\u', '\0'].map((text) => Buffer.from(text));
  return { members: new Set(members), apart: apart.map(stepsOf), lists: references?.lists ?? [], type: references?.type ?? '', needles };
};
const compiled = new WeakMap<IdsInside, Inside>();
const insideOf = (inside: IdsInside): Inside => {
  const known = compiled.get(inside);
  if (known !== undefined) return known;
  const made = compile(inside);
  compiled.set(inside, made);
  return made;
};

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields => value !== null && typeof value === 'object' && !Array.isArray(value);
const stringsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value : [value]).filter((id) => typeof id === 'string');
/** The patterns that go on behind `name`; undefined where one of them ends. */
const onwards = (apart: readonly (readonly string[])[], name: string): readonly (readonly string[])[] | undefined => {
  const left = apart.filter(([step]) => step === '*' || step === name).map((steps) => steps.slice(1));
  return left.some((steps) => steps.length === 0) ? undefined : left;
};
/** Ids under the members' names. */
const collect = (value: unknown, members: ReadonlySet<string>, apart: readonly (readonly string[])[], found: string[]): void => {
  if (value === null || typeof value !== 'object') return;
  const list = Array.isArray(value);
  for (const [name, inner] of Object.entries(value)) {
    const left = apart.length === 0 ? apart : onwards(apart, name);
    if (left === undefined) continue;
    if (!list && members.has(name)) found.push(...stringsOf(inner));
    collect(inner, members, left, found);
  }
};
const absent = (value: unknown): boolean => value === undefined || value === null;
/** The SDKs' types let a reference stand without its type: what lacks role or content is no message. */
const isReference = (item: Fields, type: string): boolean => item.type === type || (absent(item.type) && (absent(item.role) || absent(item.content)));
const referencesIn = (body: Json, { lists, type }: Inside): readonly string[] =>
  lists
    .flatMap((pointer) => stepsOf(pointer).reduce<unknown>((value, step) => (isObject(value) ? value[step] : undefined), body))
    .filter((item) => isObject(item))
    .filter((item) => isReference(item, type))
    .flatMap(({ id }) => stringsOf(id));

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

/** The ids that a body names anywhere inside. It is parsed only when the name of a member that can hold one stands in it. */
export const innerIds = (reach: Reach, pieces: readonly Uint8Array[], maxDepth: number): readonly string[] => {
  if (reach.ids?.inside === undefined || pieces.length === 0) return NONE;
  const inside = insideOf(reach.ids.inside);
  if (!worthReading(pieces, inside.needles)) return NONE;
  const body = readUnambiguous(pieces, maxDepth);
  const found: string[] = [];
  collect(body, inside.members, inside.apart, found);
  found.push(...referencesIn(body, inside));
  return found;
};
