import { createHash } from 'node:crypto';
import { checkMembers, type Fields, integer, oneOf, string, typeName } from './check.ts';
import type { Context } from './context.ts';
import { refuse } from './refusal.ts';
import { count } from './tokens.ts';

/** A unit vector of float32 that depends on the input alone; a shorter one is the beginning of a longer one, normalised again. */
const vectorOf = (input: string, dimensions: number): Float32Array => {
  const raw = new Float64Array(dimensions);
  for (let at = 0, block = 0; at < dimensions; block += 1) {
    const bytes = createHash('sha512').update(`${block}:${input}`).digest();
    for (let byte = 0; byte < bytes.length && at < dimensions; byte += 2, at += 1) raw[at] = bytes.readUInt16LE(byte) / 32_767.5 - 1;
  }
  const length = Math.hypot(...raw) || 1;
  return Float32Array.from(raw, (value) => value / length);
};

const base64 = (vector: Float32Array): string => {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString('base64');
};

const isTokens = (value: unknown): value is number[] => Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'number');

/** Each input as text and its number of tokens. */
const inputsOf = (input: unknown): { text: string; tokens: number }[] => {
  const invalid = () => refuse.plain("'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.");
  const one = (value: unknown) => {
    if (typeof value === 'string' && value !== '') return { text: value, tokens: count(value) };
    if (isTokens(value)) return { text: `tokens:${value.join(',')}`, tokens: value.length };
    throw invalid();
  };
  if (typeof input === 'string' || isTokens(input)) return [one(input)];
  if (!Array.isArray(input))
    throw refuse.type('input', 'one of a string, array of strings, array of integers, or array of arrays of integers', typeName(input));
  if (input.length === 0) throw invalid();
  if (input.length > 2048) throw refuse.tooLongArray('input', 2048, input.length);
  return input.map(one);
};

const table = { model: string, input: () => undefined, dimensions: integer(1), encoding_format: oneOf('float', 'base64'), user: string };

/** POST /embeddings. */
export const embeddings = (call: Context, body: Fields): Fields => {
  if (typeof body.model !== 'string' || body.model === '') throw refuse.plain('you must provide a model parameter');
  if (body.input === undefined || body.input === null) throw refuse.missing('input');
  checkMembers(body, table);
  const model = call.models.require(body.model, 'embeddings');
  const wanted = typeof body.dimensions === 'number' ? body.dimensions : undefined;
  if (wanted !== undefined && model.shortens !== true) throw refuse.plain('This model does not support specifying dimensions.');
  const full = model.dimensions ?? 1536;
  if (wanted !== undefined && wanted > full)
    throw refuse.plain(`Invalid value for 'dimensions' = ${wanted}. Must be less than or equal to ${full}.`, 'dimensions');
  const inputs = inputsOf(body.input);
  const prompt = inputs.reduce((sum, input) => sum + input.tokens, 0);
  return {
    object: 'list',
    data: inputs.map(({ text }, index) => {
      const vector = vectorOf(text, wanted ?? full);
      return { object: 'embedding', index, embedding: body.encoding_format === 'base64' ? base64(vector) : [...vector] };
    }),
    model: model.id,
    usage: { prompt_tokens: prompt, total_tokens: prompt },
  };
};
