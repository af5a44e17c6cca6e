import { fakeCall } from '@llm-proxy-auth/contract-tests';
import { type ChatEvent, frameReader, type Surface, wholeEvents } from '@llm-proxy-auth/plugin';
import { type Rechunk, rechunk, recordedBytes, recordings } from '@llm-proxy-auth/simulators';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { READERS, type Reading, readings } from './support/readings.ts';

const LIMIT_MS = 240_000;
/** OpenAI's own wire, which four providers speak; a chat without its reason or `[DONE]` is read in the tests of cuts. */
const SURFACES: Readonly<Record<string, string>> = { 'chat/completions': 'chat', completions: 'completions', responses: 'responses' };
const plain = recordings()
  .filter(({ stream, response }) => stream && response.status === 200)
  .flatMap((one) => {
    const surface = SURFACES[/(?:chat\/)?completions$|responses$/.exec(one.operation)?.[0] ?? ''];
    if (surface === undefined) return [];
    const reading: Reading = { dialect: 'openai', surface, framing: 'sse' };
    return [{ one, reading, bytes: recordedBytes(one) }];
  });
const streams = [...readings, ...plain];

/** What becomes of a stream that arrives in these pieces: what a translator is told, or how it fails. */
const read = (surface: Surface<'chat'>, { dialect, framing }: Reading, pieces: readonly Uint8Array[]): readonly unknown[] => {
  const events: (ChatEvent | string)[] = [];
  const reader = surface.provider?.stream?.(fakeCall(surface, { stream: true, dialect }), undefined, (event) => void events.push(event));
  if (reader === undefined) throw new Error('nobody reads this stream');
  try {
    const frames = frameReader(framing, (type, data) => reader.event(type, data));
    for (const piece of pieces) frames.push(piece);
    frames.end();
    reader.end();
  } catch (error) {
    events.push(error instanceof Error && 'code' in error ? String(error.code) : String(error));
  }
  return JSON.parse(JSON.stringify(events)) as unknown[];
};

/** What passes to a client of the same dialect, and whether it is taken for whole. */
const passed = (surface: Surface<'chat'>, { framing }: Reading, pieces: readonly Uint8Array[]): readonly unknown[] => {
  const tap = surface.tap?.(framing, false);
  const events = wholeEvents(framing);
  const sent: Uint8Array[] = [];
  for (const piece of pieces) {
    const whole = events.push(piece);
    if (whole === undefined || whole.length === 0) continue;
    sent.push(Uint8Array.from(whole));
    tap?.bytes(whole);
  }
  sent.push(Uint8Array.from(events.rest()));
  tap?.over?.();
  return [Buffer.concat(sent).toString('latin1'), tap?.state, tap?.end()];
};

/** The same events in other words of the framing: only for what is framed by lines. */
const LINES: Readonly<Record<string, (text: string) => string>> = {
  'LF alone': (text) => text,
  'CR and LF': (text) => text.replaceAll('\n', '\r\n'),
  'CR alone': (text) => text.replaceAll('\n', '\r'),
  'a byte order mark': (text) => `\uFEFF${text}`,
  'comments between events': (text) => `: hello\n\n${text.replaceAll('\n\n', '\n\n: still here\n\n')}`,
  'comments inside events': (text) => text.replaceAll(/^data:/gm, ': a line\ndata:'),
  'data over several lines': (text) => text.replaceAll(/^data: ?\{(?=")/gm, 'data: {\ndata: '),
  'no space behind the colon': (text) => text.replaceAll(/^(data|event): /gm, '$1:'),
};
const PLANS: readonly Rechunk[] = [{ size: 1 }, { size: 65_536 }, { seed: 1, most: 3 }, { seed: 2, most: 40 }, { seed: 3, most: 1_500 }];
const canonical = (bytes: Buffer): string => bytes.toString('utf8').replaceAll('\r\n', '\n').replaceAll('\r', '\n');

describe('F15: a recorded stream that arrives in other pieces is the same stream', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ plugins: READERS });
  });
  afterAll(() => bench.close());
  const surfaceOf = ({ dialect, surface }: Reading): Surface<'chat'> =>
    bench.gateway.graph.dialects.get(dialect)?.surfaces.find(({ name }) => name === surface) as Surface<'chat'>;
  const named = streams.map((stream) => [stream.one.file, stream] as const);

  test('there are some of every provider', () => {
    expect(streams.length).toBeGreaterThan(60);
    expect(new Set(streams.map(({ one }) => one.provider)).size).toBe(9);
  });
  test.each(named)(
    '%s: one byte at a time, at random, 64 KiB, and in the middle of characters',
    (_file, { reading, bytes }) => {
      const surface = surfaceOf(reading);
      const whole = read(surface, reading, [bytes]);
      expect(whole.length).toBeGreaterThan(1);
      const watched = surface.tap === undefined ? undefined : passed(surface, reading, [bytes]);
      const same = (pieces: readonly Uint8Array[]): void => {
        expect(read(surface, reading, pieces)).toEqual(whole);
        if (watched !== undefined) expect(passed(surface, reading, pieces)).toEqual(watched);
      };
      for (const plan of PLANS) same(rechunk(bytes, plan));
      // Every place inside a character of several bytes.
      const inside = [...bytes.keys()].filter((at) => ((bytes[at] ?? 0) & 0xc0) === 0x80);
      if (reading.framing !== 'aws-eventstream' && inside.length > 0) same([0, ...inside].map((at, i) => bytes.subarray(at, inside[i] ?? bytes.length)));
      fc.assert(
        fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
          const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
          same(places.slice(1).map((end, i) => bytes.subarray(places[i], end)));
        }),
        { numRuns: 20 },
      );
    },
    LIMIT_MS,
  );
  test.each(named.filter(([, { reading }]) => reading.framing === 'sse'))(
    '%s in other words of the framing',
    (_file, { reading, bytes }) => {
      const surface = surfaceOf(reading);
      const text = canonical(bytes).replace(/\n*$/, '\n\n');
      const whole = read(surface, reading, [Buffer.from(text)]);
      for (const [name, say] of Object.entries(LINES)) {
        const said = Buffer.from(say(text));
        for (const plan of [{ size: 65_536 }, { seed: 4, most: 9 }, { size: 1 }]) expect(read(surface, reading, rechunk(said, plan)), name).toEqual(whole);
      }
    },
    LIMIT_MS,
  );
});
