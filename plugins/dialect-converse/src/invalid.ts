import { asNumber, asObject, asText, type Fields, invalid, type Json } from '@llm-proxy-auth/plugin';

const typed =
  <T>(read: (v: Json) => T | undefined, wanted: string) =>
  (o: Fields, name: string, within: string): T | undefined => {
    const value = o[name];
    if (value === undefined || value === null) return undefined;
    const known = read(value);
    const param = within === '' ? name : `${within}.${name}`;
    if (known === undefined) throw invalid(param, `'${param}' must be ${wanted}.`);
    return known;
  };
/** A member that is a number, or absent or null; else 400. `within`: what holds it. */
export const numberField = typed(asNumber, 'a number');
/** A member that is text, or absent or null; else 400. */
export const textField = typed(asText, 'a string');
/** A member that is an object, or absent or null; else 400. */
export const objectField = typed(asObject, 'an object');
/** A member that is true or false, or absent or null; else 400. */
export const flagField = typed((v) => (typeof v === 'boolean' ? v : undefined), 'true or false');
/** A member that is a list, or absent or null; else 400. */
export const listField = typed<readonly Json[]>((v) => (Array.isArray(v) ? v : undefined), 'a list');
/** The value as an object, else 400. */
export const anObject = (v: Json, param: string): Fields => {
  const o = asObject(v);
  if (o === undefined) throw invalid(param, `'${param}' must be an object.`);
  return o;
};
