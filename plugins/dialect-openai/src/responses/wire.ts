import { asText, type Fields, isObject, type Json, type Origin, parseJson, stringifyJson } from '@llm-proxy-auth/plugin';
import { OPENAI } from '../wire.ts';

export { OPENAI } from '../wire.ts';

/** Name under which `rest` belongs to this surface. */
export const SURFACE = 'openai.responses';

/** The value as text; anything else is the empty text. */
export const wordOf = (value: Json): string => asText(value) ?? '';

export const originOf = (value: Json): Origin => ({ dialect: OPENAI, payload: { json: stringifyJson(value) } });
/** The item, tool or annotation of this dialect that an origin holds; undefined for foreign or unreadable ones. */
export const ownOrigin = (origin: Origin | undefined): Fields | undefined => {
  if (origin?.dialect !== OPENAI) return undefined;
  try {
    const value = parseJson(origin.payload.json);
    return isObject(value) && typeof value.type === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
};
