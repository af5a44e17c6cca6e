import { type HeaderPairs, isRawNumber, type Json } from '@llm-proxy-auth/plugin';

/** Name of the dialect; also what `Origin.dialect`, `VendorError.dialect` and `Usage.raw` say. */
export const ANTHROPIC = 'anthropic';
/** Name under which `rest` belongs to messages, and to token counts, which are messages without an answer. */
export const MESSAGES = 'anthropic.messages';
/** A parsed JSON object. */
export type Fields = Readonly<Record<string, Json>>;
/** A JSON object being built. */
export type Building = Record<string, Json>;

/** True for a JSON object (arrays, null and raw numbers excluded). */
export const isObject = (v: Json): v is Fields => typeof v === 'object' && v !== null && !Array.isArray(v) && !isRawNumber(v);
/** The value as an object, else undefined. */
export const asObject = (v: Json): Fields | undefined => (isObject(v) ? v : undefined);
/** The value as a list; a wire `null` and anything else is an empty one. */
export const asList = (v: Json): readonly Json[] => (Array.isArray(v) ? v : []);
/** The value as text, else undefined. */
export const asText = (v: Json): string | undefined => (typeof v === 'string' ? v : undefined);
/** The value as a number, else undefined; raw numbers are rounded to a double. */
export const asNumber = (v: Json): number | undefined => {
  if (typeof v === 'number') return v;
  if (!isRawNumber(v)) return undefined;
  const n = Number(v.rawJSON);
  return Number.isFinite(n) ? n : undefined;
};
/** The value as true or false, else undefined. */
export const asFlag = (v: Json): boolean | undefined => (typeof v === 'boolean' ? v : undefined);
/** The members of `o` that are not in `known` and not null: `null` is absent everywhere in this dialect. Undefined when none is left. */
export const unknownFields = (o: Fields, known: ReadonlySet<string>): Fields | undefined => {
  let left: Building | undefined;
  for (const key in o) {
    if (known.has(key) || o[key] === null || o[key] === undefined) continue;
    left ??= {};
    left[key] = o[key];
  }
  return left;
};
/** One member, or none where the value is undefined. */
export const some = <V>(key: string, value: V | undefined): Readonly<Record<string, V>> => (value === undefined ? {} : { [key]: value });
/** The object without members that are undefined. */
export const defined = <T extends object>(o: T): T => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined)) as T;
/** First value of a header in flat pairs. */
export const header = (headers: HeaderPairs, name: string): string | undefined => {
  for (let i = 0; i + 1 < headers.length; i += 2) if (headers[i]?.toLowerCase() === name) return headers[i + 1];
  return undefined;
};
const decoder = new TextDecoder();
/** UTF-8 bytes to text, without a byte order mark; broken sequences become U+FFFD. */
export const textOf = (bytes: Uint8Array): string => decoder.decode(bytes);
