import OpenAI from 'openai';
import type { Bench } from '../gateway.ts';
import { type Answer, PARAMETERS, PDF, PIXEL, type Question, type Speaker } from './speaker.ts';

type Chat = OpenAI.Chat.ChatCompletion;
type Message = OpenAI.Chat.ChatCompletionMessageParam;

const contentOf = ({ text, media, hint }: Question): OpenAI.Chat.ChatCompletionContentPart[] => [
  { type: 'text', text, ...(hint === undefined ? {} : { prompt_cache_breakpoint: { mode: 'explicit' } }) },
  ...(media === 'image' ? [{ type: 'image_url' as const, image_url: { url: `data:image/png;base64,${PIXEL}` } }] : []),
  ...(media === 'document' ? [{ type: 'file' as const, file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${PDF}` } }] : []),
];
const next = (question: Question): Message[] =>
  question.results?.map(({ id, text }) => ({ role: 'tool', tool_call_id: id, content: text })) ?? [{ role: 'user', content: contentOf(question) }];
const bodyOf = (q: Question, messages: Message[]): OpenAI.Chat.ChatCompletionCreateParamsNonStreaming => ({
  model: q.model,
  messages,
  max_completion_tokens: q.most ?? 9000,
  ...(q.until === undefined ? {} : { stop: ['never', q.until] }),
  ...(q.hint === undefined ? {} : { prompt_cache_key: q.hint }),
  ...(q.thinking === true ? { reasoning_effort: 'high' as const } : {}),
  ...(q.tools === undefined ? {} : { tools: q.tools.map((name) => ({ type: 'function', function: { name, parameters: PARAMETERS } })) }),
  ...(q.force === undefined ? {} : { tool_choice: { type: 'function', function: { name: q.force } } }),
  ...(q.schema === undefined ? {} : { response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: q.schema } } }),
});
/** What SDK helpers that rebuild a message leave of it: nothing that the vendor does not know. */
const rebuilt = ({ content, tool_calls: calls = [] }: OpenAI.Chat.ChatCompletionMessage): Message => ({
  role: 'assistant',
  content,
  ...(calls.length === 0
    ? {}
    : { tool_calls: calls.flatMap((call) => (call.type === 'function' ? [{ id: call.id, type: call.type, function: call.function }] : [])) }),
});
const STOPS: Readonly<Record<string, Answer['stop']>> = { stop: 'end', length: 'length', tool_calls: 'tools' };

const chat = async (client: OpenAI, q: Question): Promise<Answer> => {
  const messages = [...((q.before ?? []) as Message[]), ...next(q)];
  const body = bodyOf(q, messages);
  let whole: Chat;
  let fidelity = '';
  if (q.stream === true) whole = await client.chat.completions.stream({ ...body, stream: true, stream_options: { include_usage: true } }).finalChatCompletion();
  else {
    const { data, response } = await client.chat.completions.create(body).withResponse();
    whole = data;
    fidelity = response.headers.get('x-lpa-fidelity') ?? '';
  }
  const [choice] = whole.choices;
  const calls = (choice?.message.tool_calls ?? []).flatMap((call) => (call.type === 'function' ? [call] : []));
  return {
    text: choice?.message.content ?? '',
    calls: calls.map(({ id, function: { name, arguments: input } }) => ({ id, name, input: JSON.parse(input) })),
    stop: STOPS[choice?.finish_reason ?? ''] ?? 'other',
    usage: {
      input: whole.usage?.prompt_tokens ?? 0,
      cached: whole.usage?.prompt_tokens_details?.cached_tokens ?? 0,
      output: whole.usage?.completion_tokens ?? 0,
    },
    fidelity,
    after: [...messages, ...(choice === undefined ? [] : [rebuilt(choice.message)])],
  };
};

/** Reasoning of vendors whose chat completions never show it. */
const responses = async (client: OpenAI, q: Question): Promise<Answer> => {
  type Item = OpenAI.Responses.ResponseInputItem;
  const asked: Item[] = q.results?.map(({ id, text }) => ({ type: 'function_call_output', call_id: id, output: text })) ?? [{ role: 'user', content: q.text }];
  const input = [...((q.before ?? []) as Item[]), ...asked];
  const { data, response } = await client.responses
    .create({
      model: q.model,
      input,
      store: false,
      include: ['reasoning.encrypted_content'],
      reasoning: { effort: 'high' },
      max_output_tokens: q.most ?? 9000,
      ...(q.tools === undefined ? {} : { tools: q.tools.map((name) => ({ type: 'function' as const, name, parameters: PARAMETERS, strict: false })) }),
    })
    .withResponse();
  const calls = data.output.flatMap((item) => (item.type === 'function_call' ? [item] : []));
  return {
    text: data.output_text,
    calls: calls.map(({ call_id: id, name, arguments: text }) => ({ id, name, input: JSON.parse(text) })),
    stop: calls.length > 0 ? 'tools' : data.status === 'completed' ? 'end' : 'length',
    usage: { input: data.usage?.input_tokens ?? 0, cached: data.usage?.input_tokens_details.cached_tokens ?? 0, output: data.usage?.output_tokens ?? 0 },
    fidelity: response.headers.get('x-lpa-fidelity') ?? '',
    after: [...input, ...data.output],
  };
};

export const openai: Speaker = {
  ask(bench: Bench, q: Question) {
    const client = new OpenAI({ baseURL: `${bench.url}/openai/main/v1`, apiKey: bench.key, maxRetries: 0 });
    return q.thinking === true && !q.model.includes('claude') ? responses(client, q) : chat(client, q);
  },
  failure: (error) => {
    const { status, code } = error as { status?: number; code?: unknown };
    return { status, kind: code };
  },
};
