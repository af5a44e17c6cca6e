import { asFlag, asNumber, asObject, asText, type Fields, GatewayError, type Json } from '@llm-proxy-auth/plugin';

/** 400 `invalid_request` about `param`. */
export const invalid = (param: string, message: string): GatewayError => new GatewayError('invalid_request', message, { param });
/** 400 `unsupported_parameter` about `param`. */
export const unsupported = (param: string, message: string): GatewayError => new GatewayError('unsupported_parameter', message, { param });

const typed =
  <T>(read: (v: Json) => T | undefined, wanted: string) =>
  (body: Fields, name: string, param: string = name): T | undefined => {
    const value = body[name];
    if (value === undefined || value === null) return undefined;
    const known = read(value);
    if (known === undefined) throw invalid(param, `'${param}' must be ${wanted}.`);
    return known;
  };
const list = (v: Json): readonly Json[] | undefined => (Array.isArray(v) ? v : undefined);
/** A member that is a number, or absent or null; else 400. */
export const numberField = typed(asNumber, 'a number');
/** A member that is text, or absent or null; else 400. */
export const textField = typed(asText, 'a string');
/** A member that is true or false, or absent or null; else 400. */
export const flagField = typed(asFlag, 'true or false');
/** A member that is an object, or absent or null; else 400. */
export const objectField = typed(asObject, 'an object');
/** A member that is a list, or absent or null; else 400. */
export const listField = typed(list, 'a list');
/** A member that is text; else 400. */
export const textMember = (body: Fields, name: string, param: string): string => {
  const value = asText(body[name]);
  if (value === undefined) throw invalid(param, `'${param}' must be a string.`);
  return value;
};
