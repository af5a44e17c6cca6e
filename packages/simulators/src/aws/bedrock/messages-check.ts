import { checkBody } from '../../anthropic/messages-check.ts';
import { type Model as Claude, models as claudeModels } from '../../anthropic/models.ts';
import { Refusal } from '../../anthropic/refusal.ts';
import { type Fields, isFields, listOf } from '../../openai/check.ts';
import type { Model } from './models.ts';
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

/** Sources and tools that only Anthropic's own service has. */
const HOSTED = /^(?:web_search|web_fetch|code_execution)_/;

const source = (block: Fields, place: string): void => {
  const type = isFields(block.source) ? block.source.type : undefined;
  if (type === 'url' || type === 'file')
    throw bad(`${place}.${String(block.type)}.source.type: Input tag '${type}' found using 'type' does not match any of the expected tags: 'base64'`);
};

const sources = (blocks: unknown, place: string): void => {
  for (const [at, block] of listOf(blocks).entries()) {
    if (block.type === 'image' || block.type === 'document') source(block, `${place}.${at}`);
    if (block.type === 'tool_result') sources(block.content, `${place}.${at}.tool_result.content`);
  }
};

const tools = (given: unknown): void => {
  for (const [index, tool] of listOf(given).entries()) {
    if (HOSTED.test(String(tool.type)))
      throw bad(`tools.${index}: Input tag '${String(tool.type)}' found using 'type' does not match any of the expected tags: 'bash_20250124', 'custom'`);
    if (tool.eager_input_streaming !== undefined) throw bad(`tools.${index}.custom.eager_input_streaming: Extra inputs are not permitted`);
  }
};

/** Every `cache_control` of a body, in order. */
export const cacheMarks = (value: unknown): readonly Fields[] => {
  if (Array.isArray(value)) return value.flatMap(cacheMarks);
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([name, one]) => (name === 'cache_control' && isFields(one) ? [one] : name === 'input' ? [] : cacheMarks(one)));
};

const scopes = (body: Fields): void => {
  if (cacheMarks([body.tools, body.system, body.messages]).some((mark) => mark.scope !== undefined))
    throw bad('system.0.cache_control.ephemeral.scope: Extra inputs are not permitted');
};

/** `claude-sonnet-4-5-20250929`: how the model names itself. */
export const nameOf = ({ id }: Model): string => id.replace('anthropic.', '').replace(/-v\d+(:\d+)?$/, '');

const claudes = claudeModels();
/** What the model takes at Anthropic; the oldest are not served there any more and take what their successor takes. */
const claudeOf = (model: Model): Claude => {
  const name = nameOf(model);
  return claudes.find(name) ?? { ...claudes.require('claude-3-haiku-20240307'), id: name };
};

/** System turns are taken among the messages where they say what a beta is for. */
const isMidway = ({ role, content, output_config: config }: Fields, betas: readonly unknown[]): boolean => {
  const has = (name: string): boolean => betas.some((beta) => String(beta).startsWith(name));
  const changes = listOf(content).some(({ type }) => type === 'tool_addition' || type === 'tool_removal');
  return role === 'system' && ((config !== undefined && has('mid-conversation-output-config-')) || (changes && has('mid-conversation-tool-changes-')));
};

/** What Bedrock refuses beside what the model refuses everywhere. */
const checkPlatform = (body: Fields): void => {
  const version = body.anthropic_version;
  if (version === undefined) throw bad('anthropic_version: Field required');
  if (typeof version !== 'string' || !versions.includes(version))
    throw bad('Malformed input request: anthropic_version: Invalid value, please reformat your input and try again.');
  for (const name of Object.keys(body)) if (!members.has(name)) throw bad(`${name}: Extra inputs are not permitted`);
  const messages = listOf(body.messages);
  const betas: readonly unknown[] = Array.isArray(body.anthropic_beta) ? body.anthropic_beta : [];
  for (const [index, message] of messages.entries()) {
    if (message.role !== 'user' && message.role !== 'assistant' && !isMidway(message, betas))
      throw bad(`messages.${index}.role: Input should be 'user' or 'assistant'`);
    sources(message.content, `messages.${index}.content`);
  }
  if (messages.length > 0 && messages[0]?.role !== 'user') throw bad('messages: first message must use the "user" role');
  tools(body.tools);
  scopes(body);
};

/** Everything that the Messages API on Bedrock refuses in a body, in Bedrock's envelope. */
export const checkMessages = (model: Model, body: Fields): void => {
  checkPlatform(body);
  const { anthropic_version: version, anthropic_beta: betas, ...rest } = body;
  try {
    checkBody({ ...rest, model: nameOf(model) }, claudeOf(model), {
      version: version === '2026-10-21' ? version : '2023-06-01',
      betas: Array.isArray(betas) ? betas.map(String) : [],
    });
  } catch (cause) {
    throw cause instanceof Refusal ? bad(cause.message) : cause;
  }
};
