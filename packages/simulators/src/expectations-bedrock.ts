import { framesOf } from './aws/bedrock/event-frame.ts';
import type { Found } from './expectations.ts';
import { messageEvents, wholeMessage } from './expectations-anthropic.ts';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const fields = (value: unknown): Fields => (isFields(value) ? value : {});
const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fields) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Name and payload of each event of a binary stream, in order. Headers here are all strings. */
const streamed = (bytes: Buffer): { readonly event: string; readonly payload: Fields }[] =>
  framesOf(bytes).map((frame) => {
    const headers = frame.readUInt32BE(4);
    const names = frame.toString('latin1', 12, 12 + headers);
    // After the name: one byte that says string, two for its length.
    const event = /:(?:event|exception)-type[\s\S]{3}([A-Za-z]+)/.exec(names)?.[1] ?? '';
    return { event, payload: fields(JSON.parse(frame.toString('utf8', 12 + headers, frame.length - 4))) };
  });

const spoken = (block: Fields): string =>
  text(block.text) +
  list(fields(block.citationsContent).content)
    .map((one) => text(one.text))
    .join('');

const usageOf = (body: Fields): Pick<Found, 'usage'> => (isFields(body.usage) ? { usage: body.usage } : {});

/** What an answer of Converse says: tools of the service itself are no calls of the client's. */
export const converseMessage = (body: Fields): Found => {
  const blocks = list(fields(fields(body.output).message).content);
  const calls = blocks.flatMap(({ toolUse }) => (isFields(toolUse) && toolUse.type !== 'server_tool_use' ? [toolUse] : []));
  return {
    texts: [blocks.map(spoken).join('')],
    toolCalls: calls.map(({ name, input }) => ({ name: text(name), arguments: JSON.stringify(input) })),
    outputTypes: blocks.map((block) => Object.keys(block)[0] ?? ''),
    thoughts: blocks.map(({ reasoningContent }) => text(fields(fields(reasoningContent).reasoningText).text)).join(''),
    signatures: blocks.flatMap(({ reasoningContent }) => {
      const { signature } = fields(fields(reasoningContent).reasoningText);
      return typeof signature === 'string' ? [signature] : [];
    }),
    finish: text(body.stopReason),
    ...usageOf(body),
  };
};

type Grown = { kind: string; text: string; thought: string; signature: string; tool: Fields | undefined; input: string };

const grow = (block: Grown, delta: Fields): void => {
  const reasoning = fields(delta.reasoningContent);
  block.text += text(delta.text);
  block.thought += text(reasoning.text);
  block.signature += text(reasoning.signature);
  block.input += text(fields(delta.toolUse).input);
  block.kind ||= Object.keys(delta)[0] ?? '';
};

const asBlock = (block: Grown): Fields => {
  if (block.tool !== undefined) return { toolUse: { ...block.tool, input: JSON.parse(block.input || '{}') } };
  if (block.kind === 'reasoningContent') {
    return { reasoningContent: { reasoningText: { text: block.thought, ...(block.signature === '' ? {} : { signature: block.signature }) } } };
  }
  if (block.kind === 'citation') return { citationsContent: { content: [{ text: block.text }] } };
  return block.kind === 'text' ? { text: block.text } : { [block.kind]: {} };
};

/** What a stream of Converse adds up to. */
export const converseEvents = (bytes: Buffer): Found => {
  const blocks: Grown[] = [];
  let stopReason: unknown;
  let usage: unknown;
  for (const { event, payload } of streamed(bytes)) {
    const index = Number(payload.contentBlockIndex ?? 0);
    if (event === 'contentBlockStart' || event === 'contentBlockDelta') {
      blocks[index] ??= { kind: '', text: '', thought: '', signature: '', tool: undefined, input: '' };
    }
    const block = blocks[index];
    if (event === 'contentBlockStart' && block !== undefined) {
      const start = fields(payload.start);
      if (isFields(start.toolUse)) block.tool = start.toolUse;
      else block.kind = Object.keys(start)[0] ?? '';
    } else if (event === 'contentBlockDelta' && block !== undefined) grow(block, fields(payload.delta));
    else if (event === 'messageStop') ({ stopReason } = payload);
    else if (event === 'metadata') ({ usage } = payload);
  }
  return converseMessage({ output: { message: { content: blocks.map(asBlock) } }, stopReason, usage });
};

const only = (said: string, finish: unknown, body: Fields): Found => ({ texts: [said], finish: text(finish), ...usageOf(body) });

/** The body of InvokeModel in the shape of whichever family it is. */
export const invoked = (body: Fields): Found => {
  if (body.type === 'message') return wholeMessage(body);
  if (isFields(body.output)) return converseMessage(body);
  if (Array.isArray(body.choices)) {
    const [choice = {}] = list(body.choices);
    return only('text' in choice ? text(choice.text) : text(fields(choice.message).content), choice.finish_reason, body);
  }
  return only(text(body.text), body.finish_reason, body);
};

const chunkOf = ({ payload }: { readonly payload: Fields }): Fields => fields(JSON.parse(Buffer.from(text(payload.bytes), 'base64').toString('utf8')));

/** What a stream of InvokeModel adds up to, by family. */
export const invokedEvents = (bytes: Buffer): Found => {
  const chunks = streamed(bytes).map(chunkOf);
  if (chunks[0]?.type === 'message_start') return messageEvents(chunks);
  const last = chunks.at(-1) ?? {};
  return only(chunks.map((chunk) => text(chunk.generation) + text(chunk.text)).join(''), last.stop_reason ?? last.finish_reason, last);
};

/** What ApplyGuardrail decided. */
export const guarded = (body: Fields): Found => ({ texts: list(body.outputs).map((one) => text(one.text)), finish: text(body.action), ...usageOf(body) });
