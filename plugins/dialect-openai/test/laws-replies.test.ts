import {
  type Call,
  type ChatEvent,
  type ChatReply,
  type Choice,
  collect,
  type EmbedReply,
  eventsOf,
  type Finish,
  frameReader,
  type Part,
  type Surface,
  type TextPart,
  type TokenLogprob,
  type Usage,
} from '@llm-proxy-auth/plugin';
import { chatReply, streamedReply, usage } from '@llm-proxy-auth/plugin/generators';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completions } from '../src/completions/surface.ts';
import { embeddings } from '../src/embeddings/surface.ts';
import { responsesSurfaces } from '../src/responses/index.ts';
import { type Losses, leftOver, replyLeft } from './laws-support.ts';
import { callOf, chat, ledger, type Note, seal } from './support.ts';

const responses = responsesSurfaces(seal)[0] as Surface<'chat'>;
const streaming = { stream: true, stream_options: { include_usage: true } };
const callFor = (reply: ChatReply, body: object = {}): { readonly call: Call; readonly notes: readonly Note[] } => {
  const kept = ledger();
  // Responses show what was thought to those who ask for it.
  const asked = { ...body, reasoning: { summary: 'auto' } };
  return { call: callOf(asked, { requestedModel: reply.model, ledger: kept }), notes: kept.notes };
};
interface Told {
  readonly again: ChatReply;
  readonly notes: readonly Note[];
  readonly text: string;
}
/** The answer as it comes whole. */
const whole = (surface: Surface<'chat'>, reply: ChatReply): Told => {
  const { call, notes } = callFor(reply);
  const text = String(surface.client?.write(reply, call).body);
  const again = surface.provider?.read({ status: 200, headers: [], body: Buffer.from(text) }, call, undefined);
  if (again === undefined) throw new Error('the surface has both halves');
  return { again, notes, text };
};
const readPieces = (surface: Surface<'chat'>, call: Call, bytes: Uint8Array, sizes: readonly number[]): readonly ChatEvent[] => {
  const events: ChatEvent[] = [];
  const reader = surface.provider?.stream?.(call, undefined, (event) => void events.push(event));
  const frames = frameReader(surface.framing, (type, data) => reader?.event(type, data));
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    frames.push(bytes.subarray(at, at + size));
    at += size;
  }
  frames.end();
  reader?.end();
  return events;
};
/** The answer as it streams. */
const streamed = (surface: Surface<'chat'>, reply: ChatReply, events: readonly ChatEvent[], sizes: readonly number[]): Told => {
  const { call, notes } = callFor(reply, streaming);
  const writer = surface.client?.stream?.(call);
  const text = `${events.map((event) => String(writer?.event(event) ?? '')).join('')}${String(writer?.end() ?? '')}`;
  const read = readPieces(surface, call, Buffer.from(text), [text.length + 1]);
  expect(readPieces(surface, call, Buffer.from(text), sizes), 'other pieces, other events').toEqual(read);
  return { again: collect(read), notes, text };
};

const called = (choice: Choice): boolean => choice.parts.some(({ kind }) => kind === 'toolCall');
/** What stands for a reason that the surface has no word for; calls end as calls. */
const FINISH: Readonly<Record<string, Readonly<Partial<Record<Finish, Finish>>>>> = {
  chat: { pause: 'stop', refusal: 'filter', context: 'length' },
  responses: { pause: 'stop', refusal: 'stop', context: 'length' },
  completions: { pause: 'stop', refusal: 'filter', context: 'length', tool: 'stop' },
};
const finishOf = (name: string, choice: Choice): Finish => {
  const word = FINISH[name]?.[choice.finish] ?? choice.finish;
  if (name === 'completions' || (word !== 'stop' && word !== 'tool')) return word;
  return called(choice) ? 'tool' : 'stop';
};
const shifted = (part: TextPart, by: number): TextPart['citations'] =>
  part.citations?.map((one) =>
    one.url === undefined || one.origin !== undefined
      ? one
      : { ...one, start: (one.start ?? 0) + by, end: (one.end ?? part.text.length) + by, title: one.title ?? '' },
  );
type Said = Extract<Part, { kind: 'text' | 'refusal' }>;
/** Two texts of a message are one. */
const joined = (a: Said, b: Said): Said => {
  const logprobs: readonly TokenLogprob[] = [...(a.logprobs ?? []), ...(b.logprobs ?? [])];
  const both = { kind: a.kind, text: a.text + b.text, ...(logprobs.length > 0 ? { logprobs } : {}) } as Said;
  if (a.kind !== 'text' || b.kind !== 'text') return both;
  const citations = [...(a.citations ?? []), ...(shifted(b, a.text.length) ?? [])];
  return { ...both, ...(citations.length > 0 ? { citations } : {}) } as Said;
};
const withoutGaps = (parts: readonly Part[]): readonly Part[] =>
  parts.reduce<Part[]>((out, part) => {
    const last = out.at(-1);
    const first = part.kind === 'text' ? { ...part, ...(part.citations === undefined ? {} : { citations: shifted(part, 0) }) } : part;
    if ((first.kind === 'text' || first.kind === 'refusal') && last?.kind === first.kind) out[out.length - 1] = joined(last as Said, first);
    else out.push(first);
    return out;
  }, []);
/** An empty text says nothing, so that its neighbours are one. */
const silent = (part: Part): boolean => (part.kind === 'text' || part.kind === 'refusal') && part.text === '' && Object.keys(part).length === 2;
const RANK: Readonly<Record<string, number>> = { refusal: 1, audio: 2, toolCall: 3, opaque: 3 };
/** Chat's message of an answer: one text, one refusal, one piece of audio with data and its defaults, then calls. */
const message = (parts: readonly Part[], order: 'kept' | 'ranked'): readonly Part[] => {
  const audio = parts.find((part) => part.kind === 'audio' && 'base64' in part.media);
  const shown = parts.filter((part) => part.kind !== 'thinking' && part.kind !== 'image' && (part.kind !== 'audio' || part === audio));
  const placed = order === 'ranked' ? shown.toSorted((a, b) => (RANK[a.kind] ?? 0) - (RANK[b.kind] ?? 0)) : shown;
  return withoutGaps(placed.filter((part) => !silent(part)));
};
/** Reading gives audio the type it is asked for in, and the id, words and end that the wire demands. */
const audible = (part: Part): Part => {
  if (part.kind !== 'audio') return part;
  const { rest, detail: _detail, ...others } = part;
  const late = rest?.expires;
  return {
    ...others,
    media: { base64: 'base64' in part.media ? part.media.base64 : '', type: 'audio' },
    id: part.id ?? '',
    transcript: part.transcript ?? '',
    expires: typeof late === 'number' ? late : (part.expires ?? 1_790_000_000),
  };
};
/** Of duplicates among a token's alternatives a text completion, whose alternatives are a record, keeps the last. */
const recorded = (entry: TokenLogprob): TokenLogprob => {
  const top = new Map(entry.top.map((one) => [one.token, { token: one.token, logprob: one.logprob, top: [] }]));
  return { token: entry.token, logprob: entry.logprob, top: [...Object.entries(Object.fromEntries(top)).map(([, one]) => one)] };
};
const completed = (parts: readonly Part[]): readonly Part[] => {
  const texts = parts.flatMap((part): readonly TextPart[] => {
    if (part.kind !== 'text' && part.kind !== 'refusal') return [];
    return [{ kind: 'text', text: part.text, ...(part.logprobs === undefined ? {} : { logprobs: part.logprobs.map(recorded) }) }];
  });
  return withoutGaps(texts);
};
const partsOf = (name: string, choice: Choice, streams: boolean): readonly Part[] => {
  if (name === 'completions') return completed(choice.parts);
  if (name === 'responses') return choice.parts;
  return message(choice.parts, streams ? 'kept' : 'ranked');
};
/** A reply as the surface says it, after what its ledger names was taken out. */
const expected = (name: string, reply: ChatReply, streams: boolean): ChatReply => ({
  ...reply,
  created: reply.created ?? 1_790_000_000,
  choices: (name === 'responses' ? reply.choices.slice(0, 1) : reply.choices).map((choice) => ({
    ...choice,
    parts: partsOf(name, choice, streams).map(audible),
    finish: finishOf(name, choice),
  })),
});
/** One of several pieces may be lost: the one that is said is compared. */
const AUDIO: readonly string[] = ['audio', 'choices.parts.audio'];
const losses = (name: string, notes: readonly Note[]): Losses => ({
  notes: notes.filter(({ param, kind }) => param !== 'choices' && kind !== 'emulated' && !(name === 'chat' && AUDIO.includes(param))),
  names: [],
});
/** What only the vendor's own surface writes: ids of items, the usage object, spelling. */
const foreign = (reply: ChatReply): ChatReply => {
  const { rest: _rest, ...others } = reply;
  const { raw: _raw, ...counts } = reply.usage;
  const bare = (part: Part): Part => {
    const { rest: _own, origin: _item, ...mine } = audible(part);
    return mine as Part;
  };
  return { ...others, usage: counts, choices: reply.choices.map(({ rest: _own, ...choice }) => ({ ...choice, parts: choice.parts.map(bare) })) };
};
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const has = (told: Told, param: string): boolean => told.notes.some((note) => note.param === param);
/** What changed by the way and no ledger names. */
const unnamed = (name: string, reply: ChatReply, told: Told, streams: boolean): void => {
  const parts = reply.choices.flatMap((choice) => choice.parts);
  if (name === 'responses') expect(has(told, 'choices')).toBe(reply.choices.length > 1);
  const words = name === 'completions' ? ['refusal', 'pause', 'context', 'tool'] : ['refusal', 'pause', 'context'];
  const shown = name === 'responses' ? reply.choices.slice(0, 1) : reply.choices;
  expect(has(told, 'choices.finish'), 'a reason that is another').toBe(shown.some(({ finish }) => words.includes(finish)));
  if (name === 'completions') expect(has(told, 'choices.parts.refusal')).toBe(parts.some((part) => part.kind === 'refusal'));
  if (name !== 'chat') return;
  const shownBefore = reply.choices.map((choice) => {
    const audio = choice.parts.find((part) => part.kind === 'audio' && 'base64' in part.media);
    return choice.parts.filter((part) => !silent(part) && (part === audio || part.kind === 'text' || part.kind === 'refusal' || part.kind === 'toolCall'));
  });
  const order = (all: readonly (readonly Part[])[]): unknown =>
    plain(all.map((list) => list.flatMap((part) => ('text' in part && part.text === '' ? [] : [[part.kind, 'text' in part ? part.text : '']]))));
  const changed = JSON.stringify(order(shownBefore)) !== JSON.stringify(order(shownBefore.map((list) => message(list, streams ? 'kept' : 'ranked'))));
  if (changed) expect(has(told, 'choices.parts'), 'parts that were moved or joined').toBe(true);
  const unsaid =
    parts.filter((part) => part.kind === 'audio').length > told.again.choices.flatMap((one) => one.parts).filter((part) => part.kind === 'audio').length;
  expect(
    AUDIO.some((param) => has(told, param)),
    'audio that is not said',
  ).toBe(unsaid);
};
const law = (name: string, reply: ChatReply, told: Told, streams: boolean): void => {
  const left = (one: ChatReply): unknown => plain(replyLeft(foreign(one), losses(name, told.notes)));
  expect(left(told.again), `${told.text}\n${JSON.stringify(told.notes)}`).toEqual(left(expected(name, reply, streams)));
  unnamed(name, reply, told, streams);
  expect(leftOver(told.again.choices, losses(name, told.notes))).toEqual([]);
};
const runs = { numRuns: 400 } as const;
const KINDS: readonly Part['kind'][] = ['text', 'refusal', 'thinking', 'image', 'audio', 'document', 'toolCall'];
const foreignOnly = { kept: false, kinds: KINDS } as const;
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 });
/** Servers say 0 when they do not know the time, and count nothing when they do not know the usage. */
const dated = ({ created, usage: { input, output } }: ChatReply): boolean => created !== 0 && input + output > 0;
describe.each([
  ['chat', chat],
  ['responses', responses],
  ['completions', completions],
] as const)('a generated answer of %s', (name, surface) => {
  it('is read as it was written, but for what the ledger names', () => {
    fc.assert(
      fc.property(chatReply(foreignOnly).filter(dated), (reply) => law(name, reply, whole(surface, reply), false)),
      runs,
    );
  });
  it('is read as it was streamed, in any pieces', () => {
    const each = fc.property(chatReply(foreignOnly).filter(dated), sizes, (reply, pieces) =>
      law(name, reply, streamed(surface, reply, eventsOf(reply), pieces), true),
    );
    fc.assert(each, runs);
  });
  it('is the same when its deltas are cut anywhere and its choices are mixed', () => {
    const each = fc.property(
      streamedReply(foreignOnly).filter(({ reply }) => dated(reply)),
      sizes,
      ({ reply, events }, pieces) => law(name, reply, streamed(surface, reply, events, pieces), true),
    );
    fc.assert(each, runs);
  });
});
describe('generated embeddings', () => {
  const vectors = fc.array(fc.float32Array({ minLength: 1, maxLength: 5, noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 4 });
  it.each(['float', 'base64'])('are read as they were written as %s', (encoding) => {
    const each = fc.property(vectors, usage({ kept: false }), (list, counted) => {
      const counts = { input: counted.input, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: false };
      const reply: EmbedReply = { model: 'asked', vectors: list, usage: counts };
      const call = callOf({ encoding_format: encoding });
      const body = Buffer.from(String(embeddings.client?.write(reply, call).body));
      const again = embeddings.provider?.read({ status: 200, headers: [], body }, call, undefined);
      const { raw: _raw, ...read }: Usage = again?.usage ?? counts;
      // -0 is 0 where it is written as a number.
      const same = (all: readonly Float32Array[]) => all.map((one) => [...one].map((n) => n + 0));
      expect({ ...again, usage: read, vectors: same(again?.vectors ?? []) }).toEqual({ ...reply, vectors: same(list) });
    });
    fc.assert(each, runs);
  });
});
