import { type Fields, type IdsInside, isObject, type Json, type NamedIds, pointed, type Reach } from '@llm-proxy-auth/plugin';
import { readUnambiguous } from '../http/unambiguous.ts';

interface Inside {
  readonly members: ReadonlySet<string>;
  readonly builtIn: NonNullable<IdsInside['builtIn']>;
  readonly objects: ReadonlySet<string>;
  readonly apart: readonly (readonly string[])[];
  readonly lists: readonly string[];
  readonly type: string;
  readonly unlessWith: ReadonlyMap<string, string>;
  /** Matches every body that names an id, one character a byte; for bodies in which no scanner looked for the keys. */
  readonly trace: RegExp;
}
const stepsOf = (pointer: string): readonly string[] => pointer.slice(1).split('/');
/** Names of keys without which a body names no id. */
export const idKeys = ({ members, objects = [], references }: IdsInside): readonly string[] => [
  ...members,
  ...objects,
  ...(references === undefined ? [] : ['id']),
];
const compile = (ids: IdsInside): Inside => {
  const { members, builtIn = {}, objects = [], apart = [], references } = ids;
  // A name can be spelt with escapes, so a backslash-u makes the body worth reading too; a zero byte is UTF-16, which is no JSON here.
  const any = idKeys(ids)
    .map((name) => name.replaceAll(/[^A-Za-z0-9_]/g, '\\$&'))
    .join('|');
  const trace = new RegExp(`"(?:${any})"|\\\\u|\\x00`);
  return {
    members: new Set(members),
    builtIn,
    objects: new Set(objects),
    apart: apart.map(stepsOf),
    lists: references?.lists ?? [],
    type: references?.type ?? '',
    unlessWith: new Map(Object.entries(references?.unlessWith ?? {})),
    trace,
  };
};
const compiled = new WeakMap<IdsInside, Inside>();
const insideOf = (inside: IdsInside): Inside => {
  const known = compiled.get(inside);
  if (known !== undefined) return known;
  const made = compile(inside);
  compiled.set(inside, made);
  return made;
};

const stringsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value : [value]).filter((id) => typeof id === 'string');
/** The patterns that go on behind `name`; undefined where one of them ends. */
const onwards = (apart: readonly (readonly string[])[], name: string): readonly (readonly string[])[] | undefined => {
  const left = apart.filter(([step]) => step === '*' || step === name).map((steps) => steps.slice(1));
  return left.some((steps) => steps.length === 0) ? undefined : left;
};
interface Found {
  readonly named: string[];
  readonly given: Set<string>;
}
/** What the vendor has for everybody is nobody's own. */
const isBuiltIn = (value: object, name: string, { builtIn }: Inside): boolean => {
  const rule = Object.hasOwn(builtIn, name) ? builtIn[name] : undefined;
  return rule !== undefined && (value as Fields)[rule.with] === rule.value && typeof (value as Fields)[name] === 'string';
};
/** Ids under the names of members and objects, and every `id` there is. */
const collect = (value: unknown, inside: Inside, apart: readonly (readonly string[])[], found: Found): void => {
  if (value === null || typeof value !== 'object') return;
  const list = Array.isArray(value);
  for (const name in value) {
    const inner = (value as Fields)[name];
    if (typeof inner !== 'string' && typeof inner !== 'object') continue;
    const left = apart.length === 0 ? apart : onwards(apart, name);
    if (left === undefined) continue;
    if (!list && inside.members.has(name) && !isBuiltIn(value, name, inside)) found.named.push(...stringsOf(inner));
    if (!list && inside.objects.has(name) && isObject(inner)) found.named.push(...stringsOf(inner.id));
    if (name === 'id' && typeof inner === 'string') found.given.add(inner);
    collect(inner, inside, left, found);
  }
};
const absent = (value: unknown): boolean => value === undefined || value === null;
/** The SDKs' types let a reference stand without its type: what lacks role or content is no message. */
const isReference = (item: Fields, type: string): boolean => item.type === type || (absent(item.type) && (absent(item.role) || absent(item.content)));
/** What would make the item whole is not in it: the vendor looks it up. */
const isBare = (item: Fields, unlessWith: ReadonlyMap<string, string>): boolean => {
  const member = typeof item.type === 'string' ? unlessWith.get(item.type) : undefined;
  return member !== undefined && absent(item[member]);
};
const referencesIn = (body: Json, { lists, type, unlessWith }: Inside): readonly string[] =>
  lists
    .flatMap((pointer) => pointed(body, pointer))
    .flat()
    .filter((item) => isObject(item))
    .filter((item) => isReference(item, type) || isBare(item, unlessWith))
    .flatMap(({ id }) => stringsOf(id));

/** Longer than every match. */
const SEAM = 64;
const holds = (bytes: Buffer, trace: RegExp): boolean => trace.test(bytes.toString('latin1'));
/** Looks at the pieces as they are; a match may lie across a seam. */
const worthReading = (pieces: readonly Uint8Array[], trace: RegExp): boolean => {
  let tail: Buffer | undefined;
  for (const piece of pieces) {
    const bytes = Buffer.isBuffer(piece) ? piece : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    if (holds(bytes, trace)) return true;
    if (pieces.length === 1) return false;
    const seam: Buffer = tail === undefined ? bytes : Buffer.concat([tail, bytes.subarray(0, SEAM)]);
    if (tail !== undefined && holds(seam, trace)) return true;
    tail = (bytes.length < SEAM ? seam : bytes).subarray(-SEAM);
  }
  return false;
};

/** What a body says of stored objects. */
export interface InnerIds {
  /** Ids that it names anywhere inside. */
  readonly named: readonly string[];
  /** Every `id` in it, the client's own ones among them: an answer that repeats one did not create it. */
  readonly given: ReadonlySet<string>;
  /** It asks for what makes the ids of `replyFor`. */
  readonly asks: boolean;
}
export const NO_INNER_IDS: InnerIds = Object.freeze({ named: Object.freeze([]), given: new Set<string>(), asks: false });
const asks = (body: Json, { replyFor }: NamedIds): boolean => replyFor !== undefined && isObject(body) && !absent(body[replyFor.with]);

/**
 * The ids that a body names anywhere inside. It is parsed only when the name of a member that can hold one stands in it.
 * `keyed`: what a scanner says of that, which read the whole body; undefined: none did.
 */
export const innerIds = ({ ids }: Reach, pieces: readonly Uint8Array[], maxDepth: number, keyed?: boolean): InnerIds => {
  if (ids?.inside === undefined || pieces.length === 0) return NO_INNER_IDS;
  const inside = insideOf(ids.inside);
  if (!(keyed ?? worthReading(pieces, inside.trace))) return NO_INNER_IDS;
  const body = readUnambiguous(pieces, maxDepth);
  const found: Found = { named: [], given: new Set() };
  collect(body, inside, inside.apart, found);
  return { named: [...found.named, ...referencesIn(body, inside)], given: found.given, asks: asks(body, ids) };
};
