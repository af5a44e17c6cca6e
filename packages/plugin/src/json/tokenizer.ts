import { Buffer } from 'node:buffer';
import { view } from '../framing/held.ts';
import type { Bytes } from '../wire.ts';
import { keyTable, type PathTree, pathTree } from './paths.ts';
import { Scan } from './scan.ts';
import { Utf8Check } from './utf8.ts';

export type ValueKind = 'string' | 'number' | 'true' | 'false' | 'null' | 'object' | 'array';
/** A value in a body. Offsets are absolute bytes: the value is `[start, end)`, for strings with their quotes. */
export interface FoundValue {
  readonly kind: ValueKind;
  readonly start: number;
  readonly end: number;
  /** Decoded, for strings. */
  readonly text: string | undefined;
  /** True for `{}` and `[]`. */
  readonly empty: boolean;
  /** Of an array that `lists` asks about: the values in it that are not numbers. */
  readonly items?: number | undefined;
}
export interface FoundField {
  readonly path: readonly string[];
  /** Undefined when the body does not have it. */
  readonly value: FoundValue | undefined;
  /** What the path leads through: `[0]` is the top level, `[1]` the value of its first key, … the last one holds the field itself. */
  readonly containers: readonly (FoundValue | undefined)[];
}
export type ScanResult =
  | {
      readonly ok: true;
      /** The whole body's value: its kind says whether it is an object, its `start` where the `{` stands. */
      readonly top: FoundValue;
      /** In the order of the paths given. */
      readonly fields: readonly FoundField[];
      /** Paths on which a key stands twice at one place, however spelt. */
      readonly duplicates: readonly (readonly string[])[];
      /** A number may stand in it that a double cannot hold. */
      readonly bigNumber: boolean;
      /** One of `keys` stands in it. */
      readonly keyed: boolean;
      /** Bytes of the body. */
      readonly length: number;
    }
  | {
      readonly ok: false;
      readonly code: 'invalid_json' | 'invalid_request';
      /** Byte at which it went wrong. */
      readonly offset: number;
      /** One sentence without a word of the body. */
      readonly message: string;
    };
export interface ScanLimits {
  /** Containers inside each other; default 64. */
  readonly maxDepth?: number | undefined;
  /** `pass`: control characters in strings, which JSON does not allow, are left to who reads the body next. Default `refuse`. */
  readonly controls?: 'pass' | 'refuse' | undefined;
  /** Positions of paths whose values are counted when they are arrays; a string there may be of any length, and its text is not kept. */
  readonly lists?: readonly number[] | undefined;
  /** Names of keys that are looked out for at any depth, however spelt; compiled once: keep the list. */
  readonly keys?: readonly string[] | undefined;
}
export interface FieldScanner {
  push(chunk: Bytes): void;
  end(): ScanResult;
  /** What is known so far to be wrong; lets a caller stop early. */
  readonly failed: boolean;
  /** Paths found twice so far. */
  readonly duplicated: boolean;
}

const NO_LISTS: readonly number[] = Object.freeze([]);
const NO_KEYS: readonly string[] = Object.freeze([]);
/** Its containers are looked up when asked for, which few bodies need. */
class Field implements FoundField {
  readonly path: readonly string[];
  readonly value: FoundValue | undefined;
  readonly #chain: readonly number[];
  readonly #found: readonly (FoundValue | undefined)[];
  constructor(path: readonly string[], chain: readonly number[], found: readonly (FoundValue | undefined)[]) {
    this.path = path;
    this.value = found[chain[chain.length - 1] ?? 0];
    this.#chain = chain;
    this.#found = found;
  }
  get containers(): readonly (FoundValue | undefined)[] {
    return this.#chain.slice(0, -1).map((id) => this.#found[id]);
  }
}

class Fields implements FieldScanner {
  readonly #paths: readonly (readonly string[])[];
  readonly #tree: PathTree;
  readonly #scan: Scan;
  readonly #utf8 = new Utf8Check();

  constructor(paths: readonly (readonly string[])[], { maxDepth = 64, controls, lists = NO_LISTS, keys = NO_KEYS }: ScanLimits) {
    this.#paths = paths;
    this.#tree = pathTree(paths);
    const counted = lists.length === 0 ? NO_LISTS : lists.map((index) => this.#tree.chains[index]?.at(-1) ?? -1);
    this.#scan = new Scan(this.#tree, maxDepth, controls === 'pass', counted, keyTable(keys));
  }
  get failed(): boolean {
    return this.#scan.error !== undefined;
  }
  get duplicated(): boolean {
    return this.#scan.doubled !== undefined;
  }
  push(chunk: Bytes): void {
    const scan = this.#scan;
    if (scan.error !== undefined) return;
    const bytes = view(chunk);
    const bad = this.#utf8.push(bytes);
    if (bad === undefined) scan.push(bytes);
    else {
      if (bad > scan.base) scan.push(bytes.subarray(0, bad - scan.base));
      scan.fail('invalid_json', NOT_UTF8, bad);
    }
  }
  end(): ScanResult {
    const scan = this.#scan;
    if (this.#utf8.open !== undefined) scan.fail('invalid_json', NOT_UTF8, this.#utf8.open);
    scan.end();
    if (scan.error !== undefined) return scan.error;
    const [top] = scan.found;
    if (top === undefined) throw new TypeError('A finished scan has a top-level value.');
    const fields = this.#tree.chains.map((chain, index) => this.#field(chain, index));
    return { ok: true, top, fields, duplicates: this.#duplicates(), bigNumber: scan.bigNumber, keyed: scan.keyed, length: scan.base };
  }
  #field(chain: readonly number[], index: number): FoundField {
    return new Field(this.#paths[index] ?? [], chain, this.#scan.found);
  }
  #duplicates(): readonly (readonly string[])[] {
    const { doubled } = this.#scan;
    if (doubled === undefined) return NONE;
    return this.#paths.filter((_, index) => this.#tree.chains[index]?.some((id) => doubled.includes(id)));
  }
}
const NOT_UTF8 = 'The body is not valid UTF-8.';
const NONE: readonly (readonly string[])[] = Object.freeze([]);

/**
 * Finds governed fields in the chunks of a JSON body without joining or parsing it, and checks that the body is JSON as RFC 8259
 * has it: UTF-8 without BOM, nothing after the value, no `__proto__` and no `constructor.prototype`. Governed keys that stand
 * twice are reported, governed strings of more than 4 KiB are `invalid_request`. Every chunking gives the same result,
 * but where one byte is wrong in two ways the sentence may name either.
 * The paths are compiled once: keep their list.
 */
export const fieldScanner = (paths: readonly (readonly string[])[], limits: ScanLimits = {}): FieldScanner => new Fields(paths, limits);

/** A change of a body: the bytes `[start, end)` become `text`; `start === end` inserts. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}
/** The body with the edits made; untouched bytes are views of the pieces given, nothing is joined. Edits must not overlap. */
export const patchBody = (pieces: readonly Bytes[], edits: readonly Edit[]): Bytes[] => {
  const sorted = edits.length < 2 ? edits : [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  const patched: Bytes[] = [];
  let next = 0;
  let edit = sorted[next];
  let skipTo = 0;
  let base = 0;
  /** Makes all edits that begin before `stop`; copies what lies between them from the piece. */
  const walk = (piece: Bytes, stop: number): void => {
    let at = Math.max(base, skipTo);
    while (edit !== undefined && edit.start < stop) {
      if (edit.start > at) patched.push(piece.subarray(at - base, edit.start - base));
      if (edit.text !== '') patched.push(Buffer.from(edit.text));
      skipTo = Math.max(skipTo, edit.end);
      at = Math.max(at, edit.end);
      edit = sorted[++next];
    }
    if (at < stop) patched.push(at === base ? piece : piece.subarray(at - base));
  };
  for (const piece of pieces) {
    walk(piece, base + piece.length);
    base += piece.length;
  }
  for (; edit !== undefined; edit = sorted[++next]) if (edit.text !== '') patched.push(Buffer.from(edit.text));
  return patched;
};
export const totalLength = (pieces: readonly Bytes[]): number => {
  let total = 0;
  for (const piece of pieces) total += piece.length;
  return total;
};
