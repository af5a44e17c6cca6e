import { once } from 'node:events';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import OpenAI, { APIConnectionError, APIError, RateLimitError } from 'openai';
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
const client = (maxRetries = 0) => new OpenAI({ baseURL: simulator().url, apiKey: key, maxRetries });

const collect = async (): Promise<string> => {
  let text = '';
  for await (const chunk of await client().chat.completions.create(streamed)) text += chunk.choices[0]?.delta.content ?? '';
  return text;
};

describe('status, headers and body', () => {
  test('a status alone brings the service envelope, and the next request is answered again', async () => {
    simulator().script({ status: 429, headers: { 'retry-after-ms': '1' } });
    const answer = await client(1).chat.completions.create(ask);
    expect(answer.choices[0]?.message.content).toContain('word12');
    expect(simulator().requests.map((request) => request.header('x-stainless-retry-count'))).toEqual(['0', '1']);
  });

  test.each([
    [429, 'requests', 'rate_limit_exceeded'],
    [500, 'server_error', null],
    [503, 'service_unavailable_error', 'server_is_overloaded'],
  ])('status %i carries type %s and code %s', async (status, type, code) => {
    simulator().script({ status });
    const { text } = await dial(simulator().origin, post(path, ask)).done;
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(bodyOf(text)).error).toMatchObject({ type, code, param: null });
  });

  test('text, bytes and objects replace the body; an object is JSON', async () => {
    const bodies: [string | Uint8Array | object, string][] = [
      ['<html>', '<html>'],
      [Uint8Array.of(0, 255), '\u0000\u00ff'],
      [{ a: 1 }, '{\n  "a": 1\n}'],
    ];
    for (const [body, expected] of bodies) {
      simulator().script({ status: 502, body });
      const { text } = await dial(simulator().origin, post(path, ask)).done;
      expect(bodyOf(text)).toBe(expected);
      expect(text).toContain(`content-length: ${expected.length}\r\n`);
    }
  });

  test('headers are added, replaced in any case and removed', async () => {
    simulator().script({ headers: { 'X-Request-Id': 'mine', 'openai-version': undefined, 'x-new': '1' } });
    const { text } = await dial(simulator().origin, post(path, ask)).done;
    const head = text.slice(0, text.indexOf('\r\n\r\n')).toLowerCase();
    expect(head.match(/x-request-id: .*/g)).toEqual(['x-request-id: mine']);
    expect(head).toContain('x-new: 1');
    expect(head).not.toContain('openai-version');
  });

  test('a redirect has its location and no body', async () => {
    simulator().script({ redirect: 'http://127.0.0.1:9/elsewhere' });
    const { text } = await dial(simulator().origin, post(path, ask)).done;
    expect(text).toMatch(/^HTTP\/1.1 307 /);
    expect(text).toContain('location: http://127.0.0.1:9/elsewhere\r\n');
    expect(bodyOf(text)).toBe('');
  });

  test('gzip codes the body although nobody asked for it', async () => {
    simulator().replay(recorded);
    simulator().script({ gzip: true });
    const { text } = await dial(simulator().origin, post(path, streamed)).done;
    expect(text).toContain('content-encoding: gzip\r\n');
    const { chunks, complete } = chunksOf(bodyOf(text));
    expect(complete).toBe(true);
    expect(gunzipSync(Buffer.from(chunks.join(''), 'latin1')).toString('latin1')).toBe(recordedText);
  });

  test('raw bytes go out instead of HTTP', async () => {
    simulator().script({ raw: 'SSH-2.0-nothing\r\n' });
    expect(await dial(simulator().origin, post(path, ask)).done).toEqual({ text: 'SSH-2.0-nothing\r\n', ended: 'fin' });
    simulator().script({ raw: Uint8Array.of(0x15, 0x03, 0x01) });
    await expect(client().chat.completions.create(ask)).rejects.toBeInstanceOf(APIConnectionError);
  });
});

describe('time', () => {
  test('delayHead holds the head for that long', async () => {
    simulator().script({ delayHead: 120 });
    const started = performance.now();
    await dial(simulator().origin, post(path, ask)).until('HTTP/1.1 200');
    expect(performance.now() - started).toBeGreaterThanOrEqual(115);
  });

  test('holdHead waits for its promise', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    simulator().script({ holdHead: promise });
    const line = dial(simulator().origin, post(path, ask));
    const request = await simulator().waitForRequest();
    expect(request.progress).toBe('waiting');
    resolve();
    expect((await line.done).text).toMatch(/^HTTP\/1.1 200 /);
    expect(request.progress).toBe('ended');
  });

  test('delayChunk spaces the writes', async () => {
    simulator().script({ delayChunk: 10, rechunk: { size: 2000 } });
    simulator().replay(recorded);
    const started = performance.now();
    const { text } = await dial(simulator().origin, post(path, streamed)).done;
    const writes = Math.ceil(recordedText.length / 2000);
    expect(chunksOf(bodyOf(text)).chunks).toHaveLength(writes);
    expect(performance.now() - started).toBeGreaterThanOrEqual(writes * 10 - 5);
  });

  test('a stall ends when it is released, and the bytes before it have arrived', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    simulator().replay(recorded);
    simulator().script({ stall: { at: 500, until: promise } });
    const line = dial(simulator().origin, post(path, streamed));
    await line.until(recordedText.slice(460, 500));
    expect((await simulator().waitForRequest()).bytesSent).toBe(500);
    resolve();
    expect(chunksOf(bodyOf((await line.done).text)).chunks.join('')).toBe(recordedText);
  });

  test('a stall without end lasts until the peer leaves, which is seen at once', async () => {
    simulator().replay(recorded);
    simulator().script({ stall: { at: 500 } });
    const line = dial(simulator().origin, post(path, streamed));
    await line.until(recordedText.slice(460, 500));
    const left = performance.now();
    line.socket.destroy();
    const request = await simulator().waitForAbort();
    expect((request.abortedAt ?? 0) - left).toBeLessThan(100);
    expect(request.bytesSent).toBe(500);
  });
});

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

describe('requests that are not read, and peers that leave', () => {
  test('an unread body stays in the socket while the answer is made', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    simulator().script({ readBody: false, holdHead: promise });
    const line = dial(simulator().origin, `POST ${path} HTTP/1.1\r\nhost: s\r\nauthorization: Bearer ${key}\r\ncontent-length: 67108864\r\n\r\n`);
    const chunk = Buffer.alloc(1_048_576, 0x20);
    while (line.socket.write(chunk)) if (line.socket.bytesWritten > 67_108_864) throw new Error('The whole body was taken');
    const request = await simulator().waitForRequest();
    expect([request.body.length, request.complete]).toEqual([0, false]);
    resolve();
    await line.until('HTTP/1.1 400');
    line.socket.destroy();
  });

  test('a peer that leaves before the head is seen within 100 ms', async () => {
    simulator().script({ holdHead: new Promise(() => undefined) });
    const controller = new AbortController();
    const asked = client().chat.completions.create(ask, { signal: controller.signal });
    const request = await simulator().waitForRequest();
    const left = performance.now();
    controller.abort();
    await expect(asked).rejects.toThrow();
    expect((await request.aborted) - left).toBeLessThan(100);
    expect([request.progress, request.bytesSent]).toEqual(['waiting', 0]);
  });

  test('a peer that leaves during the upload is seen', async () => {
    const line = dial(simulator().origin, `POST ${path} HTTP/1.1\r\nhost: s\r\ncontent-length: 100\r\n\r\n{"mod`);
    const request = await simulator().waitForHead();
    line.socket.destroy();
    await request.aborted;
    expect([request.complete, request.body.toString()]).toEqual([false, '{"mod']);
  });

  test('a request that was answered to its end is no abort', async () => {
    await client().chat.completions.create(ask);
    await collect();
    const [whole, stream] = simulator().requests;
    expect([whole?.progress, whole?.abortedAt, stream?.progress, stream?.abortedAt]).toEqual(['ended', undefined, 'ended', undefined]);
    await expect(simulator().waitForAbort(undefined, 20)).rejects.toThrow('No aborted request within 20 ms');
  });
});

describe('which requests a script meets', () => {
  test('rules are spent in the order of their coming, by predicate and count, and can be taken back', async () => {
    simulator().script({ status: 500, times: 2, when: (request) => request.path === path });
    simulator().script({ status: 503 });
    const takeBack = simulator().script({ status: 418, times: Number.POSITIVE_INFINITY });
    const status = async (target: string) => /^HTTP\/1.1 (\d+)/.exec((await dial(simulator().origin, post(target, ask)).done).text)?.[1];
    expect(await status('/v1/embeddings')).toBe('503');
    expect([await status(path), await status(path)]).toEqual(['500', '500']);
    expect([await status(path), await status(path), await status(path)]).toEqual(['418', '418', '418']);
    takeBack();
    expect(await status(path)).toBe('200');
  });

  test('clear forgets every script', async () => {
    simulator().script({ status: 500, times: Number.POSITIVE_INFINITY });
    await expect(client().chat.completions.create(ask)).rejects.toThrow();
    simulator().clear();
    expect(simulator().requests).toHaveLength(0);
    await expect(client().chat.completions.create(ask)).resolves.toMatchObject({ object: 'chat.completion' });
  });

  test('a scripted status is the right class at the SDK', async () => {
    simulator().script({ status: 429 });
    await expect(client().chat.completions.create(ask)).rejects.toBeInstanceOf(RateLimitError);
  });

  test('one connection serves the next request after a fault that leaves it whole', async () => {
    simulator().script({ status: 500 });
    const line = dial(simulator().origin, post(path, ask, { close: false }));
    await line.until('server_error');
    line.socket.write(post(path, ask));
    expect((await line.done).text.match(/HTTP\/1.1 (500|200)/g)).toEqual(['HTTP/1.1 500', 'HTTP/1.1 200']);
    const ports = new Set(simulator().requests.map(({ peerPort }) => peerPort));
    expect(ports.size).toBe(1);
    if (!line.socket.destroyed) await once(line.socket.end(), 'close');
  });
});
