import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { chat } from './support/limited.ts';

const PLACES = 4;

describe('a token service that takes a request and never answers', () => {
  let bench: Bench;
  let service: Server;
  let asked: Socket[];
  beforeEach(async () => {
    asked = [];
    service = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => undefined);
      asked.push(socket);
    });
    service.listen(0, '127.0.0.1');
    await once(service, 'listening');
    const iamUrl = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    bench = await openBench({
      plugins: ['@llm-proxy-auth/provider-watsonx'],
      instances: (url) => ({
        ibm: {
          provider: 'watsonx',
          baseUrl: url,
          insecureUpstream: true,
          projectId: 'p',
          apiKey: 'ibm-key-0123456789abcdef',
          credentials: { iamUrl },
          timeouts: { total: '1s', firstByte: '1s' },
        },
      }),
      sections: { limits: { inFlight: PLACES }, retry: { attempts: 1 } },
    });
  });
  afterEach(async () => {
    for (const socket of asked) socket.destroy();
    service.close();
    await bench.close();
  });
  const call = (instance: string, model: string, signal?: AbortSignal): Promise<Response> =>
    fetch(`${bench.url}/openai/${instance}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: chat(model),
      ...(signal === undefined ? {} : { signal }),
    });

  test('keeps nobody longer than a call may take', { timeout: 8_000 }, async () => {
    const answer = await call('ibm', 'ibm/granite-3-3-8b-instruct');
    expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([503, 'upstream_credentials_unavailable']);
  });
  test('holds no place for clients that went', async () => {
    const leave = new AbortController();
    const left = Array.from({ length: PLACES }, () => call('ibm', 'ibm/granite-3-3-8b-instruct', leave.signal).catch(() => 'left'));
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    leave.abort();
    expect(new Set(await Promise.all(left))).toEqual(new Set(['left']));
    await vi.waitFor(async () => expect((await call('main', 'gpt-4o-mini')).status).toBe(200), { timeout: 900 });
  });
});
