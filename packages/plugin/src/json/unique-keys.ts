import type { Json } from '../wire.ts';
import { isRawNumber, stringEnd } from './parse.ts';

const COLON = /[\t\n\r ]*:/y;
/** Keys that stand in valid JSON: the strings before a colon. */
const keysWritten = (source: string): number => {
  let count = 0;
  for (let open = source.indexOf('"'), end = 0; open >= 0; open = source.indexOf('"', end)) {
    end = stringEnd(source, open);
    COLON.lastIndex = end;
    if (COLON.test(source)) count++;
  }
  return count;
};
/** Keys that were read. */
const keysRead = (value: Json): number => {
  if (typeof value !== 'object' || value === null || isRawNumber(value)) return 0;
  let count = 0;
  if (Array.isArray(value)) for (const item of value) count += keysRead(item);
  else for (const key in value) count += 1 + keysRead((value as Readonly<Record<string, Json>>)[key]);
  return count;
};
/**
 * Whether some object of valid JSON has one key twice, however it is spelt: two readers may then see two values. `value`: what was read
 * of it, which has one of two such.
 */
export const hasRepeatedKeys = (source: string, value: Json): boolean => keysWritten(source) !== keysRead(value);
