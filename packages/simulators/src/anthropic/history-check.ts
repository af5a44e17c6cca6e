import { type Fields, listOf, textOf } from './check.ts';
import type { Model } from './models.ts';
import { blocksOf } from './pieces.ts';
import { at, invalid } from './refusal.ts';

const idsOf = (content: unknown): string[] =>
  blocksOf(content)
    .filter(({ type }) => type === 'tool_use')
    .map(({ id }) => textOf(id));

/** Ids answered at the start of a user message; results behind other blocks do not count. */
const answered = (message: Fields | undefined): string[] => {
  if (message?.role !== 'user') return [];
  const blocks = blocksOf(message.content);
  const end = blocks.findIndex(({ type }) => type !== 'tool_result');
  return blocks.slice(0, end === -1 ? blocks.length : end).map(({ tool_use_id: id }) => textOf(id));
};

/** Neighbours of one role are one turn, as the service reads them. */
const merged = (messages: readonly Fields[]): { index: number; role: unknown; content: readonly Fields[] }[] => {
  const turns: { index: number; role: unknown; content: readonly Fields[] }[] = [];
  for (const [index, { role, content }] of messages.entries()) {
    if (role === 'system') continue;
    const last = turns.at(-1);
    if (last !== undefined && last.role === role) last.content = [...last.content, ...blocksOf(content)];
    else turns.push({ index, role, content: blocksOf(content) });
  }
  return turns;
};

/** Every call is answered in the next message, at its start; every answer has its call in the message before. */
const checkCalls = (messages: readonly Fields[]): void => {
  const turns = merged(messages);
  const seen = new Set<string>();
  for (const [place, turn] of turns.entries()) {
    const asked = turn.role === 'assistant' ? idsOf(turn.content) : [];
    for (const id of asked) {
      if (seen.has(id)) throw at(`messages.${turn.index}`, '`tool_use` ids must be unique');
      seen.add(id);
    }
    const next = turns[place + 1];
    const given = answered(next);
    const missing = asked.filter((id) => !given.includes(id));
    if (missing.length > 0) {
      throw at(
        `messages.${turn.index}`,
        `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
      );
    }
    const before = turns[place - 1];
    const known = before?.role === 'assistant' ? idsOf(before.content) : [];
    for (const [index, block] of turn.content.entries()) {
      if (block.type !== 'tool_result' || known.includes(textOf(block.tool_use_id))) continue;
      throw at(
        `messages.${turn.index}.content.${index}`,
        `unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${textOf(block.tool_use_id)}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      );
    }
  }
};

const checkTexts = (blocks: readonly Fields[], where: string): void => {
  for (const block of blocks) {
    if (block.type !== 'text') continue;
    const text = textOf(block.text);
    if (text === '')
      throw block.cache_control === undefined || block.cache_control === null
        ? at(where, 'text content blocks must be non-empty')
        : invalid('cache_control cannot be set for empty text blocks');
    if (text.trim() === '') throw at(where, 'text content blocks must contain non-whitespace text');
  }
};

const speaker: Readonly<Record<string, string>> = Object.freeze({
  tool_use: 'assistant',
  thinking: 'assistant',
  redacted_thinking: 'assistant',
  tool_result: 'user',
});

const checkSpeakers = (messages: readonly Fields[]): void => {
  for (const [index, { role, content }] of messages.entries()) {
    for (const { type } of blocksOf(content)) {
      const own = speaker[textOf(type)];
      if (own !== undefined && own !== role) throw at(`messages.${index}`, `\`${textOf(type)}\` blocks can only be in \`${own}\` messages`);
    }
  }
};

const checkLast = (messages: readonly Fields[], model: Model): void => {
  const last = messages.at(-1);
  if (last?.role !== 'assistant') return;
  if (!model.prefill) throw invalid('This model does not support assistant message prefill. The conversation must end with a user message.');
  if (/\s$/.test(textOf(blocksOf(last.content).at(-1)?.text))) throw at('messages', 'final assistant content cannot end with trailing whitespace');
};

/** What only the whole conversation shows; each message alone was checked before. */
export const checkHistory = (body: Fields, model: Model): void => {
  const messages = listOf(body.messages);
  if (messages.length === 0) throw at('messages', 'at least one message is required');
  checkTexts(blocksOf(body.system), 'system');
  for (const [index, message] of messages.entries()) {
    if (message.role === 'system' && !model.systemTurns) throw at(`messages.${index}.role`, "Input should be 'user' or 'assistant'");
    const blocks = blocksOf(message.content);
    const final = index === messages.length - 1 && message.role === 'assistant';
    if (blocks.length === 0 && !final && message.content !== undefined)
      throw at(`messages.${index}`, 'all messages must have non-empty content except for the optional final assistant message');
    checkTexts(blocks, 'messages');
  }
  checkSpeakers(messages);
  checkCalls(messages);
  checkLast(messages, model);
};
