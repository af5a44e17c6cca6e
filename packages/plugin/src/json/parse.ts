import { isUtf8 } from 'node:buffer';
import { GatewayError } from '../error.ts';
import { view } from '../framing/held.ts';
import type { Bytes, Json } from '../wire.ts';

/** A number kept as its source text (ECMAScript `JSON.rawJSON`); `JSON.stringify` writes it verbatim. */
export interface RawNumber {
  readonly rawJSON: string;
}
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
/** TypeScript 6.0 has no types for these yet; Node has them since 21. */
const json = JSON as unknown as {
  rawJSON(source: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
  parse(text: string, reviver: Reviver): unknown;
};
export const rawNumber = (source: string): RawNumber => json.rawJSON(source);
export const isRawNumber = (value: unknown): value is RawNumber => json.isRawJSON(value);

export interface ParseLimits {
  /** Containers inside each other; default 64. */
  readonly maxDepth?: number | undefined;
  /** False: a scan has shown already that every number fits a double. */
  readonly bigNumber?: boolean | undefined;
}
/** 16 digits (with or without a point) or an exponent of three: only then a number may not fit. Matches inside strings cost time only. */
const PERHAPS_BIG = /[0-9][0-9.]{15}|[0-9][eE][+-]?[0-9]{3}/;

/** Digits without zeros at either end, and the power of ten of the last of them. */
const decimal = (source: string): string => {
  const [mantissa = '', power = '0'] = source
    .replace('-', (_, at: number) => (at === 0 ? '' : '-'))
    .toLowerCase()
    .split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const short = digits.replace(/0+$/, '');
  return short === '' ? '0' : `${short}e${Number(power) - fraction.length + digits.length - short.length}`;
};
/** Whether the double is the number that was written, not a neighbour. */
const fits = (value: number, source: string): boolean => Number.isFinite(value) && decimal(String(value)) === decimal(source);
const keepBig: Reviver = (_key, value, { source }) => (typeof value === 'number' && source !== undefined && !fits(value, source) ? rawNumber(source) : value);

const polluted = (): GatewayError => new GatewayError('invalid_request', 'The JSON has a key that names a prototype.');
/** Refuses what must not go deeper into the gateway: too many levels, `__proto__`, `constructor.prototype`. */
const check = (value: unknown, left: number, maxDepth: number): void => {
  if (typeof value !== 'object' || value === null) return;
  if (left === 0) throw new GatewayError('invalid_request', `The JSON nests deeper than ${maxDepth} levels.`);
  if (Array.isArray(value)) {
    for (const item of value) check(item, left - 1, maxDepth);
    return;
  }
  for (const key in value) {
    const member = (value as Record<string, unknown>)[key];
    if (key === '__proto__') throw polluted();
    if (key === 'constructor' && typeof member === 'object' && member !== null && Object.hasOwn(member, 'prototype')) throw polluted();
    if (typeof member === 'object') check(member, left - 1, maxDepth);
  }
};
const text = (source: Bytes | string): string => {
  if (typeof source === 'string') return source;
  if (!isUtf8(source)) throw new GatewayError('invalid_json', 'The JSON is not valid UTF-8.');
  return view(source).toString('utf8');
};

/**
 * Strict: UTF-8 without BOM, RFC 8259. Numbers that a double cannot hold become `RawNumber`s. Throws `invalid_json`, and
 * `invalid_request` for more than `maxDepth` levels and for keys that name a prototype. No message quotes the source.
 */
export const parseJson = (source: Bytes | string, limits: ParseLimits = {}): Json => {
  const { maxDepth = 64, bigNumber = true } = limits;
  const whole = text(source);
  let value: unknown;
  try {
    value = JSON.parse(whole);
  } catch {
    throw new GatewayError('invalid_json', 'The text is not valid JSON.');
  }
  check(value, maxDepth, maxDepth);
  return bigNumber && PERHAPS_BIG.test(whole) ? json.parse(whole, keepBig) : value;
};

/** The same value gives the same text: members in insertion order, no white space, `RawNumber`s verbatim. */
export const stringifyJson = (value: Json): string => {
  const source: string | undefined = JSON.stringify(value);
  if (source === undefined) throw new GatewayError('internal_error', 'Only JSON values can be written as JSON.');
  return source;
};
/** JSON text that a service may also send as the value that it stands for; none where there is neither. */
export const jsonText = (value: Json): string => (typeof value === 'string' ? value : value === undefined || value === null ? '' : stringifyJson(value));

/** Source of a pattern: the inside of a JSON string in which nothing is escaped, so that it is the text itself. */
export const UNESCAPED = String.raw`[ !#-[\]-\uffff]*`;
/** A text of which `JSON.stringify` escapes nothing; surrogates it escapes where they stand alone. */
const NOTHING_ESCAPED = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/;
/** What `JSON.stringify` writes of a text, without the quotes. */
export const insideString = (text: string): string => (NOTHING_ESCAPED.test(text) ? text : JSON.stringify(text).slice(1, -1));

const LONG_SPACE = /[\t\n\r ]+/g;
/** JSON source without white space outside strings. */
const dense = (source: string): string => {
  let out = '';
  for (let at = 0; at < source.length; ) {
    const quote = source.indexOf('"', at);
    const stop = quote < 0 ? source.length : quote;
    out += source.slice(at, stop).replace(LONG_SPACE, '');
    at = quote < 0 ? stop : stringEnd(source, quote);
    if (quote >= 0) out += source.slice(quote, at);
  }
  return out;
};
/** Index just after the string that begins at `open`. */
export const stringEnd = (source: string, open: number): number => {
  for (let at = open + 1; at < source.length; ) {
    const quote = source.indexOf('"', at);
    if (quote < 0) return source.length;
    let slashes = 0;
    while (source.charCodeAt(quote - 1 - slashes) === 92) slashes++;
    if (slashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
  return source.length;
};
/** Equality of two JSON sources up to white space between tokens: same members, same order, same spelling. */
export const sameJson = (a: Bytes | string, b: Bytes | string): boolean => dense(text(a)) === dense(text(b));
