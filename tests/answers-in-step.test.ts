import { EventEmitter, once } from 'node:events';
import { Agent } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { ask } from './support/raw.ts';

/** What the provider answers next. */
let answers: string[] = [];
const asked = new EventEmitter();
const provider = createServer((socket: Socket) => {
  let got = '';
  socket.setEncoding('latin1').on('data', (piece) => {
    got += piece;
    const head = got.indexOf('\r\n\r\n') + 4;
    if (head < 4 || got.length < head + Number(/content-length: (\d+)/i.exec(got)?.[1] ?? 0)) return;
    got = '';
    socket.write(answers.shift() ?? '');
    asked.emit('asked');
  });
});
let bench: Bench;
beforeAll(async () => {
  provider.listen(0, '127.0.0.1');
  await once(provider, 'listening');
  bench = await openBench({ sections: { retry: { attempts: 1 } }, main: { baseUrl: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1` } });
});
afterAll(async () => {
  await bench.close();
  provider.close();
});
const answer = (status: string, lines: readonly string[], body: string): string =>
  `HTTP/1.1 ${status}\r\n${[...lines, `content-length: ${body.length}`].join('\r\n')}\r\n\r\n${body}`;
/** Asks twice over what should be one connection; its port with each answer. */
const askTwice = async (path: string, body: object) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const sent = { path, headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const one = async () => {
    const [got, [socket]] = await Promise.all([ask(bench.url, sent, agent), once(agent, 'free')]);
    return { ...got, id: got.headers['x-request-id'], port: (socket as Socket).localPort };
  };
  try {
    return [await one(), await one()] as const;
  } finally {
    agent.destroy();
  }
};

/** A whole answer of its own, which a connection out of step would take for the next one. */
const WITHIN = `${'\r\n'.repeat(400)}HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"evil":1}`;
const PATHS = [
  ['/transparent/main/v1/chat/completions', 'application/json', { model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] }],
  ['/openai/main/v1/audio/speech', 'audio/mpeg', { model: 'gpt-4o-mini-tts', voice: 'alloy', input: 'hi' }],
] as const;

describe('what a provider says of its own connection leaves the client’s in step', () => {
  test.each(
    PATHS.flatMap(([path, type, body]) =>
      [
        ['expect: x'],
        ['connection: content-length'],
        ['connection: keep-alive, Content-Length'],
        ['connection: keep-alive', 'keep-alive: timeout=1'],
        ['trailer: x-checksum'],
        ['date: Thu, 01 Jan 1970 00:00:00 GMT'],
      ].map((lines) => [lines.join(', '), path, type, body, lines] as const),
    ),
  )('%s: %s', async (_what, path, type, body, lines) => {
    answers = [answer('200 OK', [`content-type: ${type}`, ...lines], WITHIN), answer('200 OK', [`content-type: ${type}`], 'of the second')];
    const [first, second] = await askTwice(path, body);
    expect([first.status, first.text, second.status, second.text]).toEqual([200, WITHIN, 200, 'of the second']);
    expect(new Set([first.id, second.id, undefined]).size).toBe(3);
    expect(second.port).toBe(first.port);
  });
  test.each(['429 Too Many Requests', '500 Internal Server Error', '302 Found'])('an error that passes: %s', async (status) => {
    const [path, type, body] = PATHS[0];
    const location = status.startsWith('302') ? [`location: http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1/elsewhere`] : [];
    answers = [answer(status, [`content-type: ${type}`, 'expect: x', ...location], WITHIN), answer('200 OK', [`content-type: ${type}`], 'of the second')];
    const [first, second] = await askTwice(path, body);
    expect([first.status, first.text, second.status, second.text]).toEqual([Number.parseInt(status, 10), WITHIN, 200, 'of the second']);
  });
});

const lengthOf = ({ headers }: { readonly headers: object }): unknown => ({ ...headers })['content-length' as never];
test('an answer without content has no length', async () => {
  const [path, , body] = PATHS[0];
  answers = [answer('204 No Content', [], ''), answer('200 OK', ['content-type: application/json'], 'of the second')];
  const [first, second] = await askTwice(path, body);
  expect([first.status, lengthOf(first), first.text, second.text]).toEqual([204, undefined, '', 'of the second']);
});
test.each(['/openai/none/v1/models', '/transparent/main/v1/nosuch', '/transparent/none/v1/models', '/nosuch'])(
  'HEAD of %s says the length of what GET gets',
  async (path) => {
    const headers = { authorization: `Bearer ${bench.key}` };
    const [got, head] = await Promise.all(['GET', 'HEAD'].map((method) => ask(bench.url, { method, path, headers })));
    expect([head?.status, head?.text, head && lengthOf(head)]).toEqual([got?.status, '', got && lengthOf(got)]);
    expect(Number(got && lengthOf(got))).toBe(got?.text.length);
  },
);

describe('a broken request behind one that waits for its answer', () => {
  const post = (path: string, lines: string, body: string): string =>
    `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${bench.key}\r\ncontent-type: application/json\r\n${lines}\r\n\r\n${body}`;
  const BROKEN = ['transfer-encoding: chunked', '5\r\nhello\r\nZZ\r\n'] as const;
  /** All that comes over a connection on which a broken request follows once the first has come so far. */
  const behind = async (path: string, asking: object, isThere: (client: Socket) => Promise<unknown>): Promise<string> => {
    const { hostname, port } = new URL(bench.url);
    const client = connect(Number(port), hostname).setEncoding('latin1');
    let got = '';
    client.on('data', (piece) => {
      got += piece;
    });
    const there = isThere(client);
    const body = JSON.stringify(asking);
    client.write(post(path, `content-length: ${body.length}`, body));
    await there;
    client.write(post(path, ...BROKEN));
    await once(client, 'close');
    return got;
  };
  test.each(PATHS)('cuts an answer that has begun, and says nothing inside it: %s', async (path, type, asking) => {
    const half = 'a'.repeat(50_000);
    answers = [`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: 200000\r\n\r\n${half}`];
    let size = 0;
    const got = await behind(
      path,
      asking,
      (client) =>
        new Promise<void>((resolve) => {
          client.on('data', (piece) => {
            size += piece.length;
            if (size > half.length) resolve();
          });
        }),
    );
    expect(got.slice(0, 15)).toBe('HTTP/1.1 200 OK');
    expect(got.slice(got.indexOf('\r\n\r\n') + 4)).toBe(half);
  });
  test.each(PATHS)('is no answer to it: %s', async (path, _type, asking) => {
    answers = [''];
    expect(await behind(path, asking, () => once(asked, 'asked'))).toBe('');
  });
});
