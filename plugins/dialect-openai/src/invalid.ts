import { asFlag, asNumber, asObject, asText, type Endpoint, type Fields, GatewayError, type Json, type Ledger } from '@llm-proxy-auth/plugin';
import { OPENAI } from './wire.ts';

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

/** Members of every surface that the conversation does not hold, by what they must be. */
const FURTHER: readonly (readonly [(body: Fields, name: string) => unknown, readonly string[]])[] = Object.freeze([
  [textField, ['model', 'prompt_cache_key', 'prompt_cache_retention', 'safety_identifier', 'verbosity', 'truncation', 'previous_response_id']],
  [flagField, ['stream', 'store', 'background']],
  [numberField, ['max_tool_calls']],
  [objectField, ['metadata', 'stream_options']],
]);
/** Refuses what the vendor would refuse, before it is noted as ignored. */
export const checkFurther = (body: Fields): void => {
  for (const [read, names] of FURTHER) for (const name of names) read(body, name);
};
/** Options of a stream go to a provider of the same surface only. `include_usage` is honoured; an option that is off asks for nothing. */
export const loseOptions = (body: Fields, surface: string, target: Endpoint | undefined, ledger: Ledger): void => {
  if (target === undefined || (target.dialect === OPENAI && target.surface === surface)) return;
  for (const [name, value] of Object.entries(asObject(body.stream_options) ?? {}))
    if (name !== 'include_usage' && value !== null && value !== false) ledger.note('ignored', `stream_options.${name}`, 'the provider writes another stream');
};
