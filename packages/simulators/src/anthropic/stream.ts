import { sseFrame } from '../http/answer.ts';
import { tokens } from '../openai/tokens.ts';
import { type Fields, fieldsOf, textOf } from './check.ts';
import { messageObject, type Spoken } from './message.ts';

const frame = (event: Fields): Buffer => sseFrame(event, textOf(event.type));

const startOf = (block: Fields): Fields => {
  if (block.type === 'text') return { type: 'text', text: '' };
  if (block.type === 'thinking') return { type: 'thinking', thinking: '', signature: '' };
  return block.type === 'tool_use' ? { ...block, input: {} } : block;
};

/** A call without arguments comes as one empty piece, as the service sends it. */
const inputPieces = (input: unknown): string[] => {
  const whole = JSON.stringify(input);
  return whole === '{}' ? [''] : ['', ...tokens(whole)];
};

const deltasOf = (block: Fields): Fields[] => {
  if (block.type === 'text') return tokens(textOf(block.text)).map((text) => ({ type: 'text_delta', text }));
  if (block.type === 'tool_use') return inputPieces(block.input).map((partial_json) => ({ type: 'input_json_delta', partial_json }));
  if (block.type !== 'thinking') return [];
  return [
    ...tokens(textOf(block.thinking)).map((thinking) => ({ type: 'thinking_delta', thinking })),
    { type: 'signature_delta', signature: textOf(block.signature) },
  ];
};

/** The events of an answer, one Buffer each; a ping follows the first start, as recorded. */
export function* messageStream(spoken: Spoken): Generator<Buffer> {
  const { output_tokens: _whole, ...input } = spoken.usage;
  const message = { ...messageObject(spoken), content: [], stop_reason: null, stop_sequence: null, stop_details: null, usage: { ...input, output_tokens: 1 } };
  yield frame({ type: 'message_start', message });
  for (const [index, block] of spoken.content.entries()) {
    yield frame({ type: 'content_block_start', index, content_block: startOf(block) });
    if (index === 0) yield frame({ type: 'ping' });
    for (const delta of deltasOf(block)) yield frame({ type: 'content_block_delta', index, delta });
    yield frame({ type: 'content_block_stop', index });
  }
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens, output_tokens_details } = spoken.usage;
  yield frame({
    type: 'message_delta',
    delta: { container: spoken.container, stop_reason: spoken.stopReason, stop_sequence: spoken.stopSequence, stop_details: spoken.stopDetails },
    usage: {
      input_tokens,
      cache_creation_input_tokens,
      cache_read_input_tokens,
      output_tokens,
      output_tokens_details: fieldsOf(output_tokens_details),
      server_tool_use: null,
    },
  });
  yield frame({ type: 'message_stop' });
}
