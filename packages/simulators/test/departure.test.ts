import OpenAI, { APIUserAbortError } from 'openai';
import { describe, expect, test } from 'vitest';
import { dial, post } from './socket.ts';
import { key, useSimulator } from './support.ts';

const simulator = useSimulator();
const path = '/v1/chat/completions';
const ask = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'write 12 words' }] };
const streamed = { ...ask, stream: true as const };
const client = () => new OpenAI({ baseURL: simulator().url, apiKey: key, maxRetries: 0 });

const collect = async (): Promise<string> => {
  let text = '';
  for await (const chunk of await client().chat.completions.create(streamed)) text += chunk.choices[0]?.delta.content ?? '';
  return text;
};

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

  test('a peer that leaves before the head is seen before the next request is answered', async () => {
    simulator().script({ holdHead: new Promise(() => undefined) });
    const line = dial(simulator().origin, post(path, ask));
    const request = await simulator().waitForRequest();
    const left = performance.now();
    line.socket.destroy();
    await dial(simulator().origin, post(path, ask)).done;
    expect(request.abortedAt).toBeGreaterThanOrEqual(left);
    expect([request.progress, request.bytesSent]).toEqual(['waiting', 0]);
    expect(await simulator().waitForAbort()).toBe(request);
  });

  test('an aborted SDK call is seen', async () => {
    simulator().script({ holdHead: new Promise(() => undefined) });
    const controller = new AbortController();
    const asked = client().chat.completions.create(ask, { signal: controller.signal });
    const request = await simulator().waitForRequest();
    controller.abort();
    await expect(asked).rejects.toBeInstanceOf(APIUserAbortError);
    expect(await request.aborted).toBe(request.abortedAt);
  });

  test('a peer that leaves while it does not read is seen', async () => {
    simulator().script({ body: Buffer.alloc(64 * 1_048_576), rechunk: { size: 1_048_576 } });
    const line = dial(simulator().origin, post(path, ask));
    line.socket.pause();
    const request = await simulator().waitForRequest();
    while (request.bytesSent === 0) await new Promise((next) => setImmediate(next));
    line.socket.destroy();
    await request.aborted;
    expect(request.bytesSent).toBeLessThan(64 * 1_048_576);
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
