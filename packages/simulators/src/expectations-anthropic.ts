import type { Found } from './expectations.ts';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const fields = (value: unknown): Fields => (isFields(value) ? value : {});
const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fields) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What a message says: the text of all blocks as one, calls of the client's tools, signatures of its thinking. */
export const wholeMessage = (body: Fields): Found => {
  const blocks = list(body.content);
  const of = (type: string): readonly Fields[] => blocks.filter((block) => block.type === type);
  return {
    texts: [
      of('text')
        .map((block) => text(block.text))
        .join(''),
    ],
    toolCalls: of('tool_use').map(({ name, input }) => ({ name: text(name), arguments: JSON.stringify(input) })),
    outputTypes: blocks.map(({ type }) => text(type)),
    thoughts: of('thinking')
      .map(({ thinking }) => text(thinking))
      .join(''),
    signatures: of('thinking').map(({ signature }) => text(signature)),
    finish: text(body.stop_reason),
    ...(isFields(body.usage) ? { usage: body.usage } : {}),
  };
};

const grown = (block: Fields, delta: Fields): Fields => {
  switch (delta.type) {
    case 'text_delta':
      return { ...block, text: text(block.text) + text(delta.text) };
    case 'thinking_delta':
      return { ...block, thinking: text(block.thinking) + text(delta.thinking) };
    case 'signature_delta':
      return { ...block, signature: text(block.signature) + text(delta.signature) };
    case 'input_json_delta':
      return { ...block, partial: text(block.partial) + text(delta.partial_json) };
    default:
      return block;
  }
};

const ended = ({ partial, ...block }: Fields): Fields => (partial === undefined ? block : { ...block, input: JSON.parse(text(partial) || '{}') });

/** The message that a stream adds up to. Counts of the last event replace those of the first, as the vendor's SDK has it. */
export const messageEvents = (events: readonly Fields[]): Found => {
  const content: Fields[] = [];
  let message: Fields = {};
  for (const event of events) {
    const index = Number(event.index ?? 0);
    if (event.type === 'message_start') message = fields(event.message);
    else if (event.type === 'content_block_start') content[index] = fields(event.content_block);
    else if (event.type === 'content_block_delta') content[index] = grown(fields(content[index]), fields(event.delta));
    else if (event.type === 'message_delta') {
      const counts = Object.entries(fields(event.usage)).filter(([, value]) => value !== null);
      message = { ...message, ...fields(event.delta), usage: { ...fields(message.usage), ...Object.fromEntries(counts) } };
    }
  }
  return wholeMessage({ ...message, content: content.map(ended) });
};

export const countedTokens = (body: Fields): Found => ({ items: [Number(body.input_tokens)] });
