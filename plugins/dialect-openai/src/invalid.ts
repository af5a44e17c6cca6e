import {
  asList,
  asObject,
  type Endpoint,
  type Fields,
  flagField,
  type Json,
  type Ledger,
  numberField,
  objectField,
  textField,
  unsupported,
} from '@llm-proxy-auth/plugin';
import { hintOf } from './hint.ts';
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
/** Members of a tool that stand beside what it is; a hint for the cache of another vendor is the only one that is known. */
const TOOL: ReadonlySet<string> = new Set(['type', 'function', 'custom', 'cache_control']);
/** Others go to a provider of the same surface only. */
export const loseToolMembers = (body: Fields, surface: string, target: Endpoint | undefined, ledger: Ledger): void => {
  if (target === undefined || (target.dialect === OPENAI && target.surface === surface)) return;
  for (const tool of asList(body.tools).map((one) => asObject(one) ?? {}))
    if (tool.function !== undefined || tool.custom !== undefined)
      for (const [name, value] of Object.entries(tool))
        if (value !== null && (!TOOL.has(name) || (name === 'cache_control' && hintOf(value) === undefined)))
          ledger.note('ignored', `tools[].${name}`, 'the provider has no such member of a tool');
};
/** Other surfaces cannot be told of tools that the model may not use this time: it is shown the others alone. */
export const hideTools = (hidden: number, ledger: Ledger): void => {
  if (hidden > 0) ledger.note('emulated', 'tool_choice', 'the model is shown the tools that it may use, and no others');
};
const TEXT = 'text';
/** Text is what an answer is anyway. */
export const isTextAlone = (modalities: Json): boolean => Array.isArray(modalities) && modalities.length === 1 && modalities[0] === TEXT;
/** An answer that is spoken has another shape, which only a provider of the same surface gives; it is refused rather than left unspoken. */
export const refuseSpeech = (body: Fields, surface: string, target: Endpoint | undefined): void => {
  if (target === undefined || (target.dialect === OPENAI && target.surface === surface)) return;
  if (asList(body.modalities).some((one) => one !== TEXT)) throw unsupported('modalities', 'The provider of this call answers in text alone.');
};
/** Azure looks things up in data of the caller; without that another question would be asked. */
export const refuseData = (body: Fields, surface: string, target: Endpoint | undefined): void => {
  if (target === undefined || (target.dialect === OPENAI && target.surface === surface)) return;
  if (asList(body.data_sources).length > 0)
    throw unsupported('data_sources', 'The provider of this call searches no data, as `data_sources` asks for; Azure OpenAI does.');
};
/** Options of a stream go to a provider of the same surface only. `include_usage` is honoured; an option that is off asks for nothing. */
export const loseOptions = (body: Fields, surface: string, target: Endpoint | undefined, ledger: Ledger): void => {
  if (target === undefined || (target.dialect === OPENAI && target.surface === surface)) return;
  for (const [name, value] of Object.entries(asObject(body.stream_options) ?? {}))
    if (name !== 'include_usage' && value !== null && value !== false) ledger.note('ignored', `stream_options.${name}`, 'the provider writes another stream');
};
