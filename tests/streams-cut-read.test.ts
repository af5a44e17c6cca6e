import { fakeCall } from '@llm-proxy-auth/contract-tests';
import { type ChatEvent, type Framing, frameReader, type Surface, wholeEvents } from '@llm-proxy-auth/plugin';
import { type Recording, recordedBytes, recordings } from '@llm-proxy-auth/simulators';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

const LIMIT_MS = 240_000;
/** Who reads a recorded stream, and where that begins which ends it: behind it a cut may be an end. */
interface Reading {
  readonly dialect: string;
  readonly surface: string;
  readonly framing: Framing;
  /** Absent: its last byte ends a stream. */
  readonly ends?: RegExp;
}
const CLAUDE: Reading = { dialect: 'anthropic', surface: 'messages', framing: 'sse', ends: /"type": ?"message_stop"/ };
const oci = (surface: string): Reading => ({ dialect: 'oci', surface, framing: 'sse-lines', ends: /finishReason/ });
/** Each of several events may say a reason; without `alt=sse` the answer is a list, which has an end of its own. */
const gemini = (one: Recording): Reading =>
  recordedBytes(one)[0] === 91
    ? { dialect: 'gemini', surface: 'generate', framing: 'json-array' }
    : { dialect: 'gemini', surface: 'generate', framing: 'sse', ends: /finishReason/ };
const watsonx = (surface: string, ends: RegExp): Reading => ({ dialect: 'watsonx', surface, framing: 'sse', ends });
/** What is not read, and why. */
const LEFT: Readonly<Record<string, string>> = {
  'watsonx/text-generation-stream-plain-m-d2760a.json': 'the template of a test server: %d stands where numbers do',
};
const OCI: Readonly<Record<string, Reading>> = { GENERIC: oci('generic'), COHERE: oci('cohere'), COHEREV2: oci('coherev2') };
const READ: Readonly<Record<string, (one: Recording) => Reading | undefined>> = {
  'anthropic messages': () => CLAUDE,
  'vertex_claude streamRawPredict': () => CLAUDE,
  'bedrock converse-stream': () => ({ dialect: 'converse', surface: 'converse', framing: 'aws-eventstream' }),
  // What other models write into the frames passes through transparent mode alone.
  'bedrock invoke-with-response-stream': ({ model }) =>
    model?.includes('anthropic.') ? { dialect: 'anthropic', surface: 'messages', framing: 'aws-eventstream' } : undefined,
  'gemini streamGenerateContent': gemini,
  // Grade C has members in the spelling of another language.
  'vertex streamGenerateContent': (one) => (one.grade === 'C' ? undefined : gemini(one)),
  // One of them is an error of the service, which ends nothing.
  'watsonx text/chat_stream': ({ kind }) => (kind === 'stream-exception' ? undefined : watsonx('chat', /"finish_reason": ?"[a-z]/)),
  'watsonx text/generation_stream': () => watsonx('generation', /"stop_reason": ?"(?!not_finished)/),
  'oci actions/chat(stream)': ({ request }) => OCI[(request.body as { chatRequest?: { apiFormat?: string } } | undefined)?.chatRequest?.apiFormat ?? 'GENERIC'],
};
const streams = recordings()
  .filter(({ stream, response, file }) => stream && response.status === 200 && LEFT[file] === undefined)
  .flatMap((one) => {
    const reading = READ[`${one.provider} ${one.operation}`]?.(one);
    return reading === undefined ? [] : [{ one, reading, bytes: recordedBytes(one) }];
  });

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
    tap.over?.();
  } catch {
    return false;
  }
  return tap.state === 'done';
};

describe('F11: a recorded stream that is cut at any byte is no answer that ended, although the transport ended well', () => {
  let bench: Bench;
  beforeAll(async () => {
    const packages = ['dialect-anthropic', 'dialect-converse', 'dialect-gemini', 'provider-watsonx', 'provider-oci'];
    bench = await openBench({ plugins: packages.map((name) => `@llm-proxy-auth/${name}`) });
  });
  afterAll(() => bench.close());

  test('there are some of every provider', () => {
    expect(streams.length).toBeGreaterThan(40);
    expect(new Set(streams.map(({ one }) => one.provider)).size).toBe(7);
  });
  test.each(streams.map((stream) => [stream.one.file, stream] as const))(
    '%s',
    (_file, { reading, bytes }) => {
      const surface = bench.gateway.graph.dialects.get(reading.dialect)?.surfaces.find(({ name }) => name === reading.surface) as Surface<'chat'>;
      const open = reading.ends === undefined ? bytes.length : bytes.toString('latin1').search(reading.ends);
      expect([readToEnd(surface, reading, bytes), open > 0]).toEqual([true, true]);
      const wrong: string[] = [];
      for (let at = 0; at < open; at++) {
        const cut = bytes.subarray(0, at);
        if (readToEnd(surface, reading, cut)) wrong.push(`${at}: read as an end`);
      }
      if (surface.tap !== undefined) {
        expect(watchedToEnd(surface, reading, bytes)).toBe(true);
        for (let at = 0; at < open; at++) if (watchedToEnd(surface, reading, bytes.subarray(0, at))) wrong.push(`${at}: seen as an end`);
      }
      expect(wrong).toEqual([]);
    },
    LIMIT_MS,
  );
});
