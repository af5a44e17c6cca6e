import { fakeCall } from '@llm-proxy-auth/contract-tests';
import { type ChatEvent, frameReader, type Surface, wholeEvents } from '@llm-proxy-auth/plugin';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { READERS, type Reading, readings } from './support/readings.ts';

const LIMIT_MS = 240_000;
/** Whether a translated answer ended: the reader said so, and threw nothing. */
const readToEnd = (surface: Surface<'chat'>, { dialect, framing }: Reading, bytes: Buffer): boolean => {
  const events: ChatEvent[] = [];
  try {
    const reader = surface.provider?.stream?.(fakeCall(surface, { stream: true, dialect }), undefined, (event) => void events.push(event));
    if (reader === undefined) throw new Error('nobody reads this stream');
    const frames = frameReader(framing, (type, data) => reader.event(type, data));
    frames.push(bytes);
    frames.end();
    reader.end();
  } catch {
    return false;
  }
  return events.some(({ type }) => type === 'end') && !events.some(({ type }) => type === 'error');
};
/** Whether a passing answer ended, by who watches it. */
const watchedToEnd = (surface: Surface<'chat'>, { framing }: Reading, bytes: Buffer): boolean => {
  const tap = surface.tap?.(framing, false);
  if (tap === undefined) throw new Error('nobody watches this stream');
  try {
    const events = wholeEvents(framing);
    const whole = events.push(bytes);
    if (whole !== undefined && whole.length > 0) tap.bytes(whole);
    const tail = events.rest();
    if (tail.length > 0 && framing === 'sse') tap.bytes(Buffer.concat([tail, Buffer.from('\n\n')]));
    if (tail.length > 0 && framing === 'aws-eventstream') tap.bytes(tail);
    tap.over?.();
  } catch {
    return false;
  }
  return tap.state === 'done';
};

describe('F11: a recorded stream that is cut at any byte is no answer that ended, although the transport ended well', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ plugins: READERS });
  });
  afterAll(() => bench.close());

  test('there are some of every provider', () => {
    expect(readings.length).toBeGreaterThan(40);
    expect(new Set(readings.map(({ one }) => one.provider)).size).toBe(7);
  });
  test.each(readings.map((stream) => [stream.one.file, stream] as const))(
    '%s',
    (_file, { reading, bytes }) => {
      const surface = bench.gateway.graph.dialects.get(reading.dialect)?.surfaces.find(({ name }) => name === reading.surface) as Surface<'chat'>;
      const open = reading.ends === undefined ? bytes.length : bytes.toString('latin1').search(reading.ends);
      expect([readToEnd(surface, reading, bytes), open > 0]).toEqual([true, true]);
      const wrong: string[] = [];
      const whole = reading.whole?.(bytes);
      if (reading.whole !== undefined) expect([whole !== undefined && readToEnd(surface, reading, bytes.subarray(0, whole))]).toEqual([true]);
      for (let at = 0; at < open; at++) {
        if (at === whole) continue;
        const cut = bytes.subarray(0, at);
        if (readToEnd(surface, reading, cut)) wrong.push(`${at}: read as an end`);
      }
      if (surface.tap !== undefined) {
        expect(watchedToEnd(surface, reading, bytes)).toBe(true);
        for (let at = 0; at < open; at++) if (at !== whole && watchedToEnd(surface, reading, bytes.subarray(0, at))) wrong.push(`${at}: seen as an end`);
      }
      expect(wrong).toEqual([]);
    },
    LIMIT_MS,
  );
});
