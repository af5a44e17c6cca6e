import {
  type ChatEvent,
  type ChatReply,
  collect,
  eventsOf,
  frameReader,
  type Json,
  normalReply,
  type Part,
  parseJson,
  type Surface,
  stringifyJson,
} from '@llm-proxy-auth/plugin';
import { documentPart, mediaPart, plainText, refusalPart, text, thinkingPart, toolCallPart, toolResultPart } from '@llm-proxy-auth/plugin/generators';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { responsesSurfaces } from '../src/responses/index.ts';
import { callOf, inboundOf, ledger, seal } from './support.ts';

const surface = responsesSurfaces(seal)[0] as Surface<'chat'>;
type Fault<T> = (given: T) => readonly T[];
const kept = { kept: false } as const;
const held = (part: Part): boolean => 'media' in part && 'base64' in part.media;
/** Reasoning goes back with what its model sealed, in front of what it led to. */
const sealed = (part: Part): Part => {
  if (part.kind !== 'thinking') return part;
  const item = { id: 'rs_1', type: 'reasoning', summary: [{ type: 'summary_text', text: part.text }], encrypted_content: 'gAAA' };
  return { ...part, origin: { dialect: 'openai', model: callOf({}).model, payload: { json: stringifyJson(item) } } };
};
const behind = (part: Part): readonly Part[] => (part.kind === 'thinking' ? [{ kind: 'text', text: 'so' }] : []);
/** One kind of part: where it stands, its values, and a translator that goes wrong on it. */
const PARTS: Readonly<Record<string, readonly ['user' | 'assistant', fc.Arbitrary<Part>, Fault<Part>]>> = {
  text: ['user', plainText(kept).filter((part) => part.text !== ''), () => []],
  refusal: ['assistant', refusalPart(kept).filter((part) => part.text !== ''), (part) => [{ ...part, kind: 'text' } as Part]],
  thinking: [
    'assistant',
    thinkingPart(kept)
      .filter((part) => part.text !== '')
      .map(sealed),
    () => [],
  ],
  image: ['user', mediaPart(kept, ['image']), (part) => [{ ...part, detail: 'other' } as Part]],
  audio: ['user', mediaPart(kept, ['audio']).filter(held), (part) => [{ ...part, media: { base64: 'AAAA', type: 'audio/wav' } } as Part]],
  document: ['user', documentPart(kept), (part) => [{ ...part, media: { file: 'file-other' } } as Part]],
  toolCall: ['assistant', toolCallPart(kept).filter((part) => 'json' in part.input), (part) => [{ ...part, id: 'call_other' } as Part]],
  'custom toolCall': [
    'assistant',
    text().map((input): Part => ({ kind: 'toolCall', id: 'call_1', name: 'free', input: { text: input } })),
    (part) => [{ ...part, input: { text: 'other' } } as Part],
  ],
  toolResult: ['user', toolResultPart({ ...kept, kinds: ['text'] }), (part) => [{ ...part, parts: [{ kind: 'text', text: 'other' }] } as Part]],
  opaque: [
    'assistant',
    text().map((id): Part => ({ kind: 'opaque', origin: { dialect: 'openai', payload: { json: stringifyJson({ type: 'web_search_call', id }) } } })),
    () => [],
  ],
};
/** What of a part must come back whatever the surface: which it is, what it says, what it holds. */
const told = (parts: readonly Part[]): Json =>
  parts.map((part) => ({
    kind: part.kind,
    ...('text' in part ? { text: part.text } : {}),
    ...('media' in part ? { media: 'base64' in part.media ? part.media : { ...part.media, type: undefined } } : {}),
    ...(part.kind === 'image' ? { detail: part.detail } : {}),
    ...('input' in part ? { id: part.id, name: part.name, input: part.input } : {}),
    ...('origin' in part && part.kind === 'opaque' ? { payload: parseJson(part.origin.payload.json) } : {}),
    ...(part.kind === 'toolResult' ? { id: part.id, said: part.parts.map((one) => ('text' in one ? one.text : '')).join('') } : {}),
  }));
const law = (role: 'user' | 'assistant', values: fc.Arbitrary<Part>, fault: Fault<Part>): boolean => {
  const same = fc.property(values, (part) => {
    const call = callOf({});
    const endpoint = { ...call.endpoint, surface: surface.name };
    const write = (parts: readonly Part[]) => surface.provider?.write({ turns: [{ role, parts }], tools: [], choices: 1 }, { ...call, endpoint }).body;
    const again = surface.client?.read(inboundOf(write([...fault(part), ...behind(part)]) as Json), ledger(), endpoint);
    expect(JSON.parse(JSON.stringify(told(again?.turns.flatMap((turn) => turn.parts) ?? [])))).toEqual(
      JSON.parse(JSON.stringify(told([part, ...behind(part)]))),
    );
  });
  return !fc.check(same, { numRuns: 60 }).failed;
};
describe.each(Object.entries(PARTS))('a part of kind %s', (_kind, [role, values, fault]) => {
  it('keeps the law', () => expect(law(role, values, (part) => [part])).toBe(true));
  it('breaks it when a writer goes wrong on it', () => expect(law(role, values, fault)).toBe(false));
});

const reply: ChatReply = {
  id: 'resp_1',
  model: 'asked',
  created: 5,
  choices: [
    {
      index: 0,
      parts: [
        {
          kind: 'thinking',
          text: 'hm',
          redacted: false,
          origin: {
            dialect: 'openai',
            payload: { json: '{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"gAAA"}' },
          },
        },
        { kind: 'text', text: 'hi', citations: [{ start: 0, end: 2, url: 'https://a.example/', title: 'A' }] },
      ],
      finish: 'length',
    },
  ],
  usage: { input: 5, output: 3, cacheRead: 1, cacheWrite: 0, reasoning: 2, estimated: false },
};
/** A stream's events as they come back, a fault between what is told and what is written. */
const again = (
  events: readonly ChatEvent[],
  fault: Fault<ChatEvent>,
): { readonly read: readonly ChatEvent[]; readonly notes: readonly { readonly param: string }[] } => {
  const notes = ledger();
  const call = callOf({ stream: true, reasoning: { summary: 'auto' } }, { ledger: notes });
  const writer = surface.client?.stream?.(call);
  const read: ChatEvent[] = [];
  const reader = surface.provider?.stream?.(call, undefined, (event) => void read.push(event));
  const frames = frameReader('sse', (type, data) => reader?.event(type, data));
  for (const event of events.flatMap(fault)) frames.push(Buffer.from(String(event.type === 'error' ? writer?.error(event.error) : writer?.event(event))));
  frames.end();
  reader?.end();
  return { read, notes: notes.notes };
};
const answer = (fault: Fault<ChatEvent>): unknown => {
  try {
    const { choices, usage, id } = normalReply(collect(again(eventsOf(reply), fault).read));
    const { raw: _raw, ...counts } = usage;
    return { id, usage: counts, choices: choices.map(({ finish, parts }) => ({ finish, parts: parts.map(({ rest: _rest, ...part }) => part) })) };
  } catch (failure) {
    return String(failure);
  }
};
const only =
  <T extends ChatEvent['type']>(type: T, change: (event: Extract<ChatEvent, { type: T }>) => readonly ChatEvent[]): Fault<ChatEvent> =>
  (event) =>
    event.type === type ? change(event as Extract<ChatEvent, { type: T }>) : [event];
const EVENTS: Readonly<Record<Exclude<ChatEvent['type'], 'keep' | 'error'>, Fault<ChatEvent>>> = {
  start: only('start', (event) => [{ ...event, id: 'resp_other' }]),
  part: only('part', (event) => (event.part.kind === 'text' ? [{ ...event, part: { kind: 'refusal', text: '' } }] : [event])),
  delta: only('delta', (event) => [{ ...event, text: `${event.text}!` }]),
  citation: only('citation', () => []),
  'part-end': only('part-end', () => []),
  finish: only('finish', (event) => [{ ...event, reason: 'stop' }]),
  usage: only('usage', (event) => [{ ...event, usage: { ...event.usage, input: 6 } }]),
  end: only('end', () => []),
};
describe('the events of a stream', () => {
  const whole = answer((event) => [event]);
  it('keep the law', () => expect(whole).toMatchObject({ id: reply.id, usage: reply.usage, choices: [{ finish: 'length', parts: reply.choices[0]?.parts }] }));
  it.each(Object.entries(EVENTS))('break it when a writer goes wrong on %s', (_type, fault) => expect(answer(fault)).not.toEqual(whole));
  const failure = { type: 'error', error: { code: 'upstream_overloaded', status: 503, message: 'Busy.' } } as const;
  const failed = [...eventsOf(reply).slice(0, 3), failure];
  it('break it when a writer goes wrong on error', () => {
    const last = (fault: Fault<ChatEvent>): string | undefined => again(failed, fault).read.at(-1)?.type;
    expect(last((event) => [event])).toBe('error');
    expect(last(only('error', () => []))).not.toBe('error');
  });
  it('break it when a writer goes wrong on keep, which is noted', () => {
    const keep: ChatEvent = { type: 'keep', origin: { dialect: 'acme', payload: { json: '{}' } } };
    const noted = (fault: Fault<ChatEvent>): boolean =>
      again([...eventsOf(reply).slice(0, 1), keep], fault).notes.some(({ param }) => param === 'choices.parts.opaque');
    expect(noted((event) => [event])).toBe(true);
    expect(noted(only('keep', () => []))).toBe(false);
  });
});
