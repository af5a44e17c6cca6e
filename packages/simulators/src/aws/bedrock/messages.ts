import { type Fields, fieldsOf, isFields, listOf, textOf } from '../../openai/check.ts';
import type { Context } from './context.ts';
import { eventFrame } from './event-frame.ts';
import { cacheMarks, checkMessages, nameOf } from './messages-check.ts';
import { claudeRefuses, schemaRefuses, strictTools } from './model-check.ts';
import type { Model } from './models.ts';
import { refuse } from './refusal.ts';
import { type Answer, answer, type Block, promptTokens, type Talk } from './talk.ts';

const resultText = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : listOf(content)
        .map((one) => (one.type === 'text' ? textOf(one.text) : `[${textOf(one.type)}]`))
        .join('\n');

const blockOf = (one: Fields): Block => {
  switch (one.type) {
    case 'text':
      return { kind: 'text', text: textOf(one.text) };
    case 'image':
    case 'document':
      return { kind: 'media', media: one.type };
    case 'tool_use':
      return { kind: 'call', id: textOf(one.id), name: textOf(one.name), input: one.input };
    case 'tool_result':
      return { kind: 'result', id: textOf(one.tool_use_id), text: resultText(one.content) };
    case 'thinking':
      return { kind: 'reasoning', text: textOf(one.thinking), signature: textOf(one.signature) };
    case 'redacted_thinking':
      return { kind: 'redacted', data: textOf(one.data) };
    default:
      return { kind: 'other', name: textOf(one.type) };
  }
};

const contentOf = (content: unknown): Block[] => (typeof content === 'string' ? [{ kind: 'text', text: content }] : listOf(content).map(blockOf));

const choiceOf = (given: Fields): Pick<Talk, 'choice' | 'forced' | 'parallel'> => {
  const parallel = given.disable_parallel_tool_use !== true;
  if (given.type === 'tool') return { choice: 'required', forced: textOf(given.name), parallel };
  return { choice: given.type === 'any' ? 'required' : given.type === 'none' ? 'none' : 'auto', forced: undefined, parallel };
};

/** Reads a Messages body as InvokeModel takes it; throws the service's refusal. */
export const readMessages = (model: Model, body: Fields): Talk => {
  checkMessages(model, body);
  const thinking = isFields(body.thinking) ? body.thinking : undefined;
  const messages = listOf(body.messages).map((one) => ({
    role: one.role === 'assistant' ? ('assistant' as const) : ('user' as const),
    blocks: contentOf(one.content),
  }));
  const system = contentOf(body.system)
    .map((block) => (block.kind === 'text' ? block.text : ''))
    .join('\n');
  const tools = listOf(body.tools).flatMap((tool) =>
    isFields(tool.input_schema) ? [{ kind: 'function' as const, name: textOf(tool.name), schema: tool.input_schema }] : [],
  );
  const whole = { system, messages, tools };
  const marked = cacheMarks([body.tools, body.system, body.messages]).length > 0;
  const talk: Talk = {
    model,
    ...whole,
    ...choiceOf(fieldsOf(body.tool_choice)),
    maxTokens: typeof body.max_tokens === 'number' ? body.max_tokens : undefined,
    stop: Array.isArray(body.stop_sequences) ? body.stop_sequences.map(String) : [],
    thinks: thinking === undefined ? model.claude?.thinks === true : thinking.type === 'enabled' || thinking.type === 'adaptive',
    schema: fieldsOf(fieldsOf(body.output_config).format).schema,
    marked: marked ? promptTokens({ ...whole, messages: messages.slice(0, 1) }) : 0,
  };
  const betas = Array.isArray(body.anthropic_beta) ? body.anthropic_beta.map(String) : [];
  const refusal = claudeRefuses(talk, { temperature: body.temperature, topP: body.top_p, topK: body.top_k, thinking, betas });
  const strict = strictTools(listOf(body.tools).map((tool) => ({ strict: tool.strict, schema: tool.input_schema })));
  const fault = refusal ?? schemaRefuses([['output_config.format.schema', talk.schema], ...strict]);
  if (fault !== undefined) throw refuse.validation(fault);
  return talk;
};

const stopReasons = { end: 'end_turn', tools: 'tool_use', length: 'max_tokens', stop: 'stop_sequence', filtered: 'refusal', refused: 'refusal' } as const;

const usageOf = ({ usage }: Answer): Fields => ({
  input_tokens: usage.input,
  cache_creation_input_tokens: usage.cacheWrite,
  cache_read_input_tokens: usage.cacheRead,
  cache_creation: { ephemeral_5m_input_tokens: usage.cacheWrite, ephemeral_1h_input_tokens: 0 },
  output_tokens: usage.output,
});

const stopOf = (said: Answer): Fields => ({ stop_reason: stopReasons[said.finish], stop_sequence: said.stopSequence ?? null });

type Spoken = { readonly message: Fields; readonly said: Answer };

/** The whole message of InvokeModel for Claude. */
export const message = (call: Context, model: Model, body: Fields): Spoken => {
  const talk = readMessages(model, body);
  call.checkLength(talk);
  const said = answer(talk, () => call.id('toolu_bdrk_'), call.cached);
  const content = [
    ...(said.reasoning === undefined ? [] : [{ type: 'thinking', thinking: said.reasoning.text, signature: said.reasoning.signature }]),
    ...(said.redacted === undefined ? [] : [{ type: 'redacted_thinking', data: said.redacted }]),
    ...(said.text === undefined ? [] : [{ type: 'text', text: said.text }]),
    ...said.calls.map(({ id, name, input }) => ({ type: 'tool_use', id, name, input })),
  ];
  const head = { model: nameOf(model), id: call.id('msg_bdrk_'), type: 'message', role: 'assistant' };
  return { said, message: { ...head, content, ...stopOf(said), usage: usageOf(said) } };
};

const pieces = (text: string, size: number): string[] => text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'gu')) ?? [];

type Part = { readonly start: Fields; readonly deltas: readonly Fields[] };

const partsOf = (content: readonly Fields[]): Part[] =>
  content.map((block): Part => {
    if (block.type === 'thinking') {
      const deltas = pieces(textOf(block.thinking), 24).map((thinking) => ({ type: 'thinking_delta', thinking }));
      const signed = pieces(textOf(block.signature), 40).map((signature) => ({ type: 'signature_delta', signature }));
      return { start: { type: 'thinking', thinking: '', signature: '' }, deltas: [...deltas, ...signed] };
    }
    if (block.type === 'redacted_thinking') return { start: block, deltas: [] };
    if (block.type === 'text')
      return { start: { type: 'text', text: '' }, deltas: pieces(textOf(block.text), 12).map((text) => ({ type: 'text_delta', text })) };
    const json = Object.keys(fieldsOf(block.input)).length === 0 ? '' : JSON.stringify(block.input);
    const deltas = ['', ...pieces(json, 10)].map((piece) => ({ type: 'input_json_delta', partial_json: piece }));
    return { start: { ...block, input: {} }, deltas };
  });

/** The events of a streamed message, in order, as JSON objects. */
export const eventsOf = ({ message: made, said }: Spoken): Fields[] => {
  const { content, usage, ...head } = made;
  const blocks = partsOf(listOf(content)).flatMap(({ start, deltas }, index) => [
    { type: 'content_block_start', index, content_block: start },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ]);
  return [
    { type: 'message_start', message: { ...head, content: [], stop_reason: null, stop_sequence: null, usage: { ...fieldsOf(usage), output_tokens: 1 } } },
    ...blocks,
    { type: 'message_delta', delta: stopOf(said), usage: { output_tokens: said.usage.output } },
    {
      type: 'message_stop',
      'amazon-bedrock-invocationMetrics': {
        inputTokenCount: said.usage.input,
        outputTokenCount: said.usage.output,
        invocationLatency: 400,
        firstByteLatency: 100,
      },
    },
  ];
};

/** One `chunk` frame for each JSON object: base64 and padding. */
export const chunkFrames = (call: Context, events: readonly unknown[]): Buffer[] =>
  events.map((event) => eventFrame('chunk', { bytes: Buffer.from(JSON.stringify(event)).toString('base64'), p: call.padding() }));

export const messageStream = (call: Context, model: Model, body: Fields): Buffer[] => chunkFrames(call, eventsOf(message(call, model, body)));
