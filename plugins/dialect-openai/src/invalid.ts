import { asObject, type Endpoint, type Fields, flagField, type Ledger, numberField, objectField, textField } from '@llm-proxy-auth/plugin';
import { OPENAI } from './wire.ts';

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
