import { createHash } from 'node:crypto';
import { request as secureRequest } from 'node:https';
import { describe, expect, test } from 'vitest';
import { openaiSimulator } from '../src/index.ts';
import { certificate } from './certificate.ts';
import { dial, post } from './socket.ts';
import { useSimulator } from './support.ts';

const simulator = useSimulator();

describe('what is captured', () => {
  test('target, header spelling, order and duplicates are those of the wire', async () => {
    const body = '{"model":"gpt-4o-mini","messages":[]}';
    const head = [
      'POST /v1/chat/%63ompletions?a=1&a=%2F HTTP/1.1',
      'Host: s',
      'X-Twice: one',
      'x-twice: two',
      'CONTENT-type: application/json',
      `content-length: ${body.length}`,
    ];
    await dial(simulator().origin, `${head.join('\r\n')}\r\nconnection: close\r\n\r\n${body}`).done;
    const request = await simulator().waitForRequest();
    expect(request.method).toBe('POST');
    expect(request.target).toBe('/v1/chat/%63ompletions?a=1&a=%2F');
    expect(request.path).toBe('/v1/chat/%63ompletions');
    expect(request.headers).toEqual([
      ['Host', 's'],
      ['X-Twice', 'one'],
      ['x-twice', 'two'],
      ['CONTENT-type', 'application/json'],
      ['content-length', String(body.length)],
      ['connection', 'close'],
    ]);
    expect(request.header('X-TWICE')).toBe('one');
    expect(request.body.toString()).toBe(body);
    expect(request.sha256).toBe(createHash('sha256').update(body).digest('hex'));
    expect(request.complete).toBe(true);
  });

  test('bytes that are no text are kept as they are', async () => {
    const body = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
    const head = Buffer.from(`POST /v1/files HTTP/1.1\r\nhost: s\r\ncontent-length: 256\r\nconnection: close\r\n\r\n`);
    await dial(simulator().origin, Buffer.concat([head, body])).done;
    expect((await simulator().waitForRequest()).body.equals(body)).toBe(true);
  });

  test('waiting hands each request out once, before or after it came', async () => {
    const early = simulator().waitForRequest((request) => request.path.endsWith('/b'));
    await dial(simulator().origin, post('/v1/a', {})).done;
    await dial(simulator().origin, post('/v1/b', {})).done;
    expect((await early).path).toBe('/v1/b');
    expect((await simulator().waitForRequest()).path).toBe('/v1/a');
    await expect(simulator().waitForRequest(undefined, 10)).rejects.toThrow('No request within 10 ms');
  });

  test('only the latest requests are kept', async () => {
    const small = await openaiSimulator({ keepRequests: 2 });
    try {
      for (const path of ['/1', '/2', '/3']) await dial(small.origin, post(path, {})).done;
      expect(small.requests.map(({ path, number }) => [path, number])).toEqual([
        ['/2', 2],
        ['/3', 3],
      ]);
    } finally {
      await small.close();
    }
  });

  test('nothing is kept where nothing is wanted', async () => {
    const forgetful = await openaiSimulator({ keepRequests: 0 });
    try {
      for (const path of ['/1', '/2']) await dial(forgetful.origin, post(path, {})).done;
      expect(forgetful.requests).toEqual([]);
      expect((await forgetful.waitForRequest()).path).toBe('/2');
      await expect(forgetful.waitForRequest(undefined, 10)).rejects.toThrow('No request within 10 ms');
    } finally {
      await forgetful.close();
    }
  });

  test('the same service over TLS', async () => {
    const tls = certificate();
    const secure = await openaiSimulator({ tls });
    try {
      expect(secure.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/v1$/);
      const status = await new Promise((done, fail) => {
        const options = { ca: tls.cert, agent: false, headers: { authorization: 'Bearer sk-simulator' } };
        secureRequest(`${secure.url}/models`, options, (answer) => done(answer.resume().statusCode))
          .on('error', fail)
          .end();
      });
      expect(status).toBe(200);
    } finally {
      await secure.close();
    }
  });

  test('close frees the port although a peer is connected', async () => {
    const first = await openaiSimulator();
    const line = dial(first.origin, 'GET /v1/models HTTP/1.1\r\nhost: s\r\n\r\n');
    await line.until('401');
    await first.close();
    await line.done;
    const port = Number(new URL(first.origin).port);
    const second = await openaiSimulator({ port });
    expect(second.origin).toBe(first.origin);
    await second.close();
  });
});
