import type { Found } from './expectations.ts';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const fields = (value: unknown): Fields => (isFields(value) ? value : {});
const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fields) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Arguments that a model wrote as JSON text of JSON text. */
const unwrapped = (input: string): string => (input.startsWith('"') ? text(JSON.parse(input)) : input);
const callOf = (call: Fields): { readonly name: string; readonly arguments: string } => {
  const made = fields(call.function);
  return { name: text(made.name), arguments: unwrapped(text(made.arguments)) };
};
/** What an answer of text/chat says; thinking is an output of its own. */
export const watsonxChat = (body: Fields): Found => {
  const choices = list(body.choices);
  const message = fields(choices[0]?.message);
  return {
    texts: choices.map((choice) => text(fields(choice.message).content)),
    toolCalls: list(message.tool_calls).map(callOf),
    outputTypes: text(message.reasoning_content) === '' ? [] : ['reasoning'],
    thoughts: text(message.reasoning_content),
    finish: text(choices[0]?.finish_reason),
    ...(isFields(body.usage) ? { usage: body.usage } : {}),
  };
};

/** The data of each event; what is no JSON is left out. In one recording format specifiers of its source stand in place of numbers. */
const events = (stream: string): Fields[] =>
  stream.split(/\n\n/).flatMap((event) => {
    const data = event
      .split('\n')
      .filter((line) => line.startsWith('data: '))
      .map((line) => line.slice(6))
      .join('\n')
      .replaceAll(':%d', ':1');
    return data.startsWith('{') ? [fields(JSON.parse(data))] : [];
  });
/** What a stream of text/chat_stream adds up to; the usage is that of the last event that has one. */
export const watsonxChatEvents = (stream: string): Found => {
  const texts: string[] = [];
  const calls: { name: string; arguments: string }[] = [];
  let thoughts = '';
  let finish: string | undefined;
  let usage: Fields | undefined;
  for (const chunk of events(stream)) {
    if (isFields(chunk.usage)) usage = chunk.usage;
    for (const choice of list(chunk.choices)) {
      const index = Number(choice.index ?? 0);
      const delta = fields(choice.delta);
      texts[index] = (texts[index] ?? '') + text(delta.content);
      if (index !== 0) continue;
      thoughts += text(delta.reasoning_content);
      if (typeof choice.finish_reason === 'string') finish = choice.finish_reason;
      for (const call of list(delta.tool_calls)) {
        const at = Number(call.index ?? 0);
        const known = calls[at] ?? { name: '', arguments: '' };
        calls[at] = { name: known.name + text(fields(call.function).name), arguments: known.arguments + text(fields(call.function).arguments) };
      }
    }
  }
  const toolCalls = calls.map((call) => ({ ...call, arguments: unwrapped(call.arguments) }));
  return { texts, toolCalls, thoughts, outputTypes: thoughts === '' ? [] : ['reasoning'], finish, ...(usage === undefined ? {} : { usage }) };
};

const generation = (results: readonly Fields[]): Found => ({
  texts: [results.map((one) => text(one.generated_text)).join('')],
  finish: text(results.at(-1)?.stop_reason),
  usage: {
    input_token_count: Math.max(0, ...results.map((one) => Number(one.input_token_count ?? 0))),
    generated_token_count: Number(results.at(-1)?.generated_token_count ?? 0),
  },
});
/** What text/generation says, whole or in events. */
export const watsonxGeneration = (raw: string, stream: boolean): Found =>
  generation(stream ? events(raw).flatMap((event) => list(event.results)) : list(fields(JSON.parse(raw)).results));

/** Lengths of vectors, scores, ids of models: what the other operations list. */
export const watsonxItems = (body: Fields): Found => {
  const results = list(body.results);
  const items = results.map((one) => (Array.isArray(one.embedding) ? one.embedding.length : Number(one.score)));
  const models = list(body.resources).map((one) => text(one.model_id));
  const token = text(body.token_type);
  const usage = body.input_token_count === undefined ? {} : { usage: { input_token_count: body.input_token_count } };
  return { items: [...items, ...models, ...(token === '' ? [] : [token])], ...usage };
};
/** The error of watsonx.ai: the first of its list. */
export const watsonxError = (
  body: Fields,
): { readonly message: string; readonly type: undefined; readonly param: undefined; readonly code: unknown } | undefined => {
  const [first] = list(body.errors);
  return first === undefined ? undefined : { message: text(first.message), type: undefined, param: undefined, code: first.code };
};
