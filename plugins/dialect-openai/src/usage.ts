import { asNumber, asObject, type Fields, isObject, type Json, outputIn, type Usage } from '@llm-proxy-auth/plugin';
import { OPENAI } from './wire.ts';

const count = (v: Json): number => {
  const n = asNumber(v);
  return n !== undefined && Number.isSafeInteger(n) && n > 0 ? n : 0;
};
/**
 * Reads the usage object of any OpenAI surface: `prompt_tokens`/`completion_tokens` (chat, completions, embeddings) or
 * `input_tokens`/`output_tokens` (responses, images, audio). Cached tokens above the input are clamped: a recorded
 * third-party answer says 403 cached of 347. xAI counts what was thought beside what was said. `json` is the object's source where the caller has it.
 */
export const readUsage = (wire: Json, json: string): Usage | undefined => {
  if (!isObject(wire)) return undefined;
  const input = count(wire.prompt_tokens ?? wire.input_tokens);
  const spent: Fields = asObject(wire.prompt_tokens_details ?? wire.input_tokens_details) ?? {};
  const made: Fields = asObject(wire.completion_tokens_details ?? wire.output_tokens_details) ?? {};
  const output = outputIn({
    input,
    said: count(wire.completion_tokens ?? wire.output_tokens),
    thought: count(made.reasoning_tokens),
    total: count(wire.total_tokens),
  });
  const cacheRead = Math.min(count(spent.cached_tokens), input);
  const part = (tokens: Json, most: number): number | undefined => Math.min(count(tokens), most) || undefined;
  return {
    input,
    output,
    cacheRead,
    cacheWrite: Math.min(count(spent.cache_write_tokens), input - cacheRead),
    reasoning: Math.min(count(made.reasoning_tokens), output),
    audioIn: part(spent.audio_tokens, input),
    audioOut: part(made.audio_tokens, output),
    imageIn: part(spent.image_tokens, input),
    imageOut: part(made.image_tokens, output),
    estimated: false,
    raw: { json, dialect: OPENAI },
  };
};
/** Usage of an answer that carried none. */
export const noUsage: Usage = Object.freeze({ input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: true });
