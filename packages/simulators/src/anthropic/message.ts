import { longThought } from '../long-thought.ts';
import { type Prompt, type Tool, type Turn, turn } from '../openai/turn.ts';
import { type Fields, fieldsOf, listOf, textOf } from './check.ts';
import type { Context } from './context.ts';
import type { Checked } from './messages-check.ts';
import { blocksOf, prefixOf } from './pieces.ts';
import { seal } from './seal.ts';
import { thinkingMode } from './thinking-check.ts';

/** An answer before it is put on the wire, whole or as events. */
export type Spoken = {
  readonly id: string;
  readonly model: string;
  readonly content: readonly Fields[];
  readonly stopReason: string;
  readonly stopSequence: string | null;
  readonly stopDetails: Fields | null;
  readonly usage: Fields;
  readonly transformations: readonly Fields[];
  /** Where code ran. */
  readonly container: Fields | null;
};

const thinkingTokens = 64;

const textIn = (content: unknown): string =>
  blocksOf(content)
    .map(({ text }) => textOf(text))
    .filter((text) => text !== '')
    .join('\n');

/** `image`, `document` for each such block, also inside results. */
const mediaIn = (content: unknown): string[] =>
  blocksOf(content).flatMap((block) =>
    block.type === 'image' || block.type === 'document' ? [block.type] : block.type === 'tool_result' ? mediaIn(block.content) : [],
  );

const toolsOf = (body: Fields): Tool[] =>
  listOf(body.tools).flatMap((tool) => ('input_schema' in tool ? [{ kind: 'function', name: textOf(tool.name), schema: tool.input_schema }] : []));

const chosen = (body: Fields): Pick<Prompt, 'tools' | 'choice' | 'parallel'> => {
  const choice = fieldsOf(body.tool_choice);
  const tools = toolsOf(body);
  const parallel = choice.disable_parallel_tool_use !== true;
  if (choice.type === 'tool') return { tools: tools.filter(({ name }) => name === choice.name), choice: 'required', parallel };
  return { tools, choice: choice.type === 'any' ? 'required' : choice.type === 'none' ? 'none' : 'auto', parallel };
};

/** Thinks where the mode says so; between tools only where there are some. */
const thinks = (body: Fields, { model }: Checked): boolean => {
  const mode = thinkingMode(body, model);
  if (mode === 'between_tools') return listOf(body.tools).length > 0;
  return mode === 'enabled' || (mode === 'adaptive' && fieldsOf(body.output_config).effort !== 'low');
};

const stopsOf = (body: Fields): string[] => (Array.isArray(body.stop_sequences) ? body.stop_sequences.map(String) : []);

const promptOf = (body: Fields, checked: Checked): Prompt => {
  const messages = listOf(body.messages).filter(({ role }) => role !== 'system');
  const users = messages.filter(({ role }) => role === 'user');
  const last = messages.at(-1);
  const results = blocksOf(last?.role === 'user' ? last.content : undefined).filter(({ type }) => type === 'tool_result');
  const spoken = users.findLast(({ content }) => textIn(content) !== '');
  const after = textIn(last?.content);
  const format = fieldsOf(fieldsOf(body.output_config).format ?? body.output_format);
  return {
    text: textIn(spoken?.content),
    toolResult: results.length > 0 && after === '' ? results.map(({ content }) => textIn(content)).join('\n') : undefined,
    media: mediaIn(users.at(-1)?.content),
    inputTokens: checked.inputTokens,
    ...chosen(body),
    ...(Number(body.max_tokens) === 0 ? { tools: [] } : {}), // only fills the cache
    format: { kind: textOf(format.type) || 'text', schema: format.schema },
    maxTokens: Number(body.max_tokens),
    stop: stopsOf(body),
    reasoning: thinks(body, checked) ? thinkingTokens : 0,
  };
};

const isShown = (body: Fields, { model }: Checked): boolean => {
  const { display } = fieldsOf(body.thinking);
  return display === 'summarized' || (display !== 'omitted' && !model.thinksByDefault);
};

const thinkingBlock = (body: Fields, checked: Checked, prompt: Prompt): Fields => {
  const prefix = prefixOf(checked.pieces);
  if (/\bthink in secret\b/i.test(prompt.text)) return { type: 'redacted_thinking', data: seal(checked.model, '', prefix) };
  const thinking = isShown(body, checked) ? (longThought(prompt.text) ?? `The user said: ${prompt.text.slice(0, 80)}`) : '';
  return { type: 'thinking', thinking, signature: seal(checked.model, thinking, prefix) };
};

const contentOf = (call: Context, said: Turn): Fields[] => {
  const text = said.text === undefined || said.text === '' ? [] : [{ type: 'text', text: said.text }];
  const calls = said.calls.map(({ name, input }) => ({
    type: 'tool_use',
    id: call.id('toolu_01'),
    name,
    input: JSON.parse(input) as unknown,
    caller: { type: 'direct' },
  }));
  return [...text, ...calls];
};

/** The sequence that ended the text, which is no part of it: the first that the whole text would have held where it was cut. */
const sequenceOf = (prompt: Prompt, said: Turn): string | null => {
  if (said.finish !== 'stop' || said.text === undefined || prompt.stop.length === 0) return null;
  const whole = turn({ ...prompt, stop: [] }).text ?? '';
  return prompt.stop.find((sequence) => whole.startsWith(said.text + sequence)) ?? null;
};

const stopOf = (said: Turn, sequence: string | null): string => {
  if (said.finish === 'tool_calls') return 'tool_use';
  if (said.finish === 'length') return 'max_tokens';
  if (said.refusal !== undefined || said.finish === 'content_filter') return 'refusal';
  return sequence === null ? 'end_turn' : 'stop_sequence';
};

const refused = { type: 'refusal', category: 'general_harms', explanation: null };

const usageOf = (call: Context, body: Fields, checked: Checked, said: Turn): Fields => {
  const automatic = body.cache_control === undefined || body.cache_control === null ? undefined : fieldsOf(body.cache_control);
  const cached = call.cache.use(checked.model, checked.pieces, automatic, checked.inputTokens);
  return {
    input_tokens: cached.plain,
    cache_creation_input_tokens: cached.written5m + cached.written1h,
    cache_read_input_tokens: cached.read,
    cache_creation: { ephemeral_5m_input_tokens: cached.written5m, ephemeral_1h_input_tokens: cached.written1h },
    output_tokens: said.outputTokens,
    output_tokens_details: { thinking_tokens: said.reasoningTokens },
    server_tool_use: null,
    service_tier: 'standard',
    speed: 'standard',
    inference_geo: 'global',
  };
};

/** What is said to a request that was found in order. */
export const speak = (call: Context, body: Fields, checked: Checked): Spoken => {
  const prompt = promptOf(body, checked);
  const said = turn(prompt);
  const thinking = said.reasoningTokens > 0 ? [thinkingBlock(body, checked, prompt)] : [];
  const sequence = sequenceOf(prompt, said);
  const stopReason = stopOf(said, sequence);
  const empty = Number(body.max_tokens) === 0 || stopReason === 'refusal';
  return {
    id: call.id('msg_01'),
    model: checked.model.id,
    content: empty ? [] : [...thinking, ...contentOf(call, said)],
    stopReason,
    stopSequence: stopReason === 'stop_sequence' ? sequence : null,
    stopDetails: stopReason === 'refusal' ? refused : null,
    usage: usageOf(call, body, checked, said),
    transformations: checked.dropped.map((path) => ({ type: 'thinking_block_dropped', path })),
    container: null,
  };
};

/** A whole answer. */
export const messageObject = (spoken: Spoken): Fields => ({
  model: spoken.model,
  id: spoken.id,
  type: 'message',
  role: 'assistant',
  content: spoken.content.map((block) => (block.type === 'text' ? { ...block, citations: null } : block)),
  stop_reason: spoken.stopReason,
  stop_sequence: spoken.stopSequence,
  stop_details: spoken.stopDetails,
  container: spoken.container,
  diagnostics: null,
  usage: spoken.usage,
  ...(spoken.transformations.length === 0 ? {} : { input_transformations: spoken.transformations }),
});
