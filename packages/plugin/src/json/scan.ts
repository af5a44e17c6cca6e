import { Buffer } from 'node:buffer';
import { CONSTRUCTOR, decoded, LITERAL_KINDS, LITERALS, PROTO, PROTOTYPE, QUOTE, same, space } from './grammar.ts';
import { NumberScan } from './number-scan.ts';
import { type KeyTable, type PathNode, type PathTree, stands } from './paths.ts';
import { StringScan } from './string-scan.ts';
import type { ValueKind } from './tokenizer.ts';

const [VALUE, FIRST_ITEM, FIRST_KEY, KEY, COLON, AFTER, STRING, NUMBER, LITERAL] = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;
/** What a string is: neither of interest, a key, or a governed value. */
const [PLAIN, NAME, GOVERNED] = [0, 1, 2] as const;
const MAX_TEXT = 4096;
/** Raw bytes kept of a key or governed string: enough for 4 KiB written wholly in `\u` escapes. */
const MAX_RAW = 6 * MAX_TEXT;

interface Found {
  kind: ValueKind;
  start: number;
  end: number;
  text: string | undefined;
  empty: boolean;
  items: number | undefined;
}
export interface ScanError {
  readonly ok: false;
  readonly code: 'invalid_json' | 'invalid_request';
  readonly offset: number;
  readonly message: string;
}
/** The resumable state machine behind `fieldScanner`. It never looks at a byte twice and never joins chunks. */
export class Scan {
  error: ScanError | undefined = undefined;
  /** By node id. */
  readonly found: (Found | undefined)[];
  /** Ids of nodes whose key stood twice. */
  doubled: number[] | undefined = undefined;
  /** A key of `keys` was read. */
  keyed = false;
  /** Absolute offset of the chunk being scanned. */
  base = 0;
  readonly #maxDepth: number;
  /** Ids of nodes of which values of an array are counted, and no text is kept. */
  readonly #lists: readonly number[];
  /** The open array whose values are counted, and its depth; 0: none. */
  #list: Found | undefined = undefined;
  #listDepth = 0;
  readonly #keys: KeyTable;
  readonly #numbers = new NumberScan();
  readonly #text: StringScan;
  #state: number = VALUE;
  /** Of each open container whether it is an object. */
  readonly #objects: boolean[] = [];
  /** Deepest open container that stands on a governed path, and its depth; its parents are the node's, one level up each. */
  #node: PathNode | undefined = undefined;
  #nodeDepth = 0;
  /** Depths of open objects that are the value of a key `constructor`. */
  #constructors: number[] | undefined = undefined;
  /** Node of the key just read: its value comes next. */
  #matched: PathNode | undefined;
  #afterConstructor = false;
  #current: Found | undefined = undefined;
  #role: number = PLAIN;
  /** Letters of a literal that are to come. */
  #left = 0;
  #word: Uint8Array = PROTO;

  /** `controls`: control characters in strings are let be. */
  constructor(tree: PathTree, maxDepth: number, controls: boolean, lists: readonly number[], keys: KeyTable) {
    this.found = [];
    for (let id = 0; id < tree.size; id++) this.found.push(undefined);
    this.#matched = tree.root;
    this.#maxDepth = maxDepth;
    this.#text = new StringScan(controls, MAX_RAW);
    this.#lists = lists;
    this.#keys = keys;
  }
  get bigNumber(): boolean {
    return this.#numbers.big;
  }
  fail(code: ScanError['code'], message: string, offset: number): void {
    this.error ??= { ok: false, code, message, offset };
  }
  push(chunk: Buffer): void {
    const size = chunk.length;
    const text = this.#text;
    text.resume();
    let at = 0;
    while (at < size) at = this.#step(chunk, at);
    if (this.#state === STRING) text.suspend(chunk);
    this.base += size;
  }
  end(): void {
    if (this.error !== undefined) return;
    if (this.#state === NUMBER) this.#endNumber(0, this.base);
    if (this.#state !== AFTER || this.#objects.length > 0) this.fail('invalid_json', 'The body ends before its JSON does.', this.base);
  }
  #bad(at: number, message = 'The body is not valid JSON.', code: ScanError['code'] = 'invalid_json'): number {
    this.fail(code, message, this.base + at);
    return Number.MAX_SAFE_INTEGER;
  }
  #step(chunk: Buffer, at: number): number {
    switch (this.#state) {
      case STRING:
        return this.#string(chunk, at);
      case NUMBER:
        return this.#number(chunk, at);
      case LITERAL:
        return this.#literal(chunk, at);
      default:
        return this.#structure(chunk, at);
    }
  }
  #structure(chunk: Buffer, from: number): number {
    let at = from;
    let c = chunk[at] ?? 0;
    while (space(c)) {
      if (++at === chunk.length) return at;
      c = chunk[at] ?? 0;
    }
    switch (this.#state) {
      case COLON:
        if (c !== 58) return this.#bad(at);
        this.#state = VALUE;
        return at + 1;
      case AFTER:
        return this.#after(c, at);
      case FIRST_KEY:
      case KEY:
        if (c === QUOTE) return this.#beginString(at, NAME);
        return c === 125 && this.#state === FIRST_KEY ? this.#close(at, true) : this.#bad(at);
      default:
        return c === 93 && this.#state === FIRST_ITEM ? this.#close(at, true) : this.#value(c, at);
    }
  }
  #after(c: number, at: number): number {
    const depth = this.#objects.length;
    if (depth === 0) return this.#bad(at, 'Something follows the JSON value of the body.');
    const object = this.#objects[depth - 1] === true;
    if (c === 44) {
      this.#state = object ? KEY : VALUE;
      return at + 1;
    }
    return c === (object ? 125 : 93) ? this.#close(at, false) : this.#bad(at);
  }
  #value(c: number, at: number): number {
    if (this.#listDepth !== 0) this.#count(c);
    if (c === QUOTE) {
      const plain = this.#matched === undefined || this.#lists.includes(this.#matched.id);
      this.#begin('string', at);
      return this.#beginString(at, plain ? PLAIN : GOVERNED);
    }
    if (c === 123 || c === 91) return this.#open(c === 123, at);
    if (c === 45 || (c >= 48 && c <= 57)) {
      this.#begin('number', at);
      this.#numbers.begin(c);
      this.#state = NUMBER;
      return at + 1;
    }
    const word = LITERALS[c];
    if (word === undefined) return this.#bad(at);
    this.#begin(LITERAL_KINDS[c] ?? 'null', at);
    this.#word = word;
    this.#left = word.length - 1;
    this.#state = LITERAL;
    return at + 1;
  }
  /** A value begins with `c` while an array is open that is counted. */
  #count(c: number): void {
    const isNumber = c === 45 || (c >= 48 && c <= 57);
    if (this.#list !== undefined && !isNumber && this.#objects.length === this.#listDepth) this.#list.items = (this.#list.items ?? 0) + 1;
  }
  /** Notes the start of a value if its key is governed. */
  #begin(kind: ValueKind, at: number): void {
    const node = this.#matched;
    this.#current = undefined;
    this.#afterConstructor = false;
    if (node === undefined) return;
    this.#current = { kind, start: this.base + at, end: 0, text: undefined, empty: false, items: undefined };
    this.found[node.id] = this.#current;
    this.#matched = undefined;
  }
  #finish(end: number): void {
    if (this.#current !== undefined) this.#current.end = this.base + end;
    this.#state = AFTER;
  }
  #open(object: boolean, at: number): number {
    if (this.#objects.length >= this.#maxDepth) return this.#bad(at, `The body nests deeper than ${this.#maxDepth} levels.`, 'invalid_request');
    const depth = this.#objects.push(object);
    if (this.#afterConstructor && object) {
      this.#constructors ??= [];
      this.#constructors.push(depth);
    }
    if (this.#matched !== undefined) {
      this.#node = this.#matched;
      this.#nodeDepth = depth;
    }
    const counted = !object && this.#matched !== undefined && this.#lists.includes(this.#matched.id);
    this.#begin(object ? 'object' : 'array', at);
    if (counted) {
      this.#list = this.#current;
      this.#listDepth = depth;
    }
    this.#state = object ? FIRST_KEY : FIRST_ITEM;
    return at + 1;
  }
  #close(at: number, empty: boolean): number {
    const depth = this.#objects.length;
    this.#objects.pop();
    if (this.#constructors?.at(-1) === depth) this.#constructors.pop();
    if (depth === this.#listDepth) this.#listDepth = 0;
    const node = this.#node;
    if (node !== undefined && depth === this.#nodeDepth) {
      const found = this.found[node.id];
      if (found !== undefined) {
        found.end = this.base + at + 1;
        found.empty = empty;
      }
      this.#node = node.parent;
      this.#nodeDepth = depth - 1;
    }
    this.#state = AFTER;
    return at + 1;
  }
  #beginString(at: number, role: number): number {
    this.#role = role;
    this.#state = STRING;
    this.#text.begin(at + 1, role !== PLAIN);
    return at + 1;
  }
  #string(chunk: Buffer, from: number): number {
    const text = this.#text;
    const at = text.take(chunk, from);
    if (text.broken !== undefined) return this.#bad(at, text.broken);
    if (!text.closed) return at;
    if (this.#role === PLAIN) {
      this.#finish(at + 1);
      return at + 1;
    }
    if (text.inOnePiece) return this.#named(chunk, text.from, at, at + 1);
    const whole = text.joined(chunk, at);
    return this.#named(whole, 0, whole.length, at + 1);
  }
  /** A key or governed string is complete: `[start, end)` of `bytes` is its raw content, `next` the place in the chunk after it. */
  #named(bytes: Buffer, start: number, end: number, next: number): number {
    const long = this.#text.long || end - start > MAX_RAW;
    if (this.#role === GOVERNED) {
      const text = long ? undefined : decoded(bytes.toString('utf8', start, end), this.#text.escaped);
      if (text === undefined || text.length > MAX_TEXT) return this.#bad(next, 'A governed string of the body is longer than 4 KiB.', 'invalid_request');
      if (this.#current !== undefined) this.#current.text = text;
      this.#finish(next);
      return next;
    }
    this.#state = COLON;
    if (long) return next;
    if (!this.#text.escaped) return this.#key(bytes, start, end, next);
    const name = Buffer.from(decoded(bytes.toString('utf8', start, end), true));
    return this.#key(name, 0, name.length, next);
  }
  #key(name: Buffer, start: number, end: number, next: number): number {
    const depth = this.#objects.length;
    if (this.#node !== undefined && depth === this.#nodeDepth) this.#match(this.#node, name, start, end);
    const length = end - start;
    if (!this.keyed) this.keyed = stands(this.#keys, name, start, end);
    if (length === 9) {
      const polluting = same(PROTO, name, start, end) || (this.#constructors?.at(-1) === depth && same(PROTOTYPE, name, start, end));
      if (polluting) return this.#bad(next, 'The body has a key that names a prototype.', 'invalid_request');
    } else if (length === 11) this.#afterConstructor = same(CONSTRUCTOR, name, start, end);
    return next;
  }
  #match(node: PathNode, name: Buffer, start: number, end: number): void {
    for (const child of node.children) {
      if (!same(child.key, name, start, end)) continue;
      if (this.found[child.id] === undefined) this.#matched = child;
      else if (this.doubled === undefined) this.doubled = [child.id];
      else if (!this.doubled.includes(child.id)) this.doubled.push(child.id);
      return;
    }
  }
  #number(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && this.#numbers.take(chunk[at] ?? 0)) at++;
    return at === chunk.length ? at : this.#endNumber(at, this.base + at);
  }
  #endNumber(at: number, offset: number): number {
    if (!this.#numbers.finish()) {
      this.fail('invalid_json', 'The body has a number that JSON does not know.', offset);
      return Number.MAX_SAFE_INTEGER;
    }
    this.#finish(at);
    return at;
  }
  #literal(chunk: Buffer, from: number): number {
    let at = from;
    for (; at < chunk.length && this.#left > 0; at++, this.#left--) {
      if (chunk[at] !== this.#word[this.#word.length - this.#left]) return this.#bad(at);
    }
    if (this.#left === 0) this.#finish(at);
    return at;
  }
}
