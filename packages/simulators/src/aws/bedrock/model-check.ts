import { formatOf } from '../../anthropic/content-check.ts';
import { schemaFault } from '../../anthropic/schema-check.ts';
import type { Fields } from '../../openai/check.ts';
import type { ClaudeRules } from './models.ts';
import type { Block, Talk } from './talk.ts';
import { isRedacted, prefixOf, verify } from './thinking.ts';

/** What a model was asked for beside its messages, whichever API it came by. */
export type Wishes = {
  readonly temperature: unknown;
  readonly topP: unknown;
  readonly topK: unknown;
  readonly thinking: Fields | undefined;
  readonly betas: readonly string[];
};

const known = new Set([
  'claude-code-20250219',
  'interleaved-thinking-2025-05-14',
  'computer-use-2025-01-24',
  'computer-use-2025-11-24',
  'context-1m-2025-08-07',
  'context-management-2025-06-27',
  'compact-2026-01-12',
  'effort-2025-11-24',
  'fine-grained-tool-streaming-2025-05-14',
  'tool-search-tool-2025-10-19',
  'dangerous-tool-use-2026-09-03',
  'thinking-binding-controls-2026-08-01',
  'thinking-display-updates-2026-08-18',
  'mid-conversation-output-config-2026-07-01',
  'mid-conversation-tool-changes-2026-07-01',
]);

const sampling = ({ temperature, topP, topK }: Wishes, { sampling: allowed, both }: ClaudeRules): string | undefined => {
  const given = [
    ['temperature', temperature],
    ['top_p', topP],
    ['top_k', topK],
  ].find(([, value]) => value !== undefined && value !== null);
  if (!allowed) return given === undefined ? undefined : `\`${String(given[0])}\` is deprecated for this model.`;
  return both || temperature === undefined || topP === undefined
    ? undefined
    : '`temperature` and `top_p` cannot both be specified for this model. Please use only one.';
};

const thinking = (talk: Talk, { thinking: wish, temperature }: Wishes): string | undefined => {
  const rules = talk.model.claude;
  if (rules === undefined || wish === undefined) return undefined;
  if (wish.type === 'enabled' && !rules.budgetThinking) {
    return '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.';
  }
  const budget = Number(wish.budget_tokens ?? 0);
  if (wish.type === 'enabled' && budget < 1024) return 'thinking.enabled.budget_tokens: Input should be greater than or equal to 1024';
  if (wish.type === 'enabled' && talk.maxTokens !== undefined && talk.maxTokens <= budget) return '`max_tokens` must be greater than `thinking.budget_tokens`.';
  if (!talk.thinks) return undefined;
  if (talk.choice === 'required') return 'Thinking may not be enabled when tool_choice forces tool use.';
  if (temperature !== undefined && temperature !== 1) return '`temperature` may only be set to 1 when thinking is enabled.';
  return undefined;
};

/** The blocks of thinking that came back must be those that were given out. */
const signatures = (talk: Talk): string | undefined => {
  for (const [index, { blocks }] of talk.messages.entries()) {
    for (const [at, block] of blocks.entries()) {
      const place = `messages.${index}.content.${at}`;
      if (block.kind === 'redacted' && !isRedacted(block.data)) return `${place}: Invalid \`data\` in \`redacted_thinking\` block`;
      if (block.kind !== 'reasoning') continue;
      const verdict = verify(block.text, block.signature, prefixOf(talk, index));
      if (verdict === 'forged') return `${place}: Invalid \`signature\` in \`thinking\` block`;
      if (verdict === 'elsewhere' && talk.model.claude?.bound === true) {
        return `${place}: Invalid \`signature\` in \`thinking\` block. The block is bound to a different conversation. Remove the block, or set \`thinking.block_binding.prefix_mismatch_behavior\` to "drop_block".`;
      }
    }
  }
  return undefined;
};

const WORDS: Readonly<Record<Block['kind'], string>> = {
  text: 'text',
  media: 'image',
  call: 'tool_use',
  result: 'tool_result',
  reasoning: 'thinking',
  redacted: 'redacted_thinking',
  other: 'text',
};
/** With a budget for thinking, the assistant's part of an unfinished tool loop begins with the thinking it came with. */
const lostThinking = (talk: Talk, { thinking: wish }: Wishes): string | undefined => {
  const last = talk.messages.at(-1);
  if (wish?.type !== 'enabled' || last?.role !== 'user' || last.blocks[0]?.kind !== 'result') return undefined;
  const index = talk.messages.findLastIndex(({ role }) => role === 'assistant');
  const first = talk.messages[index]?.blocks[0];
  if (first === undefined || first.kind === 'reasoning' || first.kind === 'redacted') return undefined;
  return `messages.${index}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${WORDS[first.kind]}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block (preceeding the lastmost set of \`tool_use\` and \`tool_result\` blocks). We recommend you include thinking blocks from previous turns. To avoid this requirement, disable \`thinking\`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking`;
};

const lastMessage = (talk: Talk): string | undefined => {
  const last = talk.messages.at(-1);
  if (last?.role !== 'assistant') return undefined;
  if (talk.model.claude?.prefill === false) return 'This model does not support assistant message prefill. The conversation must end with a user message.';
  const block = last.blocks.at(-1);
  return block?.kind === 'text' && /\s$/.test(block.text) ? 'messages: final assistant content cannot end with trailing whitespace' : undefined;
};

/** The schemas that answers and calls are held to, by where they stand, are of closed objects; models of every family say so. */
export const schemaRefuses = (held: readonly (readonly [path: string, schema: unknown])[]): string | undefined => {
  for (const [path, schema] of held) {
    const fault = schemaFault(schema);
    if (fault !== undefined) return `${path}: ${fault}`;
  }
  return undefined;
};
/** Schemas of tools that are strict, as a model sees them. */
export const strictTools = (tools: readonly { readonly strict: unknown; readonly schema: unknown }[]): readonly (readonly [string, unknown])[] =>
  tools.flatMap(({ strict, schema }, index) => (strict === true ? [[`tools.${index}.custom.input_schema`, schema] as const] : []));

/** Pictures whose bytes are of another format than is said, which a Claude looks at (https://github.com/ziatdinovmax/SciLink/issues/382). */
export const pictureRefuses = (pictures: readonly (readonly [path: string, format: unknown, bytes: unknown])[]): string | undefined => {
  for (const [path, format, bytes] of pictures) {
    const found = typeof bytes === 'string' ? formatOf(Buffer.from(bytes, 'base64')) : undefined;
    const said = `image/${String(format)}`;
    if (found !== undefined && found !== said)
      return `${path}.image.source.bytes: The image was specified using the ${said} media type, but the image appears to be a ${found} image`;
  }
  return undefined;
};
/** The first thing that a Claude would refuse, in its own words; undefined when there is none. Other families take everything. */
export const claudeRefuses = (talk: Talk, wishes: Wishes): string | undefined => {
  const rules = talk.model.claude;
  if (rules === undefined) return undefined;
  if (wishes.betas.some((one) => !known.has(one))) return 'invalid beta flag';
  if (talk.choice === 'required' && !rules.forcedTool) return 'tool_choice: forcing tool use is not supported for this model.';
  if (talk.maxTokens !== undefined && talk.maxTokens > rules.maxTokens) {
    return `max_tokens: ${talk.maxTokens} > ${rules.maxTokens}, which is the maximum allowed number of output tokens for ${talk.model.id.replace('anthropic.', '').replace(/-v\d.*$/, '')}`;
  }
  if (talk.stop.some((one) => one.trim() === '')) return 'stop_sequences: each stop sequence must contain non-whitespace';
  return sampling(wishes, rules) ?? thinking(talk, wishes) ?? lastMessage(talk) ?? signatures(talk) ?? lostThinking(talk, wishes);
};
