import { type Fields, isFields, listOf } from '../../openai/check.ts';
import { refuse } from './refusal.ts';

/** Members of a Messages body on Bedrock: `model` and `stream` are not among them. */
const members = new Set([
  'anthropic_version',
  'anthropic_beta',
  'max_tokens',
  'messages',
  'system',
  'stop_sequences',
  'temperature',
  'top_p',
  'top_k',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'metadata',
  'context_management',
]);

const versions = ['bedrock-2023-05-31', '2026-10-21'];
const bad = (message: string) => refuse.validation(message);

const toolBlocks = (message: Fields | undefined, type: string, member: string): string[] =>
  listOf(message?.content).flatMap((one) => (one.type === type ? [String(one[member])] : []));

const results = (messages: readonly Fields[]): void => {
  for (const [index, message] of messages.entries()) {
    const wanted = toolBlocks(message, 'tool_use', 'id');
    const given = toolBlocks(messages[index + 1], 'tool_result', 'tool_use_id');
    const lacking = wanted.filter((id) => !given.includes(id));
    if (lacking.length > 0) {
      throw bad(
        `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${lacking.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
      );
    }
    const orphan = given.find((id) => !wanted.includes(id));
    if (orphan !== undefined) {
      throw bad(
        `messages.${index + 1}.content.0: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${orphan}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      );
    }
  }
};

const source = (block: Fields, place: string): void => {
  const given = isFields(block.source) ? block.source : {};
  if (given.type === 'url')
    throw bad(`${place}.${String(block.type)}.source.type: Input tag 'url' found using 'type' does not match any of the expected tags: 'base64'`);
  if (block.type === 'image' && given.type === 'base64' && !/^image\/(jpeg|png|gif|webp)$/.test(String(given.media_type))) {
    throw bad(`${place}.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'`);
  }
};

const blocks = (message: Fields, index: number): void => {
  if (typeof message.content === 'string') {
    if (message.content.trim() === '' && message.role === 'user')
      throw bad(`messages.${index}: all messages must have non-empty content except for the optional final assistant message`);
    return;
  }
  const content = listOf(message.content);
  if (content.length === 0 && message.role === 'user')
    throw bad(`messages.${index}: all messages must have non-empty content except for the optional final assistant message`);
  for (const [at, block] of content.entries()) {
    const place = `messages.${index}.content.${at}`;
    if (block.type === 'text' && block.text === '') throw bad('messages: text content blocks must be non-empty');
    if (block.type === 'text' && typeof block.text === 'string' && block.text.trim() === '')
      throw bad('messages: text content blocks must contain non-whitespace text');
    if (block.type === 'image' || block.type === 'document') source(block, place);
    if (block.type === 'tool_use' && !/^[a-zA-Z0-9_-]+$/.test(String(block.id)))
      throw bad(`${place}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`);
    if (block.type === 'tool_use' && !isFields(block.input)) throw bad(`${place}.tool_use.input: Input should be a valid dictionary`);
  }
};

const tools = (given: unknown): void => {
  for (const [index, tool] of listOf(given).entries()) {
    if (tool.type !== undefined && tool.type !== 'custom') continue;
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(String(tool.name))) throw bad(`tools.${index}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`);
    if (!isFields(tool.input_schema)) throw bad(`tools.${index}.custom.input_schema: Field required`);
    const schema = tool.input_schema;
    if (['anyOf', 'oneOf', 'allOf'].some((key) => schema[key] !== undefined))
      throw bad(`tools.${index}.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level`);
    if (schema.type !== 'object') throw bad(`tools.${index}.custom.input_schema.type: Input should be 'object'`);
    if (tool.eager_input_streaming !== undefined) throw bad(`tools.${index}.custom.eager_input_streaming: Extra inputs are not permitted`);
  }
};

/** Every `cache_control` of a body, in order. */
export const cacheMarks = (value: unknown): readonly Fields[] => {
  if (Array.isArray(value)) return value.flatMap(cacheMarks);
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([name, one]) => (name === 'cache_control' && isFields(one) ? [one] : name === 'input' ? [] : cacheMarks(one)));
};

const caching = (body: Fields): void => {
  const marks = cacheMarks([body.tools, body.system, body.messages]);
  if (marks.length > 4) throw bad(`A maximum of 4 blocks with cache_control may be provided. Found ${marks.length}.`);
  if (marks.some((mark) => mark.scope !== undefined)) throw bad('system.0.cache_control.ephemeral.scope: Extra inputs are not permitted');
};

/** Everything that the Messages API on Bedrock refuses in the shape of a body. */
export const checkMessages = (body: Fields): void => {
  const version = body.anthropic_version;
  if (version === undefined) throw bad('anthropic_version: Field required');
  if (typeof version !== 'string' || !versions.includes(version))
    throw bad('Malformed input request: anthropic_version: Invalid value, please reformat your input and try again.');
  if (body.max_tokens === undefined) throw bad('max_tokens: Field required');
  if (typeof body.max_tokens !== 'number') throw bad('max_tokens: Input should be a valid integer');
  if (body.max_tokens < 0) throw bad('max_tokens: Input should be greater than or equal to 0');
  if (!Array.isArray(body.messages)) throw bad('messages: Field required');
  for (const name of Object.keys(body)) if (!members.has(name)) throw bad(`${name}: Extra inputs are not permitted`);
  const messages = listOf(body.messages);
  if (messages.length === 0) throw bad('messages: at least one message is required');
  for (const [index, message] of messages.entries()) {
    if (message.role !== 'user' && message.role !== 'assistant') throw bad(`messages.${index}.role: Input should be 'user' or 'assistant'`);
    blocks(message, index);
  }
  if (messages[0]?.role !== 'user') throw bad('messages: first message must use the "user" role');
  tools(body.tools);
  const choice = isFields(body.tool_choice) && body.tool_choice.type === 'tool' ? String(body.tool_choice.name) : undefined;
  if (choice !== undefined && listOf(body.tools).every(({ name }) => name !== choice)) throw bad(`tool_choice: Tool '${choice}' not found in provided tools`);
  results(messages);
  caching(body);
};
