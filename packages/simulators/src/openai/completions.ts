import { sseFrame } from '../http/answer.ts';
import { anything, boolean, checkMembers, decimal, type Fields, fieldsOf, integer, object, string } from './check.ts';
import type { Context } from './context.ts';
import { refuse } from './refusal.ts';
import { count, tokens } from './tokens.ts';

const table = {
  model: string,
  prompt: anything,
  suffix: string,
  max_tokens: integer(0),
  temperature: decimal(0, 2),
  top_p: decimal(0, 1),
  n: integer(1, 128),
  stream: boolean,
  stream_options: object,
  logprobs: integer(0, 5),
  echo: boolean,
  stop: anything,
  presence_penalty: decimal(-2, 2),
  frequency_penalty: decimal(-2, 2),
  best_of: integer(1, 20),
  logit_bias: object,
  seed: integer(),
  user: string,
};

type Choice = { readonly pieces: readonly string[]; readonly finish: 'stop' | 'length' };

export type Written = { readonly model: string; readonly choices: readonly Choice[]; readonly usage: Fields };

const isTokens = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === 'number');

const promptsOf = (prompt: unknown): string[] => {
  if (typeof prompt === 'string') return [prompt];
  if (!Array.isArray(prompt)) return ['<|endoftext|>'];
  if (isTokens(prompt)) return [`tokens:${prompt.join(',')}`];
  return prompt.map((one) => (typeof one === 'string' ? one : `tokens:${String(one)}`));
};

/** Checks a completions request and writes one choice for each prompt and each `n`. 16 tokens unless `max_tokens` says otherwise. */
export const write = (call: Context, body: Fields): Written => {
  if (typeof body.model !== 'string' || body.model === '') throw refuse.plain('you must provide a model parameter');
  checkMembers(body, table);
  if (body.stream_options !== undefined && body.stream_options !== null && body.stream !== true) {
    throw refuse.plain("The 'stream_options' parameter is only allowed when 'stream' is enabled.", 'stream_options');
  }
  const model = call.models.require(body.model, 'completions');
  const prompts = promptsOf(body.prompt);
  const limit = typeof body.max_tokens === 'number' ? body.max_tokens : 16;
  const each = typeof body.n === 'number' ? body.n : 1;
  const choices = prompts.flatMap((prompt) =>
    Array.from({ length: each }, (_, index): Choice => {
      const all = tokens(`${index === 0 ? '' : `(${index + 1}) `}You wrote: ${prompt}`);
      const kept = all.slice(0, limit);
      return { pieces: body.echo === true ? [prompt, ...kept] : kept, finish: kept.length < all.length ? 'length' : 'stop' };
    }),
  );
  const input = prompts.reduce((sum, prompt) => sum + count(prompt), 0);
  const output = choices.reduce((sum, choice) => sum + choice.pieces.length, 0);
  return { model: model.id, choices, usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output } };
};

const base = (call: Context, written: Written): Fields => ({ id: call.id('cmpl-'), object: 'text_completion', created: call.seconds(), model: written.model });

export const completion = (call: Context, written: Written): Fields => ({
  ...base(call, written),
  choices: written.choices.map(({ pieces, finish }, index) => ({ text: pieces.join(''), index, logprobs: null, finish_reason: finish })),
  usage: written.usage,
});

export function* completionStream(call: Context, body: Fields, written: Written): Generator<Buffer> {
  const common = base(call, written);
  const usage = fieldsOf(body.stream_options).include_usage === true;
  const none = usage ? { usage: null } : {};
  for (const [index, { pieces, finish }] of written.choices.entries()) {
    for (const text of pieces) yield sseFrame({ ...common, choices: [{ text, index, logprobs: null, finish_reason: null }], ...none });
    yield sseFrame({ ...common, choices: [{ text: '', index, logprobs: null, finish_reason: finish }], ...none });
  }
  if (usage) yield sseFrame({ ...common, choices: [], usage: written.usage });
  yield sseFrame('[DONE]');
}
