import { randomBytes } from 'node:crypto';
import { fakeHost } from '@llm-proxy-auth/contract-tests';
import type { Call, ChatEvent, ChatReply, Fields, Inbound, Json, Memory, Origin, Part, Seal, ThinkingPart, ToolCallPart, Turn } from '@llm-proxy-auth/plugin';
import { eventsOf } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MOST_ID, readCallId } from '../src/carriers/call-id.ts';
import { type Carried, decode, encode } from '../src/carriers/record.ts';
import { chat as chatSurface } from '../src/chat/surface.ts';
import { callOf, inboundOf, ledger, type Note, payloads } from './support.ts';

const { seal: fake } = fakeHost();
/** As the core's, which opens one spelling of a text alone. */
const seal: Seal = {
  seal: fake.seal,
  open: (purpose, sealed) => (Buffer.from(sealed, 'base64url').toString('base64url') === sealed ? fake.open(purpose, sealed) : undefined),
};
const { client } = chatSurface(seal);
if (client?.stream === undefined) throw new Error('chat has a client half');
const { read, write, stream } = client;
const MODEL = 'claude-x';
const endpoint: Call['endpoint'] = { ...callOf().endpoint, dialect: 'anthropic', surface: 'messages' };

interface Remembering {
  readonly memory: Memory;
  readonly kept: Map<string, Uint8Array>;
  readonly losses: { count: number };
}
const remembering = (owner = 'key:a', kept = new Map<string, Uint8Array>()): Remembering => {
  const losses = { count: 0 };
  return {
    kept,
    losses,
    memory: {
      owner,
      keep: (key, value) => kept.set(`${owner} ${key}`, value) !== undefined,
      recall: (key) => kept.get(`${owner} ${key}`),
      lost: () => void losses.count++,
    },
  };
};
/** The call of an answer; `memory` as the core gives it. */
const answering = (memory: Memory | undefined, body: Json = {}, id = 'req_1'): Call => {
  const inbound: Inbound = inboundOf(body, { memory });
  return callOf(body, { id, model: MODEL, endpoint, inbound, ledger: ledger() });
};
const replyOf = (parts: readonly Part[]): ChatReply => ({
  id: 'm',
  model: MODEL,
  choices: [{ index: 0, parts, finish: parts.some(({ kind }) => kind === 'toolCall') ? 'tool' : 'stop' }],
  usage: { input: 1, output: 1, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: false },
});
type Message = Fields & { readonly tool_calls?: readonly Fields[]; readonly thinking_blocks?: readonly Fields[] };
const messageOf = (parts: readonly Part[], call: Call): Message => {
  const body = JSON.parse(String(write(replyOf(parts), call).body)) as { readonly choices: readonly { readonly message: Message }[] };
  return body.choices[0]?.message ?? {};
};
const idsOf = ({ tool_calls }: Message): readonly string[] => (tool_calls ?? []).map(({ id }) => String(id));
/** What SDK helpers that rebuild a message leave of it. */
const rebuilt = ({ content, tool_calls }: Message): Message => ({
  role: 'assistant',
  content,
  ...(tool_calls === undefined ? {} : { tool_calls: tool_calls.map(({ id, type, function: f }) => ({ id, type, function: f })) }),
});
/** Only the members beside the ids carry anything. */
const withOwnIds = (message: Message): Message => ({
  ...message,
  ...(message.tool_calls === undefined ? {} : { tool_calls: message.tool_calls.map((one, i) => ({ ...one, id: `own_${i}` })) }),
});
interface Again {
  readonly parts: readonly Part[];
  readonly results: readonly string[];
  readonly notes: readonly Note[];
  readonly turns: readonly Turn[];
}
const again = (message: Message, memory: Memory | undefined, model = MODEL, dialect = 'anthropic'): Again => {
  const notes = ledger();
  const answered = idsOf(message).map((id) => ({ role: 'tool', tool_call_id: id, content: 'noon' }));
  const body = { model: 'asked', messages: [{ role: 'user', content: 'Hello' }, message, ...answered] };
  const { turns } = read(inboundOf(body, { memory }), notes, { ...endpoint, dialect }, model);
  const results = (turns[2]?.parts ?? []).flatMap((part) => (part.kind === 'toolResult' ? [part.id] : []));
  return { parts: turns[1]?.parts ?? [], results, notes: notes.notes, turns };
};
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const thoughts = (parts: readonly Part[]): readonly Part[] => parts.filter(({ kind }) => kind === 'thinking');

const signed = (text: string, signature: string): ThinkingPart => ({
  kind: 'thinking',
  text,
  redacted: false,
  origin: { dialect: 'anthropic', model: MODEL, payload: { json: JSON.stringify({ type: 'thinking', thinking: text, signature }) } },
});
const called = (id: string, origin?: Origin): ToolCallPart => ({
  kind: 'toolCall',
  id,
  name: 'get_time',
  input: { json: '{}' },
  ...(origin === undefined ? {} : { origin }),
});
const base64 = (bytes: number): string => randomBytes(bytes).toString('base64');
const SHORT = () => signed('Hm.', base64(120));
const LONG = () => signed('Let me see. '.repeat(40), base64(900));

const anyText = fc.string({ unit: fc.constantFrom('a', ' ', '\n', '"', '\\', 'é', '😀', '\ud83d', '\u0000', '<'), maxLength: 30 });
const anySignature = fc.uint8Array({ minLength: 1, maxLength: 120 }).map((bytes) => Buffer.from(bytes).toString('base64'));
const anyOrigin = (signatures: fc.Arbitrary<string>): fc.Arbitrary<Origin> =>
  fc.record({ signature: signatures, more: anyText, model: fc.constantFrom(MODEL, undefined) }).map(({ signature, more, model }) => ({
    dialect: 'anthropic',
    ...(model === undefined ? {} : { model }),
    payload: { json: JSON.stringify({ type: 'thinking', thinking: more, signature }) },
  }));
const anyThinking = (signatures: fc.Arbitrary<string> = anySignature): fc.Arbitrary<ThinkingPart> =>
  fc.record({ kind: fc.constant('thinking' as const), text: anyText, redacted: fc.boolean(), origin: anyOrigin(signatures) });
const anyWords = fc.string({ minLength: 1, maxLength: 12 }).map((text): Part => ({ kind: 'text', text }));
/** Content and thinking as they come, then calls, each with what was thought before it; texts that follow one another are one. */
const anyAnswer = (thinking: fc.Arbitrary<ThinkingPart>): fc.Arbitrary<readonly Part[]> =>
  fc
    .record({
      said: fc.array(fc.oneof(thinking, anyWords), { maxLength: 4 }),
      calls: fc.array(fc.array(thinking, { maxLength: 2 }), { minLength: 1, maxLength: 3 }),
    })
    .map(({ said, calls }) => {
      const out: Part[] = [];
      for (const part of said) {
        const last = out.at(-1);
        if (part.kind === 'text' && last?.kind === 'text') out[out.length - 1] = { kind: 'text', text: last.text + part.text };
        else out.push(part);
      }
      return [...out, ...calls.flatMap((before, i): Part[] => [...before, called(`toolu_${i}`)])];
    });

describe('thinking that its vendor signed is restored byte for byte', () => {
  it('from the members of the message alone', () => {
    fc.assert(
      fc.property(anyAnswer(anyThinking()), (parts) => {
        const back = again(withOwnIds(messageOf(parts, answering(remembering().memory))), remembering().memory);
        let call = 0;
        const expected = parts.map((part) => (part.kind === 'toolCall' ? { ...part, id: `own_${call++}` } : part));
        expect([plain(back.parts), back.notes]).toEqual([plain(expected), []]);
      }),
    );
  });
  it('from the ids of calls alone, sealed in them or remembered under them', () => {
    const kinds = new Set<string | undefined>();
    const signatures = fc.oneof(
      anySignature,
      fc.uint8Array({ minLength: 600, maxLength: 700 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    );
    fc.assert(
      fc.property(anyAnswer(anyThinking(signatures)), (parts) => {
        const { memory, losses } = remembering();
        const message = rebuilt(messageOf(parts, answering(memory)));
        for (const id of idsOf(message)) {
          expect([id.length <= MOST_ID, /^[\w-]+$/.test(id)]).toEqual([true, true]);
          kinds.add(readCallId(id)?.kind);
        }
        const back = again(message, memory);
        expect([plain(back.parts), back.results, back.notes, losses.count]).toEqual([plain(parts), back.results, [], 0]);
        expect(back.results).toEqual(parts.flatMap((part) => (part.kind === 'toolCall' ? [part.id] : [])));
      }),
    );
    expect([...kinds].map(String).toSorted()).toEqual(['remembered', 'sealed', 'undefined']);
  });
  it('from a stream as from a whole answer, wherever its deltas are cut', () => {
    fc.assert(
      fc.property(anyAnswer(anyThinking()), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }), (parts, sizes) => {
        const { memory } = remembering();
        const writer = stream(answering(memory, { stream: true }));
        const events = eventsOf(replyOf(parts)).flatMap((event) => cutDelta(event, sizes));
        const text = events.map((event) => String(writer.event(event))).join('') + String(writer.end());
        const { message, carrying } = joined(text);
        expect(carrying).toBe(thoughts(parts).length > 0 ? 1 : 0);
        expect(plain(again(message, memory).parts)).toEqual(plain(parts));
        expect(plain(again(rebuilt(message), memory).parts)).toEqual(plain(parts));
      }),
    );
  });
  it('whatever the codec is given', () => {
    const each = fc.record({
      text: fc.oneof(anyText, fc.string({ unit: 'binary' }), fc.base64String({ minLength: 20, maxLength: 200 })),
      redacted: fc.boolean(),
      origin: fc.record({ dialect: fc.string(), model: fc.string(), payload: fc.record({ json: fc.oneof(fc.json(), fc.base64String({ maxLength: 400 })) }) }),
      from: fc.nat(),
      before: fc.nat(9),
    });
    const any = fc.record({ model: fc.string(), thinking: fc.array(each, { maxLength: 3 }) });
    fc.assert(
      fc.property(any, (carried: Carried) => {
        expect(plain(decode(encode(carried)))).toEqual(plain(carried));
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        decode(bytes);
      }),
    );
  });
});
const cutDelta = (event: ChatEvent, sizes: readonly number[]): readonly ChatEvent[] => {
  if (event.type !== 'delta') return [event];
  const out: ChatEvent[] = [];
  for (let at = 0, turn = 0; at < event.text.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    out.push({ ...event, text: event.text.slice(at, at + size) });
    at += size;
  }
  return out;
};
/** What the vendor's SDK makes of a stream: pieces of known members are joined, of unknown ones the last stays. */
const joined = (text: string): { readonly message: Message; readonly carrying: number } => {
  let content: string | null = null;
  let blocks: Json;
  let carrying = 0;
  const calls: { id: Json; type: Json; extra_content: Json; function: { name: Json; arguments: string } }[] = [];
  for (const payload of payloads(text)) {
    if (payload === '[DONE]') continue;
    const { choices } = payload as { readonly choices: readonly { readonly delta: Message & { readonly content?: string | null } }[] };
    const delta = choices[0]?.delta ?? {};
    if (typeof delta.content === 'string' && delta.content !== '') content = (content ?? '') + delta.content;
    if (delta.thinking_blocks !== undefined) {
      blocks = delta.thinking_blocks;
      carrying += 1;
    }
    for (const { index, id, type, function: f, extra_content } of delta.tool_calls ?? []) {
      const { name, arguments: input } = f as { readonly name?: string; readonly arguments: string };
      const before = calls[index as number];
      if (before === undefined) calls.push({ id, type, extra_content, function: { name, arguments: input } });
      else before.function.arguments += input;
    }
  }
  const message = {
    role: 'assistant',
    content,
    tool_calls: calls.map((call) => plain(call) as Fields),
    ...(blocks === undefined ? {} : { thinking_blocks: blocks }),
  };
  return { message: message as Fields as Message, carrying };
};

describe('ids of calls', () => {
  it('hold a signature as vendors make them when the thinking is not shown, and say their kind', () => {
    const message = messageOf([signed('', base64(282)), called('toolu_01ABCDEFGHIJKLMNOPQRSTUV')], answering(undefined));
    const [id = ''] = idsOf(message);
    expect([readCallId(id)?.kind, readCallId(id)?.vendor, id.length <= MOST_ID]).toEqual(['sealed', 'toolu_01ABCDEFGHIJKLMNOPQRSTUV', true]);
  });
  it('differ where the vendor’s own do not, and are the same for the same answer', () => {
    const thinking = LONG();
    const idOf = (request: string): string => idsOf(messageOf([thinking, called('call_0')], answering(remembering().memory, {}, request)))[0] ?? '';
    expect(idOf('req_1')).toBe(idOf('req_1'));
    expect(idOf('req_1')).not.toBe(idOf('req_2'));
    const sealed = () => idsOf(messageOf([SHORT(), called('call_0')], answering(undefined)))[0];
    expect(sealed()).not.toBe(sealed());
  });
  it('are the vendor’s own where nothing was signed, and nobody asks for what is remembered', () => {
    const untouched: Memory = {
      owner: 'key:a',
      keep: () => expect.unreachable('nothing was signed'),
      recall: () => expect.unreachable('nothing was issued'),
      lost: () => expect.unreachable('nothing was issued'),
    };
    const parts: readonly Part[] = [{ kind: 'thinking', text: 'unsigned', redacted: false }, { kind: 'text', text: 'a' }, called('toolu_1')];
    const message = messageOf(parts, answering(untouched));
    expect([idsOf(message), Object.keys(message)]).toEqual([['toolu_1'], ['role', 'content', 'refusal', 'annotations', 'tool_calls']]);
    expect(again(message, untouched).parts).toMatchObject([{ kind: 'text' }, { kind: 'toolCall', id: 'toolu_1' }]);
  });
  it('stay the vendor’s own where they hold nothing and nobody remembers', () => {
    const message = messageOf([LONG(), called('toolu_1')], answering(undefined));
    expect([idsOf(message), message.thinking_blocks?.length]).toEqual([['toolu_1'], 1]);
  });
  it.each(['functions.get_time:0', 'ключ', 'a'.repeat(300)])('bring back %j, whatever the vendor put into it', (own) => {
    for (const thinking of [SHORT(), LONG()]) {
      const { memory } = remembering();
      const back = again(rebuilt(messageOf([thinking, called(own)], answering(memory))), memory);
      expect([back.parts, back.results]).toEqual([[thinking, called(own)], [own]]);
    }
  });
  it('are the vendor’s own where even they are too long', () => {
    const { memory, kept } = remembering();
    const own = 'a'.repeat(600);
    expect([idsOf(messageOf([SHORT(), called(own)], answering(memory))), kept.size]).toEqual([[own], 0]);
  });
});

describe('what was not issued to this caller for this model is not used', () => {
  const thinking = [SHORT(), LONG()];
  it.each(thinking)('another principal gets nothing, and the vendor its own ids', (one) => {
    const mine = remembering();
    const message = messageOf([one, called('toolu_1')], answering(mine.memory));
    for (const sent of [message, rebuilt(message)]) {
      const other = remembering('key:b', mine.kept);
      const back = again(sent, other.memory);
      expect([back.parts, back.results, other.losses.count]).toEqual([[called('toolu_1')], ['toolu_1'], 1]);
    }
    expect(thoughts(again(rebuilt(message), mine.memory).parts)).toEqual([one]);
  });
  it.each(thinking)('another model or dialect is told that it was left out', (one) => {
    const { memory, losses } = remembering();
    const message = messageOf([one, called('toolu_1')], answering(memory));
    for (const sent of [message, rebuilt(message)])
      for (const [model, dialect] of [
        ['claude-y', 'anthropic'],
        [MODEL, 'converse'],
      ] as const) {
        const back = again(sent, memory, model, dialect);
        expect([back.parts, back.results, losses.count]).toEqual([[called('toolu_1')], ['toolu_1'], 0]);
        expect(back.notes).toEqual([{ kind: 'ignored', param: 'turns.parts.thinking' }]);
      }
  });
  it('a changed id is harmless at every place', () => {
    const { memory } = remembering();
    const one = SHORT();
    const message = rebuilt(messageOf([one, called('toolu_1')], answering(memory)));
    const [id = ''] = idsOf(message);
    for (let at = 0; at < id.length; at++) {
      const changed = `${id.slice(0, at)}${id[at] === 'A' ? 'B' : 'A'}${id.slice(at + 1)}`;
      const back = again({ ...message, tool_calls: [{ ...message.tool_calls?.[0], id: changed }] }, remembering().memory);
      expect(thoughts(back.parts), changed).toEqual([]);
      expect(back.parts.at(-1)).toMatchObject({ kind: 'toolCall', id: back.results[0] });
    }
    for (const cut of [id.slice(0, -1), id.slice(0, 40), `${id}A`, id.slice(0, 12)])
      expect(thoughts(again({ ...message, tool_calls: [{ ...message.tool_calls?.[0], id: cut }] }, memory).parts)).toEqual([]);
  });
  it('a changed block is left to the id, and without one it is left out and told', () => {
    const { memory } = remembering();
    const one = SHORT();
    const message = messageOf([one, called('toolu_1')], answering(memory));
    const [block] = message.thinking_blocks ?? [];
    const changed = [{ ...block, signature: `${String(block?.signature).slice(0, -6)}AAAAAA` }];
    expect(again({ ...message, thinking_blocks: changed }, memory).parts).toEqual([one, called('toolu_1')]);
    const back = again({ role: 'assistant', content: 'a', thinking_blocks: changed }, memory);
    expect([back.parts, back.notes]).toEqual([[{ kind: 'text', text: 'a' }], [{ kind: 'ignored', param: 'turns.parts.thinking' }]]);
  });
  it('blocks of somebody else stay a member that the provider does not know', () => {
    const blocks = [{ type: 'thinking', thinking: 'a', signature: 'EqQB' }];
    const [turn] = again({ role: 'assistant', content: 'a', thinking_blocks: blocks }, remembering().memory).turns.slice(1);
    expect(turn).toMatchObject({ parts: [{ kind: 'text', text: 'a' }], rest: { thinking_blocks: blocks } });
  });
  it('an id moved to another call means nothing there', () => {
    const { memory } = remembering();
    const message = rebuilt(messageOf([SHORT(), called('toolu_1')], answering(memory)));
    const [id = ''] = idsOf(message);
    const moved = id.replace('toolu_1', 'toolu_2');
    const back = again({ ...message, tool_calls: [{ ...message.tool_calls?.[0], id: moved }] }, memory);
    expect(back.parts).toEqual([called('toolu_2')]);
  });
});

describe('thinking that was issued and cannot be found', () => {
  it('is not sent, is counted and told', () => {
    const { memory, kept, losses } = remembering();
    const message = rebuilt(messageOf([LONG(), called('toolu_1')], answering(memory)));
    kept.clear();
    const back = again(message, memory);
    expect([back.parts, back.results, losses.count]).toEqual([[called('toolu_1')], ['toolu_1'], 1]);
    expect(back.notes).toEqual([{ kind: 'emulated', param: 'turns.parts.thinking' }]);
  });
  it('takes the rest of its message along: half of what was thought would be refused', () => {
    const { memory, kept, losses } = remembering();
    const message = rebuilt(messageOf([SHORT(), called('toolu_1'), LONG(), called('toolu_2')], answering(memory)));
    expect(thoughts(again(message, memory).parts)).toHaveLength(2);
    kept.clear();
    expect([again(message, memory).parts, losses.count]).toEqual([[called('toolu_1'), called('toolu_2')], 1]);
  });
  it('is not missed by a client that kept the members of the message', () => {
    const { memory, kept, losses } = remembering();
    const one = LONG();
    const message = messageOf([one, called('toolu_1')], answering(memory));
    kept.clear();
    expect([again(message, memory).parts, losses.count]).toEqual([[one, called('toolu_1')], 0]);
  });
});

describe('calls that their vendor signed', () => {
  const origin = (signature: string): Origin => ({ dialect: 'anthropic', model: MODEL, payload: { json: JSON.stringify({ signature }) } });
  it.each([120, 900])('come back signed, %i bytes of it, by each carrier alone and from streams', (bytes) => {
    const { memory } = remembering();
    const parts: readonly Part[] = [{ kind: 'text', text: 'a' }, called('a1', origin(base64(bytes))), called('a2')];
    const whole = messageOf(parts, answering(memory));
    const writer = stream(answering(memory, { stream: true }));
    const streamed = joined(
      eventsOf(replyOf(parts))
        .map((event) => String(writer.event(event)))
        .join('') + String(writer.end()),
    ).message;
    for (const message of [whole, streamed]) {
      expect(message.tool_calls?.map((call) => 'extra_content' in call)).toEqual([true, false]);
      expect(again(rebuilt(message), memory).parts).toEqual(parts);
      expect(again(message, undefined === memory ? memory : remembering().memory).parts).toEqual(parts);
      expect(again(message, remembering('key:b').memory).parts).toEqual([parts[0], called('a1'), called('a2')]);
    }
  });
});

describe('prompt caches and signatures hang on the bytes', () => {
  it('the same history is the same conversation, however often it comes', () => {
    const { memory } = remembering();
    const message = rebuilt(messageOf([SHORT(), { kind: 'text', text: 'a' }, called('toolu_1'), LONG(), called('toolu_2')], answering(memory)));
    const first = again(message, memory).turns;
    expect(plain(again(message, memory).turns)).toEqual(plain(first));
    expect(first[1]?.parts.map(({ kind }) => kind)).toEqual(['thinking', 'text', 'toolCall', 'thinking', 'toolCall']);
  });
});
