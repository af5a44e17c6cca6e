import { type Fields, fieldsOf, listOf, textOf } from './check.ts';
import type { Model } from './models.ts';
import { blocksOf, type Piece, prefixOf } from './pieces.ts';
import { at, invalid } from './refusal.ts';
import { isShown, unseal } from './seal.ts';

const isThinking = (block: Fields | undefined): boolean => block?.type === 'thinking' || block?.type === 'redacted_thinking';

/** The mode of thinking: what the request says, else what the model does by itself. */
export const thinkingMode = (body: Fields, model: Model): string => {
  const { type } = fieldsOf(body.thinking);
  return typeof type === 'string' ? type : model.thinksByDefault ? 'adaptive' : 'disabled';
};

const checkBudget = (body: Fields): void => {
  const { budget_tokens: budget } = fieldsOf(body.thinking);
  if (typeof budget !== 'number' || !Number.isInteger(budget))
    throw at('thinking.enabled.budget_tokens', budget === undefined ? 'Field required' : 'Input should be a valid integer');
  if (budget < 1024) throw at('thinking.enabled.budget_tokens', 'Input should be greater than or equal to 1024');
  if (budget >= Number(body.max_tokens))
    throw invalid(
      '`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size',
    );
};

const checkManual = (body: Fields): void => {
  checkBudget(body);
  if (body.temperature !== undefined && body.temperature !== 1)
    throw invalid(
      '`temperature` may only be set to 1 when thinking is enabled. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#important-considerations-when-using-extended-thinking',
    );
  if (body.top_k !== undefined)
    throw invalid(
      '`top_k` must be unset when thinking is enabled. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#important-considerations-when-using-extended-thinking',
    );
  if (typeof body.top_p === 'number' && body.top_p < 0.95)
    throw invalid(
      '`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#important-considerations-when-using-extended-thinking',
    );
};

/** What the request asks of thinking, against what the model can. */
export const checkThinkingMode = (body: Fields, model: Model): void => {
  if (body.thinking === undefined) return;
  const { type } = fieldsOf(body.thinking);
  if (type === 'enabled' && !model.thinking.includes('enabled') && model.thinking.length > 0) {
    throw invalid(
      '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.',
    );
  }
  if (type === 'adaptive' && !model.thinking.includes('adaptive')) throw invalid('adaptive thinking is not supported on this model');
  if (type !== 'disabled' && model.thinking.length === 0) throw invalid(`'${model.id}' does not support thinking.`);
  if (type === 'disabled' && model.thinking.length > 0 && !model.thinking.includes('disabled')) {
    throw invalid('"thinking.type.disabled" is not supported for this model.');
  }
  if (type === 'between_tools' && !model.thinking.includes('between_tools')) throw invalid('"thinking.type.between_tools" is not supported for this model.');
  const { effort } = fieldsOf(body.output_config);
  if ((type === 'disabled' || type === 'between_tools') && model.thinksByDefault && (effort === 'xhigh' || effort === 'max')) {
    throw invalid(`"thinking.type.${type}" does not support effort level '${effort}'.`);
  }
  if (type === 'enabled') checkManual(body);
  const choice = fieldsOf(body.tool_choice).type;
  if ((choice === 'any' || choice === 'tool') && type === 'enabled') throw invalid('Thinking may not be enabled when tool_choice forces tool use.');
};

const bound =
  'Invalid `signature` in `thinking` block. The block is bound to a different conversation. Remove the block, or set `thinking.block_binding.prefix_mismatch_behavior` to "drop_block".';

/** One block of thinking that came back: the refusal it deserves, or whether it is dropped. */
const checkBlock = (block: Fields, path: string, latest: boolean, prefix: string, model: Model, drop: boolean): boolean => {
  const redacted = block.type === 'redacted_thinking';
  const found = unseal(textOf(redacted ? block.data : block.signature));
  if (found === undefined) throw at(path, redacted ? 'Invalid `data` in `redacted_thinking` block' : 'Invalid `signature` in `thinking` block');
  if (!redacted && !isShown(found, textOf(block.thinking))) {
    if (!latest) throw at(path, 'Invalid `signature` in `thinking` block');
    throw at(
      path,
      '`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response.',
    );
  }
  if (!model.bindsThinking) return false;
  if (found.model !== model.id) return true; // a model cannot read another's thinking
  if (found.prefix === prefix) return false;
  if (drop) return true;
  throw at(path, bound);
};

/** With thinking on, the assistant's part of an unfinished tool loop begins with the thinking it came with. */
const checkLost = (messages: readonly Fields[]): void => {
  const last = messages.at(-1);
  if (last?.role !== 'user' || blocksOf(last.content)[0]?.type !== 'tool_result') return;
  const index = messages.findLastIndex(({ role }, place) => role === 'assistant' && (place === 0 || messages[place - 1]?.role === 'user'));
  const [first] = blocksOf(messages[index]?.content);
  if (first === undefined || isThinking(first)) return;
  const found = textOf(first.type);
  throw at(
    `messages.${index}.content.0.type`,
    `Expected \`thinking\` or \`redacted_thinking\`, but found \`${found}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block (preceeding the lastmost set of \`tool_use\` and \`tool_result\` blocks). We recommend you include thinking blocks from previous turns. To avoid this requirement, disable \`thinking\`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking`,
  );
};

/** Verifies all thinking that came back; the places of blocks that are silently left out are returned. */
export const checkThinking = (body: Fields, model: Model, pieces: readonly Piece[]): string[] => {
  const messages = listOf(body.messages);
  const latest = messages.findLastIndex(({ role }) => role === 'assistant');
  const drop = fieldsOf(fieldsOf(body.thinking).block_binding).prefix_mismatch_behavior === 'drop_block';
  const dropped: string[] = [];
  for (const [index, message] of messages.entries()) {
    for (const [place, block] of blocksOf(message.content).entries()) {
      if (!isThinking(block)) continue;
      const path = `messages.${index}.content.${place}`;
      if (checkBlock(block, path, index === latest, prefixOf(pieces, index), model, drop)) dropped.push(path);
    }
  }
  if (thinkingMode(body, model) === 'enabled') checkLost(messages);
  return dropped;
};
