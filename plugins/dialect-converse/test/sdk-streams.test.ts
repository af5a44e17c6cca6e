import { type ChatEvent, eventStreamMessage, type Json, stringifyJson } from '@llm-proxy-auth/plugin';
import { jsonValue, text } from '@llm-proxy-auth/plugin/generators';
import { type Fields, holds } from './sdk-types.ts';
import { framesOf, readStream, writeStream } from './support.ts';

const frame = (type: string, payload: unknown): Uint8Array =>
  eventStreamMessage({ ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' }, Buffer.from(stringifyJson(payload as Json)));
const at = { contentBlockIndex: 0 };
/** What must have come before an event that stands alone. */
const before = (event: Fields): readonly (readonly [string, unknown])[] => {
  if (event.contentBlockStop !== undefined) return [['contentBlockDelta', { delta: { text: 'x' }, ...at }]];
  const delta = (event.contentBlockDelta as Fields | undefined)?.delta as Fields | undefined;
  if (delta?.toolUse !== undefined) return [['contentBlockStart', { start: { toolUse: { toolUseId: 't', name: 'n' } }, ...at }]];
  if (delta?.toolResult !== undefined) return [['contentBlockStart', { start: { toolResult: { toolUseId: 't', type: 'x' } }, ...at }]];
  return delta?.image === undefined ? [] : [['contentBlockStart', { start: { image: { format: 'png' } }, ...at }]];
};
const AROUND: readonly (readonly [string, unknown])[] = [
  ['messageStart', { role: 'assistant' }],
  ['contentBlockStop', at],
  ['messageStop', { stopReason: 'end_turn' }],
  ['metadata', { usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 }, metrics: { latencyMs: 1 } }],
];
const placed = (event: Fields): Fields => {
  const [[type, payload] = ['', {}]] = Object.entries(event);
  return type.startsWith('contentBlock') ? { [type]: { ...(payload as Fields), ...at } } : event;
};
/** The event of its kind in a stream that was read and written again. */
const carried = (event: Fields): unknown => {
  const [[type, payload] = ['', {}]] = Object.entries(placed(event));
  const opens = type.startsWith('contentBlock');
  const [first, stop, ...last] = AROUND;
  const inner = opens ? [...before(event), [type, payload] as const, ...(type === 'contentBlockStop' ? [] : [stop])] : [];
  const all = [first, ...inner, ...last]
    .flatMap((one) => (one === undefined ? [] : [one]))
    .map(([name, data]) => [name, name === type ? payload : data] as const);
  const events: readonly ChatEvent[] = readStream(Buffer.concat(all.map(([name, data]) => frame(name, data))));
  const failure = events.find((one) => one.type === 'error');
  if (failure !== undefined) return failure;
  const found = framesOf(writeStream(events)).find((one) => one.type === type);
  return { [type]: found?.data };
};
const IN_TESTS = { why: 'an exception is no event; the tests of streams read and write each' };
const SAID = { why: 'an empty piece says nothing and is not sent again', as: text().filter((said) => said !== '') };
const RENUMBERED = { why: 'blocks are numbered in their order' };
holds({
  type: 'ConverseStreamOutput',
  carried,
  expected: placed,
  ordered: false,
  decisions: {
    exclude: {
      'ConverseStreamOutput.InternalServerExceptionMember': IN_TESTS,
      'ConverseStreamOutput.ModelStreamErrorExceptionMember': IN_TESTS,
      'ConverseStreamOutput.ServiceUnavailableExceptionMember': IN_TESTS,
      'ConverseStreamOutput.ThrottlingExceptionMember': IN_TESTS,
      'ConverseStreamOutput.ValidationExceptionMember': IN_TESTS,
      'ContentBlockDelta.TextMember.text': SAID,
      'ReasoningContentBlockDelta.TextMember.text': SAID,
      'ReasoningContentBlockDelta.SignatureMember.signature': SAID,
      'ContentBlockDeltaEvent.contentBlockIndex': RENUMBERED,
      'ContentBlockStartEvent.contentBlockIndex': RENUMBERED,
      'ContentBlockStopEvent.contentBlockIndex': RENUMBERED,
      'MessageStopEvent.additionalModelResponseFields': { why: 'any JSON value but null, which is absent', as: jsonValue().filter((value) => value !== null) },
      'ToolResultBlockDelta.JsonMember.json': { why: 'any JSON value, which the type says by holding itself', as: jsonValue() },
    },
  },
});
