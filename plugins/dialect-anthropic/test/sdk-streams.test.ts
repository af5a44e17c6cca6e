import { stringifyJson } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { accumulate, meaning } from './accumulate.ts';
import { holds } from './sdk-types.ts';
import { eventsOf, type Fields, payloads, sse, streamed } from './support.ts';

const START: Fields = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'asked',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 1 },
  },
};
const CHANGE: Fields = { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 2 } };
const STOP: Fields = { type: 'message_stop' };
/** Blocks in which a delta can grow. */
const GROWS: Readonly<Record<string, Fields>> = Object.freeze({
  text_delta: { type: 'text', text: '' },
  citations_delta: { type: 'text', text: '' },
  thinking_delta: { type: 'thinking', thinking: '', signature: '' },
  signature_delta: { type: 'thinking', thinking: '', signature: '' },
  input_json_delta: { type: 'tool_use', id: 'toolu_1', name: 'n', input: {} },
  compaction_delta: { type: 'compaction', content: null, encrypted_content: null },
});
/** The shortest stream in which the event stands. */
const around = (event: Fields): readonly Fields[] => {
  const { type, index } = event;
  const end = { type: 'content_block_stop', index };
  if (type === 'message_start') return [event, CHANGE, STOP];
  if (type === 'message_delta') return [START, event, STOP];
  if (type === 'content_block_start') return [START, event, end, CHANGE, STOP];
  if (type === 'content_block_delta')
    return [START, { type: 'content_block_start', index, content_block: GROWS[String((event.delta as Fields).type)] }, event, end, CHANGE, STOP];
  if (type === 'content_block_stop') return [START, { type: 'content_block_start', index, content_block: GROWS.text_delta }, event, CHANGE, STOP];
  return [START, CHANGE, event];
};
/** Blocks are numbered from 0. */
const numbered = (events: readonly Fields[]): readonly Fields[] => events.map((event) => ('index' in event ? { ...event, index: 0 } : event));
const model = (event: Fields): string => (event.type === 'message_start' ? String((event.message as Fields).model) : 'asked');
const expected = (event: Fields): unknown => meaning(accumulate(numbered(around(event))));
const carried = (event: Fields): unknown => {
  const events = eventsOf([sse(around(event))]);
  const failed = events.find(({ type }) => type === 'error');
  if (failed !== undefined) throw new Error(stringifyJson(failed));
  return meaning(accumulate(payloads(streamed(events, { requestedModel: model(event) }))));
};

const INPUT = { why: 'a whole input, in one piece', as: fc.constantFrom('{}', '{"a": [1]}', '') };
const OBJECT = { why: 'the input of a call is an object', as: fc.constantFrom({}, { a: [1, null] }, { input: 'x' }) };
const ID = { why: 'an answer without an id gets one', as: fc.nat(999).map((n) => `msg_${n}`) };
const MODEL = { why: 'an answer without a model is the asked one’s', as: fc.constantFrom('claude-opus-5-5', 'claude-haiku-4-5') };
const REASON = { why: 'a stream says why it ended' };
const BEGINS = {
  why: 'a message begins without content and end: both come in events of their own',
  fit: (message: Fields): Fields => ({ ...message, content: [], stop_reason: null, stop_sequence: null, stop_details: null }),
};

holds({
  type: 'RawMessageStreamEvent',
  carried,
  expected,
  decisions: {
    exclude: {
      'InputJSONDelta.partial_json': INPUT,
      'ToolUseBlock.input': OBJECT,
      'ServerToolUseBlock.input': OBJECT,
      'Message.id': ID,
      'Message.model': MODEL,
      'RawMessageDeltaEvent.Delta.stop_reason<null>': REASON,
      'Message.content': { why: 'a message begins without content', as: fc.constant([]) },
    },
    fit: { Message: BEGINS },
  },
});
holds({
  type: 'BetaRawMessageStreamEvent',
  carried,
  expected,
  decisions: {
    exclude: {
      'BetaInputJSONDelta.partial_json': INPUT,
      'BetaToolUseBlock.input': OBJECT,
      'BetaServerToolUseBlock.input': OBJECT,
      'BetaMCPToolUseBlock.input': OBJECT,
      'BetaMessage.id': ID,
      'BetaMessage.model': MODEL,
      'BetaRawMessageDeltaEvent.Delta.stop_reason<null>': REASON,
      'BetaMessage.content': { why: 'a message begins without content', as: fc.constant([]) },
    },
    fit: { BetaMessage: BEGINS },
  },
});
