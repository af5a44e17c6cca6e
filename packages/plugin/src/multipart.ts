import { Buffer, isUtf8 } from 'node:buffer';
import { GatewayError } from './error.ts';
import { view } from './framing/held.ts';
import { partName } from './multipart-header.ts';
import type { Bytes } from './wire.ts';

/** A form field's value: absolute offsets `[start, end)` of its bytes, and its text. */
export interface FormField {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}
export type FormResult =
  | {
      readonly ok: true;
      /** By name, those that the body has; without a prototype. */
      readonly fields: Readonly<Record<string, FormField>>;
      /** Names asked for that stand twice. */
      readonly duplicates: readonly string[];
      /** Values of the fields asked for by an inner name, in order. */
      readonly inner: readonly string[];
      readonly parts: number;
      /** Bytes of the body. */
      readonly length: number;
    }
  | { readonly ok: false; readonly code: 'invalid_request'; readonly offset: number; readonly message: string };
export interface FormScanner {
  push(chunk: Bytes): void;
  end(): FormResult;
  /** Every field asked for has been found. Later chunks still have to come: a field may stand twice. */
  readonly done: boolean;
  readonly failed: boolean;
  /** Names asked for that stand twice so far; known before the second value. */
  readonly duplicates: readonly string[];
  /** From here on fields by an inner name count as standing twice, and `name` too: what the body did not say of it is said elsewhere. */
  settle(name: string | undefined): void;
  /** What was found so far. */
  readonly fields: Readonly<Record<string, FormField>>;
  readonly inner: readonly string[];
}
const MAX_PARTS = 64;
const MAX_HEADERS = 8 * 1024;
const MAX_VALUE = 4 * 1024;
const LF = 10;
const CR = 13;
const HEADERS_END = Buffer.from('\r\n\r\n');

type State = 'delimiter' | 'after' | 'headers' | 'value' | 'closed';
type Failure = Extract<FormResult, { ok: false }>;

/** The scan keeps at most one delimiter's length, one header block or one governed value; file contents pass by. */
class Form implements FormScanner {
  readonly fields: Record<string, FormField> = Object.create(null);
  readonly #names: readonly string[];
  readonly #innerNames: readonly string[];
  readonly inner: string[] = [];
  readonly #delimiter: Buffer;
  /** The delimiter without its line break. */
  readonly #dashes: Buffer;
  readonly duplicates: string[] = [];
  /** Fields whose part has begun, or that are said elsewhere. */
  readonly #begun = new Set<string>();
  #settled = false;
  #failure: Failure | undefined = undefined;
  #state: State = 'delimiter';
  /** Bytes seen and not decided on, and where they begin in the body. */
  #window: Buffer = Buffer.alloc(0);
  #base = 0;
  #parts = 0;
  /** Where the value being read begins, less the line break before it. */
  #valueStart = 0;
  /** Name of the governed field whose value is being read. */
  #name: string | undefined = undefined;

  constructor(boundary: string, names: readonly string[], innerNames: readonly string[]) {
    this.#names = names;
    this.#innerNames = innerNames;
    this.#delimiter = Buffer.from(`\r\n--${boundary}`);
    this.#dashes = this.#delimiter.subarray(2);
    // The first delimiter needs no line break before it: pretend that there was one.
    this.#window = Buffer.from('\r\n');
    this.#base = -2;
  }
  get done(): boolean {
    return this.#names.every((name) => this.fields[name] !== undefined);
  }
  get failed(): boolean {
    return this.#failure !== undefined;
  }
  settle(name: string | undefined): void {
    if (name !== undefined && this.fields[name] === undefined) this.#begin(name);
    this.#settled = true;
    if (this.#state === 'value' && this.#name !== undefined) this.#beginInner(this.#name);
  }
  push(chunk: Bytes): void {
    if (this.#failure !== undefined || chunk.length === 0) return;
    const bytes = view(chunk);
    this.#window = this.#passes(bytes) ? bytes : Buffer.concat([this.#window, bytes]);
    let more = true;
    while (more && this.#failure === undefined) more = this.#step();
  }
  /** In a value nobody asked for the chunk need not be joined with what is held, unless a boundary spans both. */
  #passes(chunk: Buffer): boolean {
    if (this.#state !== 'value' || this.#name !== undefined || chunk.length < this.#delimiter.length) return false;
    const seam = Buffer.concat([this.#window, chunk.subarray(0, this.#delimiter.length - 1)]);
    if (seam.includes(this.#dashes)) return false;
    this.#base += this.#window.length;
    return true;
  }
  end(): FormResult {
    if (this.#failure === undefined && this.#state !== 'closed') this.#fail('The multipart body ends before its closing boundary.', this.#window.length);
    if (this.#failure !== undefined) return this.#failure;
    return { ok: true, fields: this.fields, duplicates: this.duplicates, inner: this.inner, parts: this.#parts, length: this.#base + this.#window.length };
  }
  #fail(message: string, at: number): false {
    this.#failure ??= { ok: false, code: 'invalid_request', offset: Math.max(0, this.#base + at), message };
    return false;
  }
  #drop(bytes: number): void {
    this.#window = this.#window.subarray(bytes);
    this.#base += bytes;
  }
  /** True when there may be more to do with what is in the window. */
  #step(): boolean {
    if (this.#state === 'delimiter') return this.#first();
    if (this.#state === 'after') return this.#after();
    if (this.#state === 'headers') return this.#headers();
    if (this.#state === 'value') return this.#value();
    return this.#epilogue();
  }
  #first(): boolean {
    const size = Math.min(this.#window.length, this.#delimiter.length);
    if (this.#window.compare(this.#delimiter, 0, size, 0, size) !== 0) return this.#fail('The multipart body does not begin with its boundary.', 2);
    if (size < this.#delimiter.length) return false;
    this.#drop(size);
    this.#state = 'after';
    return true;
  }
  #after(): boolean {
    const [first, second] = this.#window;
    if (first === undefined) return false;
    if (first !== 13 && first !== 45) return this.#fail('A boundary of the multipart body is followed by something else.', 0);
    if (second === undefined) return false;
    if (second !== (first === 13 ? 10 : 45)) return this.#fail('A boundary of the multipart body is followed by something else.', 1);
    if (first === 45) {
      this.#drop(2);
      this.#state = 'closed';
      return true;
    }
    if (++this.#parts > MAX_PARTS) return this.#fail(`The multipart body has more than ${MAX_PARTS} parts.`, 0);
    // The line break stays: a part without headers begins with the empty line that ends them.
    this.#state = 'headers';
    return true;
  }
  #headers(): boolean {
    const end = this.#window.subarray(0, MAX_HEADERS + HEADERS_END.length).indexOf(HEADERS_END);
    if (end < 0)
      return this.#window.length > MAX_HEADERS + 3 ? this.#fail(`A part of the multipart body has more than ${MAX_HEADERS} bytes of headers.`, 0) : false;
    const asked = (name: string): boolean => this.#names.includes(name) || this.#isInner(name);
    const name = partName(this.#window.toString('latin1', 2, Math.max(2, end)), asked);
    if (typeof name !== 'string') return this.#fail(name.problem, 0);
    this.#name = asked(name) ? name : undefined;
    if (this.#names.includes(name)) this.#begin(name);
    else this.#beginInner(name);
    // The last line break stays: the delimiter after an empty value begins with another one.
    this.#drop(end + 2);
    this.#valueStart = this.#base;
    this.#state = 'value';
    return true;
  }
  /**
   * Where the next delimiter begins, or before it a boundary behind a bare LF or CR: others may read a delimiter there. The byte
   * before either is always in the window, as at least a delimiter less one byte is kept.
   */
  #boundary(): { readonly end: number; readonly bare: number } {
    for (let at = this.#window.indexOf(this.#dashes); at >= 0; at = this.#window.indexOf(this.#dashes, at + 1)) {
      const before = this.#window[at - 1];
      if (before === LF && this.#window[at - 2] === CR) return { end: at - 2, bare: -1 };
      if (before === LF || before === CR) return { end: -1, bare: at - 1 };
    }
    return { end: -1, bare: -1 };
  }
  #value(): boolean {
    const { end, bare } = this.#boundary();
    // A governed value that was too long before is told as that, however it is chunked.
    if (bare >= 0 && (this.#name === undefined || bare <= MAX_VALUE + 2))
      return this.#fail('A part of the multipart body holds the boundary behind half a line break.', bare);
    if (end === 0 && this.#base === this.#valueStart) return this.#fail('A part of the multipart body has no line break before its boundary.', 0);
    if (this.#name === undefined) {
      if (end >= 0) return this.#close(end);
      this.#drop(Math.max(0, this.#window.length - this.#delimiter.length + 1));
      return false;
    }
    const size = end < 0 ? this.#window.length - this.#delimiter.length - 1 : end - 2;
    if (size > MAX_VALUE) return this.#fail('A governed field of the multipart body is longer than 4 KiB.', 0);
    return end >= 0 && this.#found(this.#name, end) && this.#close(end);
  }
  /** `a[file_id]`, `file_ids[]`, `a.0.file_id`: any step of a path in brackets or with dots. */
  #isInner(name: string): boolean {
    return this.#innerNames.length > 0 && name.split(/[[\].]+/).some((step) => this.#innerNames.includes(step));
  }
  #begin(name: string): void {
    if (this.#begun.has(name) && !this.duplicates.includes(name)) this.duplicates.push(name);
    this.#begun.add(name);
  }
  #beginInner(name: string): void {
    if (this.#settled && this.#isInner(name)) this.duplicates.push(name);
  }
  #found(name: string, end: number): boolean {
    const bytes = this.#window.subarray(2, end);
    if (!isUtf8(bytes)) return this.#fail('A governed field of the multipart body is not valid UTF-8.', 0);
    if (!this.#names.includes(name)) this.inner.push(bytes.toString('utf8'));
    else this.fields[name] ??= { text: bytes.toString('utf8'), start: this.#base + 2, end: this.#base + end };
    return true;
  }
  #close(end: number): boolean {
    this.#drop(end + this.#delimiter.length);
    this.#state = 'after';
    return true;
  }
  #epilogue(): boolean {
    const [first, second] = this.#window;
    if (this.#window.length > 2 || (first !== undefined && first !== 13) || (second !== undefined && second !== 10)) {
      return this.#fail('Something follows the closing boundary of the multipart body.', 0);
    }
    return false;
  }
}

/**
 * Finds form fields in the chunks of a `multipart/form-data` body without keeping it. Strict where parsers differ (text before the
 * first or after the last boundary, a boundary behind a bare LF or CR, folded or doubled headers, `name*`, escapes in names, a governed field with a file name), as a
 * provider might read there another value than we do: all of that is `invalid_request`. At most 64 parts, 8 KiB of headers a part
 * and 4 KiB a governed value. Every chunking gives the same result. `inner`: names that may stand anywhere in the path of a field
 * (`input_reference[file_id]`), any number of times.
 */
export const multipartScanner = (boundary: string, fields: readonly string[], inner: readonly string[] = []): FormScanner => new Form(boundary, fields, inner);

const BOUNDARY = /^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$/;
const PARAMETER = /[ \t]*;[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:"([^"\\]*)"|([^\s;"]+))/y;
/** Content types are short; the bound keeps every pattern cheap. */
const MAX_TYPE = 1024;
/**
 * The boundary of a `multipart/form-data` content type; undefined for any other type. Throws `invalid_request` where the type does
 * not parse to its end, or the boundary is missing, stands twice, has an encoding of its own, or is not 1 to 70 characters of RFC 2046.
 */
export const boundaryOf = (contentType: string): string | undefined => {
  const [type = ''] = /^[ \t]*multipart\/form-data(?=[ \t]*(?:;|$))/i.exec(contentType) ?? [];
  if (type === '') return undefined;
  const found: string[] = [];
  let at = type.length;
  while (at < contentType.length && contentType.length <= MAX_TYPE) {
    PARAMETER.lastIndex = at;
    const match = PARAMETER.exec(contentType);
    if (match === null) break;
    const name = match[1]?.toLowerCase() ?? '';
    if (name === 'boundary') found.push(match[2] ?? match[3] ?? '');
    // RFC 2231: some read this one instead.
    if (name.startsWith('boundary*')) break;
    at += match[0].length;
  }
  const [boundary] = found;
  if (boundary === undefined || found.length > 1 || !BOUNDARY.test(boundary) || /[^ \t;]/.test(contentType.slice(at))) {
    throw new GatewayError('invalid_request', 'The content type has no usable multipart boundary.');
  }
  return boundary;
};
