import { LEAVES } from './leaves.ts';

/**
 * plain: members of the model · list: of objects · rest: `Rest` of a request · record: fields by name, each one whole ·
 * leaf: read as a whole.
 */
type Shape = 'plain' | 'list' | 'rest' | 'record' | 'leaf';

/** Whether a member's mere presence says something, so that it counts as one until it was looked at. */
const MARKS: ReadonlySet<string> = new Set(['cache']);
/** Members that every value has and that say nothing when they hold this. */
const SAYS_NOTHING: Readonly<Record<string, unknown>> = Object.freeze({
  failed: false,
  redacted: false,
  choices: 1,
  frequencyPenalty: 0,
  presencePenalty: 0,
});

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

/** Biases for no token. */
const asksNothing = (key: string, member: unknown): boolean =>
  key === 'logitBias' && typeof member === 'object' && member !== null && Object.keys(member).length === 0;
/** One object of the value, what was read of it and what was reached through it. It is the handler of its own proxy. */
class Watched<O extends object> implements ProxyHandler<O> {
  /** What is read instead. Of a list it is a list: of its items it is the members that count. */
  readonly proxy: O;
  readonly #source: O;
  readonly #shape: Shape;
  readonly #root: boolean;
  readonly #read: string[] = [];
  #inner: Map<string, Watched<object>> | undefined = undefined;

  constructor(source: O, shape: Shape, root: boolean) {
    this.#source = source;
    this.#shape = shape;
    this.#root = root;
    if (shape === 'list') {
      const items = (source as readonly object[]).map((item, at) => (ArrayBuffer.isView(item) ? item : this.#within(String(at), item, 'plain')));
      this.proxy = Object.freeze(items) as unknown as O;
      return;
    }
    // A proxy must show the members of a frozen target as they are; over a copy it may show proxies.
    const target = Object.isExtensible(source) ? source : ((Array.isArray(source) ? [...source] : { ...source }) as O);
    this.proxy = new Proxy(target, this);
  }
  get(target: O, key: string | symbol): unknown {
    const member: unknown = target[key as keyof O];
    if (typeof key !== 'string' || member === undefined || typeof member === 'function') return member;
    if (!this.#read.includes(key)) this.#read.push(key);
    if (typeof member !== 'object' || member === null) return member;
    const known = this.#inner?.get(key);
    if (known !== undefined) return known.proxy;
    const shape = shapeOf(this.#shape, this.#root, key, member);
    return shape === 'leaf' ? member : this.#within(key, member, shape);
  }
  #within(key: string, member: object, shape: Shape): object {
    const inner = new Watched<object>(member, shape, false);
    this.#inner ??= new Map();
    this.#inner.set(key, inner);
    return inner.proxy;
  }
  set(): boolean {
    return false;
  }
  defineProperty(): boolean {
    return false;
  }
  deleteProperty(): boolean {
    return false;
  }
  /** Adds the paths of what was not read. */
  collect(path: string, found: Set<string>): void {
    for (const key of Object.keys(this.#source)) {
      const member: unknown = this.#source[key as keyof O];
      if (!holds(member) || tells(this.#shape, key, member) || asksNothing(key, member)) continue;
      const shape = shapeOf(this.#shape, this.#root, key, member);
      // Most members, of which no place need be written.
      if (shape === 'leaf' && this.#read.includes(key)) continue;
      const place = this.#shape === 'list' ? path : path === '' ? key : `${path}.${key}`;
      const whole = shape === 'leaf' || shape === 'list' || (this.#shape === 'plain' && MARKS.has(key));
      if (whole && !this.#read.includes(key)) found.add(place);
      else if (shape !== 'leaf') (this.#inner?.get(key) ?? new Watched(member as object, shape, false)).collect(place, found);
    }
  }
}

/**
 * Watches which fields of a canonical request are read. Indexes do not count: a path is unread when it is so in any element.
 * A list that was never looked at is one path, an object is the paths of its members; schemas, JSON text, origins and bytes are
 * read as a whole.
 */
export const tracked = <T extends object>(value: T): Tracked<T> => {
  const root = new Watched(value, 'plain', true);
  return {
    value: root.proxy,
    unread() {
      const found = new Set<string>();
      root.collect('', found);
      return [...found].sort();
    },
  };
};
