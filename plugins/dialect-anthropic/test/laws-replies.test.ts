import { type ChatEvent, type ChatReply, collect, eventsOf as eventsOfReply, isGatewayError, normalReply, openOrigin, type Part } from '@llm-proxy-auth/plugin';
import { chatEvents, chatReply, streamedReply } from '@llm-proxy-auth/plugin/generators';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accumulate, meaning } from './accumulate.ts';
import { inputText } from './input-text.ts';
import { answered, bytesOf, eventsOf, ledger, type Note, payloads, read, seal, streamed } from './support.ts';

/** What a message has a block for, whoever says it. */
const SHOWN: ReadonlySet<Part['kind']> = new Set(['text', 'refusal', 'thinking', 'toolCall']);
const KINDS: readonly Part['kind'][] = ['text', 'refusal', 'thinking', 'image', 'audio', 'toolCall', 'opaque'];
/** Redacted thinking without a signature is nothing. */
const isHidden = (part: Part): boolean => part.kind === 'thinking' && part.redacted && part.origin === undefined;
/** A part of another dialect as the client of this one is shown it. */
const shown = (part: Part): readonly Part[] => {
  if (!SHOWN.has(part.kind) || isHidden(part)) return [];
  if (part.kind === 'refusal') return [{ kind: 'text', text: part.text }];
  if (part.kind === 'thinking') {
    const { origin, redacted } = part;
    return [{ kind: 'thinking', text: redacted ? '' : part.text, redacted, ...(origin === undefined ? {} : { origin }) }];
  }
  if (part.kind === 'toolCall') return [{ kind: 'toolCall', id: part.id, name: part.name, input: { json: inputText(part.input) } }];
  if (part.kind !== 'text') return [];
  const citations = (part.citations ?? []).filter(({ url }) => url !== undefined);
  const pages = citations.map(({ url, title, quote }) => ({
    url,
    ...(title === undefined ? {} : { title }),
    ...(quote === undefined || quote === '' ? {} : { quote }),
  }));
  return [{ kind: 'text', text: part.text, ...(pages.length > 0 ? { citations: pages } : {}) }];
};
const expected = (reply: ChatReply): unknown => {
  const [choice] = reply.choices;
  const reason = choice?.finish === 'filter' ? 'refusal' : choice?.finish;
  return {
    id: reply.id,
    parts: normalReply({ ...reply, choices: [{ index: 0, parts: (choice?.parts ?? []).flatMap(shown), finish: 'stop' }] }).choices[0]?.parts,
    finish: reason,
    stopSequence: choice?.stopSequence,
    usage: { ...reply.usage, estimated: false, raw: undefined },
  };
};
const told = (reply: ChatReply): unknown => {
  const [choice] = normalReply(reply).choices;
  const parts = choice?.parts.map((part) => (part.kind === 'toolCall' ? { ...part, input: { json: inputText(part.input) } } : part));
  return {
    id: reply.id,
    parts: parts?.map(bare).map(disclosed),
    finish: choice?.finish,
    stopSequence: choice?.stopSequence,
    usage: { ...reply.usage, raw: undefined },
  };
};
/** Thinking as its vendor signed it, out of the envelope in which a client carries it. */
const disclosed = (part: Part): Part => {
  if (part.kind !== 'thinking' || part.origin === undefined) return part;
  const block = JSON.parse(part.origin.payload.json) as { readonly signature?: string; readonly data?: string };
  return { ...part, ...openOrigin(seal, 'anthropic.thinking', block.signature ?? block.data, '') };
};
const bare = (part: Part): Part => JSON.parse(JSON.stringify(part)) as Part;
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
/** Notes that must be there for what an answer has and a message has not. */
const owed = (reply: ChatReply): readonly string[] => {
  const parts = reply.choices[0]?.parts ?? [];
  return [
    ...(reply.choices.length > 1 ? ['choices'] : []),
    ...(reply.created === undefined ? [] : ['created']),
    ...(reply.choices[0]?.finish === 'filter' ? ['choices.finish'] : []),
    ...parts.filter((part) => !SHOWN.has(part.kind) || isHidden(part)).map(({ kind }) => `choices.parts.${kind}`),
    ...(parts.some((part) => part.kind === 'refusal') ? ['choices.parts.refusal'] : []),
    ...(parts.some((part) => part.kind === 'text' && (part.citations ?? []).length > 0) ? ['choices.parts.citations'] : []),
  ];
};
const params = (notes: readonly Note[]): ReadonlySet<string> => new Set(notes.map(({ param }) => param));
const runs = { numRuns: 300 } as const;
const foreign = { dialect: 'acme', kinds: KINDS } as const;

describe('a generated answer of another dialect', () => {
  it('is read as it was written, but for what the ledger names', () => {
    let carried = 0;
    const law = (reply: ChatReply): void => {
      const notes = ledger();
      let body: ReturnType<typeof answered>;
      try {
        body = answered(reply, { ledger: notes });
      } catch (failure) {
        expect(isGatewayError(failure) && failure.code).toBe('upstream_bad_response');
        return;
      }
      carried += 1;
      expect(plain(told(read(body)))).toEqual(plain(expected(reply)));
      for (const param of owed(reply)) expect(params(notes.notes)).toContain(param);
    };
    fc.assert(fc.property(chatReply(foreign), law), runs);
    expect(carried).toBeGreaterThan(runs.numRuns / 2);
  });
  it('streams as the answer that comes whole', () => {
    const law = ({ reply, events }: { readonly reply: ChatReply; readonly events: readonly ChatEvent[] }): void => {
      const notes = ledger();
      const text = streamed(events, { ledger: notes });
      expect(plain(told(collect(eventsOf([bytesOf(text)]))))).toEqual(plain(expected(reply)));
      for (const param of owed(reply)) expect(params(notes.notes)).toContain(param);
    };
    fc.assert(fc.property(streamedReply(foreign), law), runs);
  });
  it('streams in blocks that follow one another, whatever the order in which its parts come', () => {
    const law = (reply: ChatReply, picks: readonly number[]): void => {
      const events = interleaved(eventsOfReply(reply), picks);
      const written = payloads(streamed(events));
      expect(openAtOnce(written)).toBeLessThan(2);
      const blocks = written.filter(({ type }) => type === 'content_block_start').map(({ index }) => index);
      expect(blocks).toEqual(blocks.map((_, index) => index));
      expect(told(collect(eventsOf([bytesOf(streamed(events))])))).toEqual(told(collect(eventsOf([bytesOf(streamed(eventsOfReply(reply)))]))));
    };
    fc.assert(fc.property(chatReply(foreign), fc.array(fc.nat(7), { minLength: 1, maxLength: 12 }), law), runs);
  });
  it('writes whatever events can hold without an exception, ending once', () => {
    const law = (events: readonly ChatEvent[]): void => {
      const written = payloads(streamed(events)).filter(({ type }) => type === 'message_stop' || type === 'error');
      expect(written).toHaveLength(1);
    };
    fc.assert(fc.property(chatEvents(foreign), law), runs);
  });
});
describe('a generated answer of this dialect', () => {
  it('is written again as it was, whole and streamed', () => {
    const law = (reply: ChatReply): void => {
      const first = answered(reply);
      expect(meaning(answered(read(first), { requestedModel: 'asked' }))).toEqual(meaning(first));
      const again = accumulate(payloads(streamed(eventsOf([bytesOf(streamed(eventsOfReply(read(first))))]))));
      expect(meaning(again?.content)).toEqual(meaning(first.content));
    };
    const own = chatReply({ dialect: 'anthropic', surface: 'anthropic.messages', kinds: ['text', 'toolCall'] });
    fc.assert(fc.property(own.map(withoutFreeText), law), runs);
  });
});
/** Calls of this dialect take objects, and its citations are what their origin says. */
const withoutFreeText = (reply: ChatReply): ChatReply => ({
  ...reply,
  choices: reply.choices.map((choice) => ({
    ...choice,
    parts: choice.parts.map((part) => (part.kind === 'toolCall' ? { ...part, input: { json: inputText(part.input) } } : part)),
  })),
});
/** Each part's own events in order, those of different parts mixed. */
const interleaved = (events: readonly ChatEvent[], picks: readonly number[]): readonly ChatEvent[] => {
  const queues = new Map<number, ChatEvent[]>();
  for (const event of events) if ('index' in event && event.choice === 0) queues.set(event.index, [...(queues.get(event.index) ?? []), event]);
  const mixed: ChatEvent[] = [];
  // A part opens after those before it.
  const opened = [...queues.values()].flatMap(([first]) => (first === undefined ? [] : [first]));
  for (const queue of queues.values()) queue.shift();
  for (let turn = 0; queues.size > 0; turn++) {
    const names = [...queues.keys()];
    const name = names[(picks[turn % picks.length] ?? 0) % names.length] ?? 0;
    const next = queues.get(name)?.shift();
    if (next === undefined) queues.delete(name);
    else mixed.push(next);
  }
  const apart = events.filter((event) => !('index' in event && event.choice === 0));
  const at = apart.findIndex(({ type }) => type === 'start') + 1;
  return [...apart.slice(0, at), ...opened, ...mixed, ...apart.slice(at)];
};
/** Most blocks that are open at the same time. */
const openAtOnce = (written: readonly { readonly type?: unknown }[]): number => {
  let open = 0;
  let most = 0;
  for (const { type } of written) {
    if (type === 'content_block_start') open += 1;
    else if (type === 'content_block_stop') open -= 1;
    most = Math.max(most, open);
  }
  return most;
};
