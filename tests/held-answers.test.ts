import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { chat } from './support/limited.ts';
import { ask } from './support/raw.ts';

const PLACES = 4;
const PATH = '/openai/main/v1/chat/completions';

/** Answers that an HTTP/2 client asks for and takes none of: its window is 0. */
describe('answers that nobody without a credential takes', () => {
  let bench: Bench;
  let client: ClientHttp2Session;
  beforeAll(async () => {
    bench = await openBench({ sections: { limits: { inFlight: PLACES } } });
    client = connect(bench.url, { settings: { initialWindowSize: 0 } });
    await once(client, 'remoteSettings');
  });
  afterAll(async () => {
    client.destroy();
    await bench.close();
  });
  const called = () =>
    ask(bench.url, { path: PATH, headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' }, body: chat('gpt-4o-mini') });

  test.each([
    ['of the health', { ':path': '/health' }, 200],
    ['of the start page', { ':path': '/' }, 200],
    ['of a login', { ':path': '/auth/login', ':method': 'POST', 'content-type': 'application/json' }, undefined],
    ['of a call without a key', { ':path': PATH, ':method': 'POST', 'content-type': 'application/json' }, 401],
    ['of a call with a wrong key', { ':path': PATH, ':method': 'POST', authorization: 'Bearer wrong' }, 401],
  ] satisfies [string, OutgoingHttpHeaders, number | undefined][])('%s hold no place of the calls', async (_of, headers, status) => {
    const streams: ClientHttp2Stream[] = [];
    for (let i = 0; i <= PLACES; i++) {
      const stream = client.request(headers, { endStream: status === 200 });
      stream.on('error', () => undefined);
      streams.push(stream);
      if (status === undefined) continue;
      const [head] = (await once(stream, 'response')) as [OutgoingHttpHeaders];
      expect(head[':status']).toBe(status);
    }
    // What is not answered yet has come all the same: the same connection is read in order.
    if (status === undefined) await new Promise((resolve) => client.ping(resolve));
    expect((await called()).status).toBe(200);
    for (const stream of streams) stream.close();
  });
});
