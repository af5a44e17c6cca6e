import { GatewayError } from '../error.ts';
import type { Json } from '../wire.ts';
import { asFlag, asNumber, asObject, asText, type Fields } from './members.ts';

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
/** A member that is a number, or absent or null; else 400. */
export const numberField = typed(asNumber, 'a number');
/** A member that is text, or absent or null; else 400. */
export const textField = typed(asText, 'a string');
/** A member that is true or false, or absent or null; else 400. */
export const flagField = typed(asFlag, 'true or false');
/** A member that is an object, or absent or null; else 400. */
export const objectField = typed(asObject, 'an object');
/** A member that is a list, or absent or null; else 400. */
export const listField = typed<readonly Json[]>((v) => (Array.isArray(v) ? v : undefined), 'a list');
