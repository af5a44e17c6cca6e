import { Buffer } from 'node:buffer';
import type { ValueKind } from './tokenizer.ts';

export const QUOTE = 34;
export const BACKSLASH = 92;

/** 1 for bytes that may stand in a string as they are. */
export const ORDINARY = Uint8Array.from({ length: 256 }, (_, c) => (c < 32 || c === QUOTE || c === BACKSLASH ? 0 : 1));
export const SIMPLE_ESCAPES = Uint8Array.from({ length: 256 }, (_, c) => ('"\\/bfnrt'.includes(String.fromCharCode(c)) ? 1 : 0));
export const HEX_DIGITS = Uint8Array.from({ length: 256 }, (_, c) => (/[0-9a-fA-F]/.test(String.fromCharCode(c)) ? 1 : 0));
export const LITERALS: Readonly<Record<number, Uint8Array>> = Object.freeze({ 116: Buffer.from('true'), 102: Buffer.from('false'), 110: Buffer.from('null') });
export const LITERAL_KINDS: Readonly<Record<number, ValueKind>> = Object.freeze({ 116: 'true', 102: 'false', 110: 'null' });
export const PROTO = Buffer.from('__proto__');
export const CONSTRUCTOR = Buffer.from('constructor');
export const PROTOTYPE = Buffer.from('prototype');

export const space = (c: number): boolean => c === 32 || c === 10 || c === 13 || c === 9;
export const same = (name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean => {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[start + i]) return false;
  return true;
};
/** Control characters, which a scan may let be. */
const CONTROLS = /[^\x20-\uffff]/g;
const escapeOf = (control: string): string => JSON.stringify(control).slice(1, -1);
export const decoded = (raw: string, escaped: boolean): string => (escaped ? (JSON.parse(`"${raw.replaceAll(CONTROLS, escapeOf)}"`) as string) : raw);
