import { once } from 'node:events';
import { gunzipSync } from 'node:zlib';
import OpenAI, { APIConnectionError, RateLimitError } from 'openai';
import { describe, expect, test } from 'vitest';
import { recordedBytes, recording } from '../src/index.ts';
import { bodyOf, chunksOf, dial, post } from './socket.ts';
import { key, useSimulator } from './support.ts';

const simulator = useSimulator();
const path = '/v1/chat/completions';
const ask = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'write 12 words' }] };
const streamed = { ...ask, stream: true as const };
const recorded = recording('openai/chat-completions-stream-plain-gpt-3.5-5af143.json');
const recordedText = recordedBytes(recorded).toString('latin1');
const client = (maxRetries = 0) => new OpenAI({ baseURL: simulator().url, apiKey: key, maxRetries });

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

  test('a stall without end lasts until the peer leaves', async () => {
    simulator().replay(recorded);
    simulator().script({ stall: { at: 500 } });
    const line = dial(simulator().origin, post(path, streamed));
    await line.until(recordedText.slice(460, 500));
    const [request] = simulator().requests;
    expect(request?.abortedAt).toBeUndefined();
    line.socket.destroy();
    expect(await simulator().waitForAbort()).toBe(request);
    expect(request?.bytesSent).toBe(500);
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
