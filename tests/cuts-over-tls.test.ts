import { once } from 'node:events';
import { type AddressInfo, connect as connectPlain, createServer, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { certificateAuthority, SERVER_AUTH } from '@llm-proxy-auth/simulators';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { KEY, openSite, type Served, type Site, serveSite } from './support/file-gateway.ts';
import { PROVIDER_KEY } from './support/gateway.ts';

const certificate = certificateAuthority().issue({ subject: [['CN', 'localhost']], dns: ['localhost'], usages: [SERVER_AUTH] });
const WHOLE = JSON.stringify({
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o',
  // More than all sockets on the way hold.
  pad: 'x'.repeat(25_000_000),
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
});
const CHUNK = 'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n';
/** By what the prompt asks for. */
const ANSWERS: Readonly<Record<string, readonly [body: string, lines: string, ends: boolean]>> = {
  'half of it': ['{"half":', 'content-type: application/json\r\ncontent-length: 5000', true],
  'half a stream': [`${CHUNK.length.toString(16)}\r\n${CHUNK}\r\n`, 'content-type: text/event-stream\r\ntransfer-encoding: chunked', true],
  'very much': [WHOLE, `content-type: application/json\r\ncontent-length: ${WHOLE.length}`, false],
  'a little': ['{}', 'content-type: application/json\r\ncontent-length: 2', false],
};
const provider = createServer((socket: Socket) => {
  socket.on('error', () => undefined);
  socket.on('data', (request) => {
    const [body, lines, ends] = Object.entries(ANSWERS).find(([prompt]) => request.includes(prompt))?.[1] ?? [];
    if (body === undefined) return;
    socket.write(`HTTP/1.1 200 OK\r\n${lines}\r\n\r\n${body}`);
    if (ends === true) socket.end();
  });
});

describe('an answer over TLS that is cut', () => {
  let site: Site;
  let gateway: Served;
  let port: number;
  beforeAll(async () => {
    provider.listen(0, '127.0.0.1');
    await once(provider, 'listening');
    site = await openSite();
    const baseUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
    site.write(
      site.settings({
        server: { port: 0, tls: { port: 0, cert: certificate.pem, key: certificate.key } },
        instances: { main: { provider: 'openai', baseUrl, apiKey: PROVIDER_KEY, insecureUpstream: true, timeouts: { clientStall: '1s' } } },
        retry: { attempts: 1 },
      }),
    );
    gateway = await serveSite(site);
    port = Number(
      await vi.waitFor(() => {
        const found = /"url":"https:[^"]+:(\d+)"/.exec(gateway.out())?.[1];
        if (found === undefined) throw new Error('nothing listens for TLS yet');
        return found;
      }),
    );
  });
  afterAll(async () => {
    gateway.kill('SIGKILL');
    await gateway.ended;
    await site.close();
    provider.close();
  });
  const open = async (): Promise<TLSSocket> => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    return socket;
  };
  const send = (socket: Socket, path: string, version: string, prompt: string): void => {
    const body = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: prompt }], ...(prompt.includes('stream') ? { stream: true } : {}) });
    const head = `POST ${path}/v1/chat/completions HTTP/${version}\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-type: application/json`;
    socket.write(`${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  };
  /** What came, and whether the connection broke. */
  const received = (socket: Socket): Promise<{ readonly text: string; readonly broke: boolean }> =>
    new Promise((resolve) => {
      let text = '';
      let broke = false;
      socket.on('data', (piece) => {
        text += piece;
      });
      socket.on('error', () => {
        broke = true;
      });
      socket.on('close', () => resolve({ text, broke }));
    });
  const served = async (): Promise<string> => {
    const socket = await open();
    send(socket, '/transparent/main', '1.0', 'a little');
    return (await received(socket)).text.slice(-2);
  };

  test.each([
    ['1.1', 'half of it'],
    ['1.0', 'half of it'],
    ['1.1', 'half a stream'],
  ])('by its provider, HTTP/%s, %s: that connection ends without its end, and the gateway goes on', async (version, prompt) => {
    const socket = await open();
    const all = received(socket);
    send(socket, '/transparent/main', version, prompt);
    const { text } = await all;
    const body = text.slice(text.indexOf('\r\n\r\n') + 4);
    expect([/^HTTP\/1\.1 200/.test(text), body.includes(prompt === 'half of it' ? '{"half":' : CHUNK), body.endsWith('0\r\n\r\n')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(await served()).toBe('{}');
  });
  test('by its provider, where nothing but the end of the connection ends it: a reset', async () => {
    const socket = await open();
    const all = received(socket);
    send(socket, '/transparent/main', '1.0', 'half a stream');
    expect((await all).broke).toBe(true);
    expect(await served()).toBe('{}');
  });
  /** Asks for more than it reads; gives what comes once the gateway has given it up. */
  const cutUnread = async (socket: Socket, path: string): Promise<{ readonly text: string; readonly broke: boolean }> => {
    const left = (): number => gateway.out().split('"code":"client_closed"').length;
    const before = left();
    send(socket, path, '1.1', 'very much');
    await once(socket, 'readable');
    await expect.poll(left, { timeout: 30_000 }).toBe(before + 1);
    const all = await received(socket);
    expect(socket.bytesRead).toBeLessThan(WHOLE.length);
    return all;
  };
  test.each(['/transparent/main', '/openai/main'])('because its client reads nothing, below %s: the gateway goes on', async (path) => {
    await cutUnread(await open(), path);
    expect(await served()).toBe('{}');
  });
  // A client of Node 22 sees no error here.
  test.runIf(Number.parseInt(process.versions.node, 10) >= 24).each(['/transparent/main', '/openai/main'])(
    'because its client reads nothing, without TLS, below %s: a reset, which leaves nothing in the kernel',
    async (path) => {
      const { broke } = await cutUnread(connectPlain(Number(new URL(gateway.url).port), '127.0.0.1'), path);
      expect(broke).toBe(true);
      expect(await served()).toBe('{}');
    },
  );
});
