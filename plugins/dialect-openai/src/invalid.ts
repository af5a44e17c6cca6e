import { GatewayError, type Json } from '@llm-proxy-auth/plugin';
import { asFlag, asNumber, asText, type Fields } from './wire.ts';

/** 400 `invalid_request` about `param`. */
export const invalid = (param: string, message: string): GatewayError => new GatewayError('invalid_request', message, { param });
/** 400 `unsupported_parameter` about `param`. */
export const unsupported = (param: string, message: string): GatewayError => new GatewayError('unsupported_parameter', message, { param });

const typed =
  <T>(read: (v: Json) => T | undefined, wanted: string) =>
  (body: Fields, name: string): T | undefined => {
    const value = body[name];
    if (value === undefined || value === null) return undefined;
    const known = read(value);
    if (known === undefined) throw invalid(name, `'${name}' must be ${wanted}.`);
    return known;
  };
/** A member that is a number, or absent or null; else 400. */
export const numberField = typed(asNumber, 'a number');
/** A member that is text, or absent or null; else 400. */
export const textField = typed(asText, 'a string');
/** A member that is true or false, or absent or null; else 400. */
export const flagField = typed(asFlag, 'true or false');
