import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { HeaderLines } from '../src/http/header-lines.ts';
import { LeanRequest } from '../src/http/lean-request.ts';
import { KEEP_ALIVE_MS, LeanResponse } from '../src/http/lean-response.ts';
import { createServer } from '../src/http/node-http.ts';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});
/** Sends requests in one write; everything that came until the connection closed. */
const exchange = async (handler: (response: LeanResponse, url: string) => void, ...requests: string[]): Promise<string> => {
  const server = createServer({ IncomingMessage: LeanRequest, ServerResponse: LeanResponse, keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) =>
    handler(response as LeanResponse, request.url ?? ''),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as { port: number }).port, '127.0.0.1');
  open.push(() => {
    socket.destroy();
    server.close();
  });
  let seen = '';
  socket.setEncoding('latin1').on('data', (data) => {
    seen += data;
  });
  socket.write(requests.join(''));
  await once(socket, 'close');
  return seen;
};
const get = (url: string, more = '', method = 'GET', version = '1.1'): string => `${method} ${url} HTTP/${version}\r\nhost: x\r\n${more}\r\n`;
const LAST = get('/last', 'connection: close\r\n');
/** Head and body of the first answer. */
const first = (seen: string): { readonly lines: readonly string[]; readonly body: string } => {
  const [head = '', ...rest] = seen.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  const next = body.lastIndexOf('HTTP/1.1 ');
  return { lines: head.split('\r\n').map((line) => line.replace(/^date: .*/i, 'date')), body: next < 0 ? body : body.slice(0, next) };
};

const CASES: readonly { readonly what: string; readonly status: number; readonly pairs: readonly string[]; readonly body: string; readonly request: string }[] =
  [
    { what: 'a length', status: 200, pairs: ['x-a', '1', 'content-length', '4'], body: 'text', request: get('/') },
    { what: 'no length', status: 200, pairs: ['x-a', '1'], body: 'text', request: get('/') },
    { what: 'a date of its own', status: 200, pairs: ['date', 'Thu, 01 Jan 1970 00:00:00 GMT', 'content-length', '4'], body: 'text', request: get('/') },
    { what: 'names in capitals', status: 200, pairs: ['Date', 'Thu, 01 Jan 1970 00:00:00 GMT', 'Content-Length', '4'], body: 'text', request: get('/') },
    { what: 'an end of the connection', status: 503, pairs: ['connection', 'close', 'content-length', '4'], body: 'text', request: get('/') },
    { what: 'its own transfer-encoding', status: 200, pairs: ['transfer-encoding', 'chunked'], body: 'text', request: get('/') },
    { what: 'a client that closes', status: 200, pairs: ['content-length', '4'], body: 'text', request: get('/', 'connection: close\r\n') },
    { what: 'a client of HTTP/1.0', status: 200, pairs: ['x-a', '1'], body: 'text', request: get('/', '', 'GET', '1.0') },
    { what: 'HEAD', status: 200, pairs: ['content-length', '4'], body: 'text', request: get('/', '', 'HEAD') },
    { what: 'no content', status: 204, pairs: ['x-a', '1'], body: '', request: get('/') },
    { what: 'not modified', status: 304, pairs: ['etag', '"a"'], body: '', request: get('/') },
    { what: 'an expectation', status: 200, pairs: ['expect', 'x', 'content-length', '4'], body: 'text', request: get('/') },
    { what: 'its own keep-alive', status: 200, pairs: ['keep-alive', 'timeout=5', 'content-length', '4'], body: 'text', request: get('/') },
    { what: 'letters beyond ASCII', status: 200, pairs: ['x-a', '\u00e4\u00ff', 'content-length', '6'], body: '\u00e4\u20ac!', request: get('/') },
  ];

describe('an answer whose head is checked lines', () => {
  it.each(CASES)('is what node:http would send: $what', async ({ status, pairs, body, request }) => {
    const send = (write: (response: LeanResponse) => void) => exchange((response, url) => (url === '/last' ? response.end() : write(response)), request, LAST);
    const size = Buffer.byteLength(body);
    const plain = first(
      await send((response) => {
        response.writeHead(status, [...pairs]);
        response.end(Buffer.from(body));
      }),
    );
    for (const lean of [
      await send((response) => {
        response.writeLines(status, new HeaderLines().addAll(pairs));
        response.end(Buffer.from(body));
      }),
      await send((response) => response.endWhole(status, new HeaderLines().addAll(pairs), body, size)),
      await send((response) => response.endWhole(status, new HeaderLines().addAll(pairs), Buffer.from(body), size)),
    ]) {
      const { lines, body: sent } = first(lean);
      expect([...lines].sort()).toEqual([...plain.lines].sort());
      expect(sent).toBe(plain.body);
    }
  });

  it.each<[string, (response: LeanResponse) => void]>([
    ['headers that were set before', (response) => response.setHeader('x-set', '1')],
    ['an expectation that was set before', (response) => response.setHeader('expect', 'x')],
    ['chunks that were set before', (response) => response.setHeader('transfer-encoding', 'chunked')],
    ['no date', (response) => Object.assign(response, { sendDate: false })],
    ['no word of the connection', (response) => response.removeHeader('connection')],
    ['no chunks', (response) => response.removeHeader('transfer-encoding')],
  ])('is what node:http would send: %s', async (_what, before) => {
    const send = (write: (response: LeanResponse) => void) =>
      exchange(
        (response, url) => {
          if (url === '/last') return void response.end();
          before(response);
          write(response);
        },
        get('/'),
        LAST,
      );
    for (const pairs of [
      ['x-a', '1', 'content-length', '4'],
      ['x-a', '1'],
    ]) {
      const plain = first(await send((response) => void response.writeHead(200, [...pairs]).end('text')));
      for (const lean of [
        await send((response) => {
          response.writeLines(200, new HeaderLines().addAll(pairs));
          response.end('text');
        }),
        await send((response) => response.endWhole(200, new HeaderLines().addAll(pairs), 'text', 4)),
      ]) {
        expect([...first(lean).lines].sort()).toEqual([...plain.lines].sort());
        expect(first(lean).body).toBe(plain.body);
      }
    }
  });

  it('has the bytes of its body and no others, whatever their elements', async () => {
    const body = Uint16Array.from({ length: 2_000 }, (_, i) => i);
    const bytes = Buffer.from(body.buffer);
    const { body: sent } = first(
      await exchange(
        (response, url) => {
          if (url === '/last') response.end();
          else response.endWhole(200, new HeaderLines().put('content-length', '4000'), body as unknown as Uint8Array, 4_000);
        },
        get('/'),
        LAST,
      ),
    );
    expect(Buffer.from(sent, 'latin1').equals(bytes)).toBe(true);
  });

  it('answers requests of one write in their order, the later ones written first', async () => {
    const waiting: LeanResponse[] = [];
    const seen = await exchange(
      (response) => {
        waiting.push(response);
        if (waiting.length < 3) return;
        for (const [i, each] of [...waiting.entries()].reverse()) each.endWhole(200, new HeaderLines().put('content-length', '1'), String(i), 1);
      },
      get('/a'),
      get('/b'),
      LAST,
    );
    expect([...seen.matchAll(/\r\n\r\n(\d)/g)].map(([, digit]) => digit)).toEqual(['0', '1', '2']);
  });

  it('is finished and says so when its bytes are out', async () => {
    const told: unknown[] = [];
    await exchange((response) => {
      response.on('finish', () => told.push('finish', response.writableFinished)).on('close', () => told.push('close', response.writableEnded));
      response.endWhole(200, new HeaderLines().put('content-length', '1'), Buffer.from('x'), 1);
      expect(response.headersSent).toBe(true);
    }, LAST);
    expect(told).toEqual(['finish', true, 'close', true]);
  });
});

describe('header lines', () => {
  it.each(['a\r\nx-b: 1', 'a\nb', 'a\rb', 'a\0b', '\u0100', 'a\u007fb'])('refuse the value %j', (value) => {
    expect(() => new HeaderLines().add('x-a', value)).toThrow(/no answer may have/);
  });
  it.each(['', 'x a', 'x:a', 'x\r\na', 'x\u00e4'])('refuse the name %j', (name) => {
    expect(() => new HeaderLines().add(name, '1')).toThrow(/no answer may have/);
  });
  it('are the pairs that were added', () => {
    const name = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/);
    const value = fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]*$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (pairs) => {
        expect(new HeaderLines().addAll(pairs.flat()).pairs()).toEqual(pairs.flat());
      }),
    );
  });
});
