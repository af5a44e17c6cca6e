import { createHash } from 'node:crypto';
import { count } from '../openai/tokens.ts';
import { type Fields, fieldsOf, isFields, listOf, textOf } from './check.ts';

/** One cacheable piece of a prompt: a tool, a system block or a block of a message. */
export type Piece = {
  /** `tools.0`, `system.0`, `messages.2.content.1`. */
  readonly path: string;
  /** Index of its message; -1 for tools and system. */
  readonly message: number;
  readonly kind: string;
  /** What the model reads of it, the same for the short and the long way to write it. */
  readonly text: string;
  readonly tokens: number;
  readonly cacheControl: Fields | undefined;
};

/** Content in its long form: a string is one text block. */
export const blocksOf = (content: unknown): readonly Fields[] =>
  typeof content === 'string' ? (content === '' ? [] : [{ type: 'text', text: content }]) : listOf(content);

const unread = new Set(['cache_control', 'caller']); // the model does not see them

const canonical = (block: Fields): string => {
  const kept = Object.entries(block).filter(([name, value]) => !unread.has(name) && value !== null && value !== undefined);
  const inner = kept.map(([name, value]): [string, unknown] => [name, name === 'content' ? blocksOf(value).map(canonical) : value]);
  return JSON.stringify(inner.sort(([one], [other]) => (one < other ? -1 : 1)));
};

const mediaTokens = 256; // an image or a page, whatever its size

const blockTokens = (block: Fields): number => {
  switch (block.type) {
    case 'text':
      return count(textOf(block.text));
    case 'image':
      return mediaTokens;
    case 'document': {
      const source = fieldsOf(block.source);
      const inner = source.type === 'content' ? blocksOf(source.content).reduce((sum, one) => sum + blockTokens(one), 0) : mediaTokens;
      return count(textOf(block.title) + textOf(block.context)) + (source.type === 'text' ? count(textOf(source.data)) : inner);
    }
    case 'tool_use':
      return count(textOf(block.name)) + count(JSON.stringify(block.input ?? {}));
    case 'thinking':
      return count(textOf(block.thinking));
    case 'redacted_thinking':
      return 0;
    default:
      return 'content' in block ? blocksOf(block.content).reduce((sum, one) => sum + blockTokens(one), 0) : count(JSON.stringify(block));
  }
};

const piece = (path: string, message: number, block: Fields, tokens: number, extra = ''): Piece => ({
  path,
  message,
  kind: textOf(block.type),
  text: extra + canonical(block),
  tokens,
  cacheControl: isFields(block.cache_control) ? block.cache_control : undefined,
});

/** The prompt in the order the model reads it: tools, system, messages. */
export const piecesOf = (body: Fields): Piece[] => [
  ...listOf(body.tools).map((tool, index) => piece(`tools.${index}`, -1, tool, count(JSON.stringify(tool)))),
  ...blocksOf(body.system).map((block, index) => piece(`system.${index}`, -1, block, blockTokens(block))),
  ...listOf(body.messages).flatMap((message, index) =>
    blocksOf(message.content).map((block, place) =>
      piece(`messages.${index}.content.${place}`, index, block, blockTokens(block) + (place === 0 ? 4 : 0), place === 0 ? `${textOf(message.role)}:` : ''),
    ),
  ),
];

/** Input tokens as this package counts them. */
export const tokensOf = (pieces: readonly Piece[]): number => pieces.reduce((sum, { tokens }) => sum + tokens, 3);

/** Fingerprint of everything the model read before the message with this index; thinking itself is no part of it. */
export const prefixOf = (pieces: readonly Piece[], before = Number.POSITIVE_INFINITY): string => {
  const hash = createHash('sha256');
  for (const { message, kind, text } of pieces) if (message < before && !/thinking$/.test(kind)) hash.update(text).update('\n');
  return hash.digest('hex').slice(0, 16);
};
