import { LEAVES } from './leaves.ts';

/**
 * plain: members of the model · list: of objects · rest: `Rest` of a request · record: fields by name, each one whole ·
 * leaf: read as a whole.
 */
type Shape = 'plain' | 'list' | 'rest' | 'record' | 'leaf';

/** Whether a member's mere presence says something, so that it counts as one until it was looked at. */
const MARKS: ReadonlySet<string> = new Set(['cache']);
/** Members that every value has and that say nothing when they hold this. */
const SAYS_NOTHING: Readonly<Record<string, unknown>> = Object.freeze({ failed: false, redacted: false, choices: 1 });

const shapeOf = (parent: Shape, root: boolean, key: string, value: unknown): Shape => {
  if (typeof value !== 'object' || value === null || parent === 'record' || ArrayBuffer.isView(value)) return 'leaf';
  if (parent === 'rest') return key === 'fields' ? 'record' : 'leaf';
  if (parent === 'list') return 'plain';
  if (key === 'rest') return root ? 'rest' : 'record';
  if (LEAVES.has(key)) return 'leaf';
  if (!Array.isArray(value)) return 'plain';
  return value.every((item) => typeof item === 'object' && item !== null) ? 'list' : 'leaf';
};
/** Members that tell kinds apart are read on the way to the others. */
const tells = (parent: Shape, key: string, value: unknown): boolean =>
  (parent === 'plain' && (key === 'kind' || (key in SAYS_NOTHING && SAYS_NOTHING[key] === value))) || (parent === 'rest' && key === 'from');
const holds = (value: unknown): boolean => value !== undefined && !(Array.isArray(value) && value.length === 0);

export interface Tracked<T> {
  /** Reads as the value given; may be spread and stringified (which reads what they touch), not changed. */
  readonly value: T;
  /** Paths of fields that hold something and that nobody has read: `sampling.topK`, `turns.parts.detail`, `rest.fields.logit_bias`. Sorted. */
  unread(): string[];
}

/**
 * Watches which fields of a canonical request are read. Indexes do not count: a path is unread when it is so in any element.
 * A list that was never looked at is one path, an object is the paths of its members; schemas, JSON text, origins and bytes are
 * read as a whole.
 */
export const tracked = <T extends object>(value: T): Tracked<T> => {
  const reads = new WeakMap<object, Set<string>>();
  const proxies = new WeakMap<object, object>();

  const root: object = value;
  const watch = <O extends object>(source: O, shape: Shape): O => {
    const known = proxies.get(source);
    if (known !== undefined) return known as O;
    const read = new Set<string>();
    // A proxy must show a frozen target's members as they are; over a copy it may show proxies.
    const copy = (Array.isArray(source) ? [...source] : { ...source }) as O;
    const proxy = new Proxy(copy, {
      get(target, key) {
        const member: unknown = Reflect.get(target, key);
        if (typeof key !== 'string' || !Object.hasOwn(target, key)) return member;
        read.add(key);
        const inner = shapeOf(shape, source === root, key, member);
        return inner === 'leaf' ? member : watch(member as object, inner);
      },
      set: () => false,
      defineProperty: () => false,
      deleteProperty: () => false,
    });
    reads.set(source, read);
    proxies.set(source, proxy);
    return proxy;
  };

  const collect = (source: object, shape: Shape, path: string, found: Set<string>): void => {
    const read = reads.get(source);
    for (const [key, member] of Object.entries(source)) {
      if (!holds(member) || tells(shape, key, member)) continue;
      const inner = shapeOf(shape, source === root, key, member);
      const place = shape === 'list' ? path : path === '' ? key : `${path}.${key}`;
      const whole = inner === 'leaf' || inner === 'list' || (shape === 'plain' && MARKS.has(key));
      if (whole && read?.has(key) !== true) found.add(place);
      else if (inner !== 'leaf') collect(member as object, inner, place, found);
    }
  };
  return {
    value: watch(value, 'plain'),
    unread() {
      const found = new Set<string>();
      collect(value, 'plain', '', found);
      return [...found].sort();
    },
  };
};
