import fc from 'fast-check';
import { HOSTED, responseOf, rewritten, streamAround, streamOf, wholeLogprobs } from './sdk-events.ts';
import { type Fields, holds } from './sdk-types.ts';

const last = (events: readonly Fields[]): unknown => events.at(-1)?.response;
const FAILED = { why: 'a response that failed is an error, whatever else it says' };
const NAMED = { why: 'a call without an id gets one', as: fc.nat(999).map((n) => `call-${n}`) };
const identified = { why: 'an item of an answer without an id gets one', fit: (item: Fields) => ({ id: 'fc_1', ...item }) };
holds({
  type: 'Response',
  carried: (response) => last(rewritten(streamOf(response))),
  decisions: {
    exclude: {
      'Response.error<ResponseError>': FAILED,
      'Response.status<failed>': FAILED,
      'ResponseFunctionToolCall.call_id': NAMED,
      'ResponseCustomToolCall.call_id': NAMED,
    },
    fit: { ResponseFunctionToolCall: identified, ResponseCustomToolCall: identified },
  },
});
const failed = (events: readonly Fields[]): unknown => (events.find(({ type }) => type === 'response.failed')?.response as Fields | undefined)?.error;
holds({
  type: 'ResponseError',
  carried: (error) => failed(rewritten(streamAround({ type: 'response.failed', response: responseOf([], { status: 'failed', error }) }))),
  decisions: {
    exclude: { 'ResponseError.message': { why: 'a failure without words gets some', as: fc.constantFrom('It failed.', 'Ünïcödé 😀') } },
    fit: {
      ResponseError: {
        why: 'null says nothing',
        fit: (error) => Object.fromEntries(Object.entries(error).filter(([, value]) => value !== null)),
      },
    },
  },
});
/** A failure is told by two events; each is compared by itself. */
const toldOf = (events: readonly Fields[], { type }: Fields): unknown => {
  if (type !== 'error' && type !== 'response.failed') return events;
  return events.filter((one) => one.type === type).map(({ sequence_number: _number, ...others }) => others);
};
const ITEM = { why: 'items of every type stream in whole responses', as: fc.constant(HOSTED) };
const REASONING = { why: 'thinking is one text, told as a summary; the finished item has both as they came' };
/** Texts of events about what the model said. */
const PIECES: readonly string[] = [
  'ResponseTextDeltaEvent.delta',
  'ResponseTextDoneEvent.text',
  'ResponseOutputText.text',
  'ResponseRefusalDeltaEvent.delta',
  'ResponseRefusalDoneEvent.refusal',
  'ResponseOutputRefusal.refusal',
  'ResponseReasoningSummaryTextDeltaEvent.delta',
  'ResponseReasoningSummaryTextDoneEvent.text',
  'ResponseReasoningSummaryPartAddedEvent.Part.text',
  'ResponseReasoningSummaryPartDoneEvent.Part.text',
  'ResponseFunctionCallArgumentsDeltaEvent.delta',
  'ResponseFunctionCallArgumentsDoneEvent.arguments',
  'ResponseCustomToolCallInputDeltaEvent.delta',
  'ResponseCustomToolCallInputDoneEvent.input',
];
const SAID = { why: 'an empty piece says nothing: no event is written for it', as: fc.constantFrom('a', '{"a":1}', 'Ünïcödé 😀\n"x"') };
const alternatives = { why: 'an alternative has its token and its probability', fit: (one: Fields) => ({ token: 'a', logprob: -1, ...one }) };
holds({
  type: 'ResponseStreamEvent',
  carried: (event) => toldOf(rewritten(streamAround(event)), event),
  expected: (event) => toldOf(wholeLogprobs(streamAround(event)), event),
  decisions: {
    exclude: {
      Response: { why: 'whole responses stream too', as: fc.constant(responseOf([])) },
      'ResponseOutputItemAddedEvent.item': ITEM,
      'ResponseOutputItemDoneEvent.item': ITEM,
      ResponseReasoningTextDeltaEvent: REASONING,
      ResponseReasoningTextDoneEvent: REASONING,
      'ResponseContentPartAddedEvent.part<ResponseContentPartAddedEvent.ReasoningText>': REASONING,
      'ResponseContentPartDoneEvent.part<ResponseContentPartDoneEvent.ReasoningText>': REASONING,
      ...Object.fromEntries(PIECES.map((field) => [field, SAID])),
      'ResponseErrorEvent.code': {
        why: 'an error without a code or words gets some',
        as: fc.constantFrom('server_error', 'rate_limit_exceeded', 'unheard_of'),
      },
      'ResponseErrorEvent.message': { why: 'an error without a code or words gets some', as: fc.constantFrom('It failed.', 'Ünïcödé 😀') },
      'ResponseOutputTextAnnotationAddedEvent.annotation': {
        why: 'an annotation is an object with a type',
        as: fc.constantFrom(
          { type: 'file_citation', file_id: 'file-1', filename: 'a.pdf', index: 0 },
          { type: 'url_citation', start_index: 0, end_index: 1, url: 'https://a.example/', title: 'A' },
        ),
      },
    },
    fit: { 'ResponseTextDeltaEvent.Logprob.TopLogprob': alternatives, 'ResponseTextDoneEvent.Logprob.TopLogprob': alternatives },
  },
});
