import { ledger } from '@llm-proxy-auth/contract-tests';
import { type ChatEvent, type ChatReply, collect, normal, normalReply, type Part, parseJson, stringifyJson, eventsOf as told } from '@llm-proxy-auth/plugin';
import { chatReply, chatRequest } from '@llm-proxy-auth/plugin/generators';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answered, dialect, eventsOf, generate, read, readRequest, streamed, through, written } from './support.ts';

const kinds: readonly Part['kind'][] = ['text', 'thinking', 'image', 'audio', 'video', 'document', 'toolCall', 'opaque'];
const runs = { numRuns: 150, seed: 20_260_101 } as const;
/** The vendor's own members stand elsewhere in a stream. */
const bare = (reply: ChatReply): unknown =>
  parseJson(
    stringifyJson(
      normalReply({
        ...reply,
        rest: undefined,
        usage: { ...reply.usage, raw: undefined },
        choices: reply.choices.map((choice) => ({ ...choice, rest: undefined })),
      }),
    ),
  );
const ends = (events: readonly ChatEvent[]): readonly ChatEvent['type'][] => events.flatMap(({ type }) => (type === 'end' || type === 'error' ? [type] : []));
const pieces = (bytes: Buffer, sizes: readonly number[]): readonly Buffer[] => {
  const out: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    out.push(bytes.subarray(at, at + size));
    at += size;
  }
  return out;
};
const reply = chatReply({ kinds }).filter(({ created, choices }) => created !== 0 && choices.length > 0);

describe('answers', () => {
  it('say the same whole and as a stream, but for what the ledger tells', () => {
    fc.assert(
      fc.property(reply, (one) => {
        const notes = ledger();
        const whole = read(answered(one, notes));
        const stream = collect(eventsOf([Buffer.from(streamed(told(one)))]));
        // The texts of a stream have their proof behind them, so what stands between signed ones is theirs; and sources come last.
        const said = (answer: ChatReply): unknown =>
          answer.choices.map(({ parts, finish }) => [finish, parts.map((part) => ('text' in part ? part.text : '')).join('')]);
        expect(said(stream)).toEqual(said(whole));
        expect(bare({ ...stream, choices: [] })).toEqual(bare({ ...whole, choices: [] }));
      }),
      runs,
    );
  });
  it('are read the same in any pieces, in both framings', () => {
    fc.assert(
      fc.property(reply, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }), (one, sizes) => {
        for (const framing of ['sse', 'json-array'] as const) {
          const bytes = Buffer.from(streamed(told(one), { framing }));
          expect(eventsOf(pieces(bytes, sizes), framing)).toEqual(eventsOf([bytes], framing));
        }
      }),
      runs,
    );
  });
  it('that are cut anywhere never end, unless nothing was missing', () => {
    fc.assert(
      fc.property(reply, fc.double({ min: 0, max: 1, noNaN: true }), (one, share) => {
        for (const framing of ['sse', 'json-array'] as const) {
          const bytes = Buffer.from(streamed(told(one), { framing }));
          const cut = eventsOf([bytes.subarray(0, Math.floor(share * (bytes.length - 1)))], framing);
          if (cut.some(({ type }) => type === 'end')) expect(cut).toEqual(eventsOf([bytes], framing));
        }
      }),
      runs,
    );
  });
  it('with a fault somewhere end once, and the tap never takes for whole what the reader does not', () => {
    const fault = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      by: fc.constantFrom('', '}', '{', '"', '\n\n', 'data: null\n\n', 'data: {"error":{"code":429,"message":"m"}}\n\n'),
    });
    fc.assert(
      fc.property(reply, fault, (one, { at, by }) => {
        const text = streamed(told(one));
        const place = Math.floor(at * text.length);
        const bytes = Buffer.from(text.slice(0, place) + by + text.slice(place + 1));
        const events = eventsOf([bytes]);
        expect(ends(events)).toHaveLength(1);
        const tap = generate.tap?.('sse', false);
        tap?.bytes(bytes);
        tap?.bytes(Buffer.from('\n\n'));
        if (tap?.end().complete === true) expect(ends(events)).toEqual(['end']);
      }),
      runs,
    );
  });
});

describe('requests', () => {
  it('of other dialects keep every text and every name that is not told to be lost', () => {
    fc.assert(
      fc.property(chatRequest({ dialect: 'other' }), (request) => {
        const { body, notes } = attempt(() => written(request)) ?? { body: undefined, notes: [] };
        if (body === undefined) return;
        const lost = new Set(notes.map(({ param }) => param));
        const text = JSON.stringify(body);
        for (const turn of request.turns)
          for (const part of turn.parts) {
            if (part.kind !== 'text' || part.text === '' || lost.has('turns.parts.text')) continue;
            expect(text).toContain(JSON.stringify(part.text).slice(1, -1));
          }
        for (const tool of request.tools) if (tool.kind !== 'server' && !lost.has('tools.name')) expect(text).toContain(JSON.stringify(tool.name));
      }),
      runs,
    );
  });
  it('are written the same twice, and what is read of them is written again', () => {
    fc.assert(
      fc.property(chatRequest({ dialect: 'other' }), (request) => {
        const body = attempt(() => written(request).body);
        if (body === undefined) return;
        expect(written(request).body).toEqual(body);
        expect(attempt(() => through(body)) ?? body).toEqual(body);
        const again = attempt(() => readRequest(body));
        if (again !== undefined) expect(normal(again)).toEqual(normal(readRequest(body)));
      }),
      runs,
    );
  });
});
/** What a vendor has no word for is refused by name. */
const attempt = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch (e) {
    if (e instanceof Error && e.name === 'GatewayError' && 'status' in e && e.status === 400) return undefined;
    throw e;
  }
};
it('the dialect has both halves of everything that is translated; documents are ranked for clients of others alone', () => {
  expect(dialect.surfaces.map(({ name, client, provider }) => [name, client !== undefined, provider !== undefined])).toEqual(
    ['generate', 'count', 'embed', 'batch_embed', 'predict', 'rank', 'models'].map((name) => [name, name !== 'rank', true]),
  );
});
