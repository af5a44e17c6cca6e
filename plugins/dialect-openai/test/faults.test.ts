import {
  type ChatReply,
  type ChatRequest,
  type DocumentPart,
  type MediaPart,
  type OpaquePart,
  type Part,
  type RefusalPart,
  stringifyJson,
  type TextPart,
  type ToolCallPart,
  type ToolResultPart,
} from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { callOf, chatClient, chatProvider, inboundOf, ledger } from './support.ts';

/** One message of each kind of part, as a client writes it. */
const asked = {
  model: 'gpt-4.1',
  messages: [
    { role: 'developer', content: 'rules' },
    {
      role: 'user',
      name: 'ann',
      content: [
        { type: 'text', text: 'look' },
        { type: 'image_url', image_url: { url: 'https://i.example/a.png', detail: 'low' } },
        { type: 'input_audio', input_audio: { data: 'UklG', format: 'mp3' } },
        { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBE', filename: 'a.pdf' } },
        { type: 'video_url', video_url: { url: 'x' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      refusal: 'no',
      tool_calls: [
        { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
        { id: 'call_2', type: 'custom', custom: { name: 'g', input: 'free' } },
      ],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'done' },
  ],
  tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' }, strict: true } }],
  stop: ['x'],
  max_tokens: 9,
};
const answered = {
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: 'hi',
        refusal: null,
        annotations: [{ type: 'url_citation', url_citation: { start_index: 0, end_index: 2, url: 'https://a.example', title: 'A' } }],
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      },
      logprobs: { content: [{ token: 'hi', logprob: -0.5, bytes: [104, 105], top_logprobs: [] }], refusal: null },
      finish_reason: 'tool_calls',
    },
    {
      index: 1,
      message: { role: 'assistant', content: null, refusal: 'no', annotations: [], audio: { id: 'audio_1', data: 'UklG', expires_at: 5, transcript: 'hi' } },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
};
type Change = (part: Part) => readonly Part[];
/** A translator that goes wrong on one kind of part. */
const only = <P extends Part>(kind: P['kind'], change: (part: P) => readonly Part[]): readonly [string, Change] => [
  kind,
  (part) => {
    if (part.kind === kind) return change(part as P);
    return part.kind === 'toolResult' ? [{ ...part, parts: part.parts.flatMap((p) => (p.kind === kind ? change(p as P) : [p])) }] : [part];
  },
];
const lost = (): readonly Part[] => [];
const faults: readonly (readonly [string, Change])[] = [
  only<TextPart>('text', (p) => [{ ...p, text: p.text.toUpperCase() }]),
  only<TextPart>('text', lost),
  only<RefusalPart>('refusal', (p) => [{ ...p, text: 'other' }]),
  only<RefusalPart>('refusal', lost),
  only<MediaPart>('image', (p) => [{ ...p, detail: 'high' }]),
  only<MediaPart>('image', (p) => [{ ...p, media: { url: 'https://i.example/b.png' } }]),
  only<MediaPart>('audio', (p) => [{ ...p, media: { base64: 'AAAA', type: 'audio/wav' } }]),
  only<MediaPart>('audio', lost),
  only<DocumentPart>('document', (p) => [{ ...p, name: 'b.pdf' }]),
  only<DocumentPart>('document', (p) => [{ ...p, media: { file: 'file-1' } }]),
  only<ToolCallPart>('toolCall', (p) => [{ ...p, id: `${p.id}x` }]),
  only<ToolCallPart>('toolCall', (p) => [{ ...p, input: 'json' in p.input ? { json: '{}' } : { text: '' } }]),
  only<ToolResultPart>('toolResult', (p) => [{ ...p, id: 'call_9' }]),
  only<ToolResultPart>('toolResult', (p) => [{ ...p, parts: [] }]),
  only<OpaquePart>('opaque', (p) => [{ ...p, origin: { ...p.origin, payload: { json: '{"type":"other"}' } } }]),
  only<OpaquePart>('opaque', lost),
];
const inTurns = (r: ChatRequest, change: Change): ChatRequest => ({ ...r, turns: r.turns.map((t) => ({ ...t, parts: t.parts.flatMap(change) })) });
const inChoices = (r: ChatReply, change: Change): ChatReply => ({ ...r, choices: r.choices.map((c) => ({ ...c, parts: c.parts.flatMap(change) })) });
const asks = (change: Change): string =>
  stringifyJson(chatProvider.write(inTurns(chatClient.read(inboundOf(asked), ledger()), change), callOf(asked, { model: 'gpt-4.1' })).body);
const answers = (change: Change): string => {
  const reply = chatProvider.read({ status: 200, headers: [], body: Buffer.from(JSON.stringify(answered)) }, callOf({}), undefined);
  return String(chatClient.write(inChoices(reply, change), callOf({}, { requestedModel: 'm' })).body);
};
const nothing: Change = (part) => [part];
const inAnswers = new Set(['text', 'refusal', 'audio', 'toolCall']);

describe('a translator that goes wrong on one kind of part', () => {
  it('has laws that hold without a fault', () => {
    expect(JSON.parse(asks(nothing))).toEqual(asked);
    expect(JSON.parse(answers(nothing))).toEqual(answered);
  });
  it.each(faults.map(([kind, change], i) => [kind, i, change] as const))('breaks the law of requests: %s (%i)', (_kind, _i, change) => {
    expect(JSON.parse(asks(change))).not.toEqual(asked);
  });
  it.each(faults.filter(([kind]) => inAnswers.has(kind)).map(([kind, change], i) => [kind, i, change] as const))(
    'breaks the law of answers: %s (%i)',
    (_kind, _i, change) => {
      expect(JSON.parse(answers(change))).not.toEqual(answered);
    },
  );
});
