import fc from 'fast-check';
import OpenAI, { APIConnectionError, APIError } from 'openai';
import { describe, expect, test } from 'vitest';
import { rechunk, recordedBytes, recording } from '../src/index.ts';
import { bodyOf, chunksOf, dial, post } from './socket.ts';
import { key, useSimulator } from './support.ts';

const simulator = useSimulator();
const path = '/v1/chat/completions';
const ask = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'write 12 words' }] };
const streamed = { ...ask, stream: true as const };
const recorded = recording('openai/chat-completions-stream-plain-gpt-3.5-5af143.json');
const recordedText = recordedBytes(recorded).toString('latin1');
const client = () => new OpenAI({ baseURL: simulator().url, apiKey: key, maxRetries: 0 });

const collect = async (): Promise<string> => {
  let text = '';
  for await (const chunk of await client().chat.completions.create(streamed)) text += chunk.choices[0]?.delta.content ?? '';
  return text;
};

describe('where bytes stop', () => {
  test.each(['fin', 'rst'] as const)('a cut by %s delivers exactly the bytes before it, and never the last chunk', async (how) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: recordedText.length }), async (at) => {
        simulator().clear();
        simulator().replay(recorded);
        simulator().script({ cut: { at, how } });
        const { text, ended } = await dial(simulator().origin, post(path, streamed)).done;
        expect(ended).toBe(how);
        const { chunks, complete } = chunksOf(bodyOf(text));
        expect(complete).toBe(false);
        if (how === 'fin') expect(chunks.join('')).toBe(recordedText.slice(0, at));
        else expect(recordedText.slice(0, at).startsWith(chunks.join(''))).toBe(true);
        const request = await simulator().waitForRequest();
        expect([request.progress, request.bytesSent, request.abortedAt]).toEqual(['cut', at, undefined]);
      }),
      { numRuns: 40 },
    );
  });

  test('a cut whole body keeps the content-length it promised', async () => {
    simulator().script({ cut: { at: 10, how: 'fin' } });
    const { text } = await dial(simulator().origin, post(path, ask)).done;
    expect(Number(/content-length: (\d+)/.exec(text)?.[1])).toBeGreaterThan(100);
    expect(bodyOf(text)).toHaveLength(10);
  });

  test('a cut before the head sends nothing', async () => {
    for (const how of ['fin', 'rst'] as const) {
      simulator().script({ cut: { at: 'head', how } });
      expect(await dial(simulator().origin, post(path, ask)).done).toEqual({ text: '', ended: how });
    }
    simulator().script({ cut: { at: 'head', how: 'rst' } });
    await expect(client().chat.completions.create(ask)).rejects.toBeInstanceOf(APIConnectionError);
  });

  test('the SDK sees a cut stream as an error', async () => {
    simulator().script({ cut: { at: 700, how: 'rst' } });
    await expect(collect()).rejects.toThrow();
  });

  test('a malformed frame stands where it was put', async () => {
    simulator().replay(recorded);
    simulator().script({ malformed: { before: 1, frame: 'data: {"half\n\n' } });
    const { text } = await dial(simulator().origin, post(path, streamed)).done;
    const first = recordedText.indexOf('\n\n') + 2;
    expect(chunksOf(bodyOf(text)).chunks.join('')).toBe(`${recordedText.slice(0, first)}data: {"half\n\n${recordedText.slice(first)}`);
    simulator().script({ malformed: { before: 1, frame: 'data: {"half\n\n' } });
    await expect(collect()).rejects.toBeInstanceOf(SyntaxError);
  });

  test('an error event in the stream is an APIError', async () => {
    simulator().script({ malformed: { before: 2, frame: 'data: {"error":{"message":"m","type":"server_error","param":null,"code":"c"}}\n\n' } });
    const error = await collect().catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(APIError);
    expect((error as APIError).code).toBe('c');
  });

  test('a close-delimited body has neither length nor chunks', async () => {
    simulator().replay(recorded);
    simulator().script({ closeDelimited: true });
    const { text, ended } = await dial(simulator().origin, post(path, streamed, { close: false })).done;
    expect(text).not.toMatch(/content-length|transfer-encoding/i);
    expect(ended).toBe('fin');
    expect(bodyOf(text)).toBe(recordedText);
  });

  test('bytes after the end follow the last chunk', async () => {
    simulator().replay(recorded);
    simulator().script({ extraAfterEnd: 'data: leftover\n\n' });
    const line = dial(simulator().origin, post(path, streamed, { close: false }));
    const text = await line.until('leftover\n\n');
    expect(text.endsWith('\r\n0\r\n\r\ndata: leftover\n\n')).toBe(true);
    line.socket.destroy();
  });
});

describe('how bytes are cut into writes', () => {
  test('any plan keeps the bytes and its own sizes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 1, max: 50 }), fc.integer(), (bytes, size, seed) => {
        const body = Buffer.from(bytes);
        for (const plan of ['whole', { size }, { seed, most: size }] as const) {
          const pieces = rechunk(body, plan);
          expect(Buffer.concat(pieces).equals(body)).toBe(true);
          expect(pieces.every(({ length }) => length > 0)).toBe(true);
          if (plan !== 'whole') expect(pieces.every(({ length }) => length <= size)).toBe(true);
        }
        expect(
          rechunk(body, { size })
            .slice(0, -1)
            .every(({ length }) => length === size),
        ).toBe(true);
        expect(rechunk(body, { seed })).toEqual(rechunk(body, { seed }));
      }),
    );
    expect(() => rechunk(Buffer.from('a'), { size: 0 })).toThrow(RangeError);
  });

  test('one byte a chunk is what arrives, and the SDK reads it', async () => {
    simulator().replay(recorded);
    simulator().script({ rechunk: { size: 1 } });
    const { text } = await dial(simulator().origin, post(path, streamed)).done;
    const { chunks } = chunksOf(bodyOf(text));
    expect(chunks).toHaveLength(recordedText.length);
    simulator().script({ rechunk: { seed: 7, most: 5 } });
    expect(await collect()).toBe('1, 2, 3, 4, 5');
  });
});
