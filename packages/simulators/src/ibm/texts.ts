import { createHash } from 'node:crypto';
import { type Fields, listOf as fieldsList, fieldsOf, textOf } from '../openai/check.ts';
import { count, tokens } from '../openai/tokens.ts';
import { event } from './chat.ts';
import { boolean, listOf, members, number, object, oneOf, string, text } from './check.ts';
import type { Context } from './context.ts';
import type { Model } from './models.ts';
import { unfit } from './refusal.ts';

const ACCOUNT = { model_id: text, project_id: text, space_id: text };
const CRYPTO = { crypto: members({ key_ref: text }, ['key_ref']) };
const TRUNCATE = { truncate_input_tokens: number(1, 1_000_000, true) };

export const checkEmbeddings = members(
  {
    ...ACCOUNT,
    ...CRYPTO,
    inputs: listOf(text, 1, 1000),
    parameters: members({ ...TRUNCATE, return_options: members({ input_text: boolean }) }),
  },
  ['model_id', 'inputs'],
);
export const checkRerank = members(
  {
    ...ACCOUNT,
    ...CRYPTO,
    inputs: listOf(members({ text: string }, ['text']), 1, 1000),
    query: text,
    parameters: members({ ...TRUNCATE, return_options: members({ top_n: number(1, 1000, true), inputs: boolean, query: boolean }) }),
  },
  ['model_id', 'inputs', 'query'],
);
export const checkTokenization = members({ ...ACCOUNT, ...CRYPTO, input: string, parameters: members({ return_tokens: boolean }) }, ['model_id', 'input']);
const GENERATION = {
  ...CRYPTO,
  input: string,
  moderations: object,
  parameters: members({
    ...TRUNCATE,
    decoding_method: oneOf('greedy', 'sample'),
    max_new_tokens: number(0, 1_000_000, true),
    min_new_tokens: number(0, 1_000_000, true),
    random_seed: number(1, 2_147_483_647, true),
    stop_sequences: listOf(string, 0, 6),
    temperature: number(0.05, 2),
    time_limit: number(1, 600_000, true),
    top_k: number(1, 100, true),
    top_p: number(0, 1),
    repetition_penalty: number(1, 2),
    length_penalty: object,
    typical_p: number(0, 1),
    return_options: object,
    include_stop_sequence: boolean,
    prompt_variables: object,
  }),
};
/** A deployment's body names no model and no account. */
export const checkGeneration = (body: unknown, deployed: boolean): void =>
  members(deployed ? GENERATION : { ...GENERATION, ...ACCOUNT }, deployed ? ['input'] : ['model_id', 'input'])(body, '');

/** Tokens of an input; too many are refused unless the end may be cut off. */
const counted = (input: string, model: Model, body: Fields): number => {
  const limit = fieldsOf(body.parameters).truncate_input_tokens;
  const found = Math.min(count(input), typeof limit === 'number' ? limit : Number.POSITIVE_INFINITY);
  if (found > model.context) throw unfit(`the number of input tokens ${found} cannot exceed the max sequence length ${model.context} for this model`);
  return found;
};
const vectorOf = (input: string): number[] => {
  const bytes = createHash('sha512').update(input).digest();
  const raw = Array.from({ length: 16 }, (_, at) => bytes.readInt16LE(at * 2) / 32_768);
  const length = Math.hypot(...raw) || 1;
  return raw.map((value) => Math.fround(value / length));
};
export const embed = (call: Context, body: Fields, model: Model): Fields => {
  const inputs = (body.inputs as readonly string[]) ?? [];
  const shown = fieldsOf(fieldsOf(body.parameters).return_options).input_text === true;
  return {
    model_id: model.id,
    results: inputs.map((input) => ({ embedding: vectorOf(input), ...(shown ? { input } : {}) })),
    created_at: call.time(),
    input_token_count: inputs.reduce((sum, input) => sum + counted(input, model, body), 0),
  };
};
const words = (input: string): ReadonlySet<string> => new Set(input.toLowerCase().match(/[a-z0-9]+/g) ?? []);
/** Documents that share more words with the query score higher, on a scale around zero. */
export const rank = (call: Context, body: Fields, model: Model): Fields => {
  const wanted = words(textOf(body.query));
  const options = fieldsOf(fieldsOf(body.parameters).return_options);
  const inputs = fieldsList(body.inputs).map((one) => textOf(one.text));
  const results = inputs.map((input, index) => {
    const shared = [...words(input)].filter((word) => wanted.has(word)).length;
    return { index, score: shared * 2 - 5 - index / 1000, ...(options.inputs === true ? { input: { text: input } } : {}) };
  });
  const best = results.toSorted((a, b) => b.score - a.score);
  return {
    model_id: model.id,
    results: typeof options.top_n === 'number' ? best.slice(0, options.top_n) : best,
    created_at: call.time(),
    input_token_count: inputs.reduce((sum, input) => sum + counted(input, model, body) + count(textOf(body.query)), 0),
    ...(options.query === true ? { query: body.query } : {}),
  };
};
export const tokenize = (body: Fields, model: Model): Fields => {
  const found = tokens(textOf(body.input));
  const shown = fieldsOf(body.parameters).return_tokens === true;
  return { model_id: model.id, result: { token_count: found.length, ...(shown ? { tokens: found } : {}) } };
};

type Generated = { readonly pieces: readonly string[]; readonly reason: string; readonly input: number };
const generated = (body: Fields, model: Model): Generated => {
  const parameters = fieldsOf(body.parameters);
  const input = textOf(body.input);
  const size = /\bwrite (\d+) words\b/i.exec(input)?.[1];
  const said = size === undefined ? `You said: ${input}` : Array.from({ length: Number(size) }, (_, i) => `word${i + 1}`).join(' ');
  const stops = Array.isArray(parameters.stop_sequences) ? parameters.stop_sequences.map(String) : [];
  const [first] = stops.flatMap((stop) => (said.includes(stop) ? [stop] : [])).toSorted((a, b) => said.indexOf(a) - said.indexOf(b));
  const end = first === undefined ? said.length : said.indexOf(first) + (parameters.include_stop_sequence === false ? 0 : first.length);
  const pieces = tokens(said.slice(0, end));
  const most = typeof parameters.max_new_tokens === 'number' ? parameters.max_new_tokens : 20;
  const reason = pieces.length > most ? 'max_tokens' : first === undefined ? 'eos_token' : 'stop_sequence';
  return { pieces: pieces.slice(0, most), reason, input: counted(input, model, body) };
};
export const generate = (call: Context, body: Fields, model: Model): Fields => {
  const { pieces, reason, input } = generated(body, model);
  const result = { generated_text: pieces.join(''), generated_token_count: pieces.length, input_token_count: input, stop_reason: reason };
  return { model_id: model.id, created_at: call.time(), results: [result] };
};
/** The first event counts the input, and each counts the output up to it. */
export function* generateStream(call: Context, body: Fields, model: Model): Generator<Buffer> {
  const { pieces, reason, input } = generated(body, model);
  let number = 0;
  const at = (text: string, done: number, stop: string): Buffer => {
    number += 1;
    const result = { generated_text: text, generated_token_count: done, input_token_count: number === 1 ? input : 0, stop_reason: stop };
    return event(number, { model_id: model.id, created_at: call.time(), results: [result] });
  };
  yield at('', 0, 'not_finished');
  for (const [index, piece] of pieces.entries()) yield at(piece, index + 1, index === pieces.length - 1 ? reason : 'not_finished');
  if (pieces.length === 0) yield at('', 0, reason);
}
