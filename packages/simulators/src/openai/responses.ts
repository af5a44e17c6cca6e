import { reasoningOf, tierOf } from './chat.ts';
import { type Fields, fieldsOf, listOf, textOf } from './check.ts';
import type { Context } from './context.ts';
import type { Model } from './models.ts';
import { refuse } from './refusal.ts';
import { count } from './tokens.ts';
import { type Prompt, type Tool, type Turn, turn } from './turn.ts';

const media: Readonly<Record<string, string>> = { input_image: 'image', input_file: 'file' };

const contentText = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : listOf(content)
        .map((part) => textOf(part.text))
        .filter((text) => text !== '')
        .join('\n');

/** Request input as items; a string is one user message. */
export const itemsOf = (input: unknown): Fields[] => {
  if (typeof input === 'string') return [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: input }] }];
  return listOf(input).map((item) => ({ type: 'message', ...item }));
};

/** A function call's output needs its call, in the input or in the history. */
const checkOutputs = (items: readonly Fields[]): void => {
  const calls = new Set(items.filter(({ type }) => type === 'function_call' || type === 'custom_tool_call').map(({ call_id }) => call_id));
  for (const item of items) {
    if (item.type !== 'function_call_output' && item.type !== 'custom_tool_call_output') continue;
    if (!calls.has(item.call_id)) throw refuse.plain(`No tool call found for function call output with call_id ${textOf(item.call_id)}.`, 'input');
  }
};

/** What reasoning stands in front of: the service wants what it led to right behind it. */
const isLedTo = (item: Fields | undefined): boolean =>
  item !== undefined && !textOf(item.type).endsWith('_output') && (item.type !== 'message' || item.role === 'assistant');
/** How the service itself begins what it sealed: in recordings, where nobody else can open it. */
const RECORDED = 'gAAAA';
/** Reasoning that comes back: whole, as it was sealed, in front of what it led to. `kept`: the service still has the item itself. */
export const checkReasoning = (items: readonly Fields[], model: Model, kept: (id: string) => boolean): void => {
  for (const [index, item] of items.entries()) {
    if (item.type !== 'reasoning') continue;
    const id = textOf(item.id);
    if (!Array.isArray(item.summary)) throw refuse.missing(`input[${index}].summary`);
    const sealed = textOf(item.encrypted_content);
    if (item.encrypted_content === undefined || item.encrypted_content === null) {
      if (!kept(id)) throw refuse.notKept(id);
    } else if (!sealed.startsWith(RECORDED) && !Buffer.from(sealed, 'base64').toString().startsWith(sealedAs(model, id))) throw refuse.notSealed(sealed);
    if (!isLedTo(items[index + 1])) throw refuse.plain(`Item '${id}' of type 'reasoning' was provided without its required following item.`, 'input');
  }
};

const chosen = (body: Fields): Pick<Prompt, 'tools' | 'choice'> => {
  const tools = listOf(body.tools)
    .filter(({ type }) => type === 'function' || type === 'custom')
    .map((tool): Tool => ({ kind: tool.type === 'custom' ? 'custom' : 'function', name: textOf(tool.name), schema: tool.parameters }));
  const choice = body.tool_choice ?? 'auto';
  if (choice === 'none' || choice === 'auto' || choice === 'required') return { tools, choice };
  const wanted = fieldsOf(choice);
  if (wanted.type !== 'allowed_tools') return { tools: tools.filter(({ name }) => name === wanted.name), choice: 'required' };
  const names = listOf(wanted.tools).map(({ name }) => name);
  return { tools: tools.filter(({ name }) => names.includes(name)), choice: wanted.mode === 'required' ? 'required' : 'auto' };
};

const promptOf = (body: Fields, items: readonly Fields[], model: Model): Prompt => {
  const user = items.findLast((item) => item.type === 'message' && item.role === 'user');
  const last = items.at(-1);
  const isResult = last?.type === 'function_call_output' || last?.type === 'custom_tool_call_output';
  const format = fieldsOf(fieldsOf(body.text).format);
  return {
    text: contentText(user?.content),
    toolResult: isResult ? contentText(last?.output) : undefined,
    media: listOf(user?.content).flatMap(({ type }) => media[textOf(type)] ?? []),
    inputTokens: count(textOf(body.instructions)) + items.reduce((sum, item) => sum + 4 + count(contentText(item.content ?? item.output ?? item.arguments)), 3),
    ...chosen(body),
    parallel: body.parallel_tool_calls !== false,
    format: { kind: textOf(format.type) || 'text', schema: format.schema },
    maxTokens: typeof body.max_output_tokens === 'number' ? body.max_output_tokens : undefined,
    stop: [],
    reasoning: reasoningOf(model, fieldsOf(body.reasoning).effort),
  };
};

const messageItem = (call: Context, said: Turn): Fields => {
  const cut = said.finish === 'length' || said.finish === 'content_filter';
  const part =
    said.refusal === undefined ? { type: 'output_text', text: said.text ?? '', annotations: [], logprobs: [] } : { type: 'refusal', refusal: said.refusal };
  return { id: call.id('msg_'), type: 'message', role: 'assistant', status: cut ? 'incomplete' : 'completed', content: [part] };
};

/** Reasoning as the service seals it: bound to the item and the model that thought it. */
const sealedAs = (model: Model, id: unknown): string => `thought:${model.id}:${textOf(id)}:`;
const reasoningItem = (call: Context, body: Fields, spent: number, model: Model): Fields => {
  const { summary } = fieldsOf(body.reasoning);
  const wanted = Array.isArray(body.include) && body.include.includes('reasoning.encrypted_content');
  const id = call.id('rs_');
  return {
    id,
    type: 'reasoning',
    summary: summary === undefined || summary === null ? [] : [{ type: 'summary_text', text: `Thought for ${spent} tokens.` }],
    ...(wanted ? { encrypted_content: Buffer.from(sealedAs(model, id) + spent).toString('base64') } : {}),
  };
};

/** The output items of an answer in order, complete. */
const outputOf = (call: Context, body: Fields, said: Turn, model: Model): Fields[] => {
  const thought = said.reasoningTokens > 0 ? [reasoningItem(call, body, said.reasoningTokens, model)] : [];
  if (said.calls.length === 0) return said.text === '' && said.finish === 'length' ? thought : [...thought, messageItem(call, said)];
  const calls = said.calls.map((made) => {
    const id = call.id('call_').slice(0, 29);
    return made.kind === 'custom'
      ? { id: call.id('ctc_'), type: 'custom_tool_call', call_id: id, name: made.name, input: made.input, status: 'completed' }
      : { id: call.id('fc_'), type: 'function_call', call_id: id, name: made.name, arguments: made.input, status: 'completed' };
  });
  return [...thought, ...calls];
};

const reasons: Readonly<Record<string, string>> = { length: 'max_output_tokens', content_filter: 'content_filter' };

const echoed = (body: Fields, model: Model): Fields => ({
  instructions: body.instructions ?? null,
  max_output_tokens: body.max_output_tokens ?? null,
  max_tool_calls: body.max_tool_calls ?? null,
  model: model.id,
  parallel_tool_calls: body.parallel_tool_calls ?? true,
  previous_response_id: body.previous_response_id ?? null,
  prompt_cache_key: body.prompt_cache_key ?? null,
  reasoning: { effort: fieldsOf(body.reasoning).effort ?? (model.reasoning ? 'medium' : null), summary: fieldsOf(body.reasoning).summary ?? null },
  safety_identifier: body.safety_identifier ?? null,
  service_tier: tierOf(body.service_tier),
  store: body.store ?? true,
  temperature: body.temperature ?? 1,
  text: { format: fieldsOf(body.text).format ?? { type: 'text' }, verbosity: fieldsOf(body.text).verbosity ?? 'medium' },
  tool_choice: body.tool_choice ?? 'auto',
  tools: listOf(body.tools).map((tool) => (tool.type === 'function' ? { description: null, strict: true, ...tool } : tool)),
  top_logprobs: body.top_logprobs ?? 0,
  top_p: body.top_p ?? 1,
  truncation: body.truncation ?? 'disabled',
  user: body.user ?? null,
  metadata: body.metadata ?? {},
});

/** Answers checked fields over the whole list of items (history first). The result is the finished response object. */
export const respond = (call: Context, body: Fields, items: readonly Fields[], model: Model): Fields => {
  checkOutputs(items);
  const prompt = promptOf(body, items, model);
  call.checkLength(prompt.inputTokens, 'input');
  const said = turn(prompt);
  const reason = reasons[said.finish];
  const now = call.seconds();
  return {
    id: call.id('resp_'),
    object: 'response',
    created_at: now,
    status: reason === undefined ? 'completed' : 'incomplete',
    background: body.background ?? false,
    completed_at: reason === undefined ? now : null,
    error: null,
    incomplete_details: reason === undefined ? null : { reason },
    ...echoed(body, model),
    output: outputOf(call, body, said, model),
    usage: {
      input_tokens: prompt.inputTokens,
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens: said.outputTokens,
      output_tokens_details: { reasoning_tokens: said.reasoningTokens },
      total_tokens: prompt.inputTokens + said.outputTokens,
    },
  };
};

/** Tokens the items would cost. */
export const inputTokens = (body: Fields, items: readonly Fields[], model: Model): number => promptOf(body, items, model).inputTokens;
