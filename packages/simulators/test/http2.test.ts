import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { connect as dialTls } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { peer } from '../src/http/peer.ts';
import { certificate } from './certificate.ts';
import { dial } from './socket.ts';

const pieces = ['one ', 'two ', 'three'].map((text) => Buffer.from(text));
const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const started = async (options: Parameters<typeof peer>[1] = {}) => {
  const service = await peer(
    {
      http2: true,
      answer: ({ path }) => ({ status: 200, headers: [['X-Path', path]], body: pieces }),
      errorBody: (status) => ({ status }),
      errorHeaders: () => ({ 'X-Kind': 'scripted' }),
    },
    options,
  );
  open.push(service.close);
  return service;
};

const session = (origin: string, options = {}): ClientHttp2Session => {
  const made = connect(origin, options);
  made.on('error', () => undefined);
  open.push(() => made.destroy());
  return made;
};

type Outcome = { headers: Record<string, unknown>; text: string; code: number; complete: boolean };

/** One exchange, to its end or its reset. */
const exchange = (stream: ClientHttp2Stream): Promise<Outcome> =>
  new Promise((done) => {
    let headers: Record<string, unknown> = {};
    let text = '';
    let complete = false;
    stream.setEncoding('utf8');
    stream.on('response', (given) => {
      headers = given;
    });
    stream.on('data', (piece: string) => {
      text += piece;
    });
    stream.on('end', () => {
      complete = !stream.aborted && stream.rstCode === constants.NGHTTP2_NO_ERROR;
    });
    stream.on('error', () => undefined);
    stream.on('close', () => done({ headers, text, code: stream.rstCode, complete }));
  });

describe('HTTP/2 beside HTTP/1.1 on one port', () => {
  test('both are answered, and told apart in what was captured', async () => {
    const service = await started();
    const second = await exchange(session(service.origin).request({ ':method': 'POST', ':path': '/a%2Fb?c=d', 'x-odd': 'Value' }, { endStream: true }));
    expect([second.text, second.headers['x-path'], second.complete]).toEqual(['one two three', '/a%2Fb', true]);
    const first = await (await fetch(`${service.origin}/first`)).text();
    expect(first).toBe('one two three');
    expect(service.requests.map(({ httpVersion, method, target }) => [httpVersion, method, target])).toEqual([
      ['2.0', 'POST', '/a%2Fb?c=d'],
      ['1.1', 'GET', '/first'],
    ]);
    expect(service.requests[0]?.header(':authority')).toBe(service.origin.replace('http://', ''));
    expect(service.requests[0]?.header('x-odd')).toBe('Value');
  });

  test('a first byte that both have in common is waited for', async () => {
    const service = await started();
    const line = dial(service.origin, 'P');
    await new Promise((done) => setImmediate(done));
    line.socket.write('OST /slow HTTP/1.1\r\nhost: s\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    expect((await line.done).text).toContain('X-Path: /slow');
  });

  test('over TLS the protocol is agreed on', async () => {
    const tls = certificate();
    const service = await started({ tls });
    const answer = await exchange(session(service.origin, { ca: tls.cert }).request({ ':path': '/secure' }));
    expect([answer.text, service.requests[0]?.httpVersion]).toEqual(['one two three', '2.0']);
    const { port } = new URL(service.origin);
    const text = await new Promise<string>((done, fail) => {
      let seen = '';
      const socket = dialTls({ port: Number(port), host: '127.0.0.1', ca: tls.cert, ALPNProtocols: ['http/1.1'] }, () =>
        socket.write('GET /older HTTP/1.1\r\nhost: s\r\nconnection: close\r\n\r\n'),
      );
      socket.setEncoding('utf8').on('data', (piece: string) => {
        seen += piece;
      });
      socket.on('end', () => done(seen)).on('error', fail);
    });
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('faults over HTTP/2', () => {
  const asked = async (fault: Parameters<Awaited<ReturnType<typeof started>>['script']>[0]) => {
    const service = await started();
    service.script(fault);
    return exchange(session(service.origin).request({ ':path': '/' }));
  };

  test('a status brings the body and the headers of the service', async () => {
    const { headers, text } = await asked({ status: 503 });
    expect([headers[':status'], headers['x-kind'], JSON.parse(text)]).toEqual([503, 'scripted', { status: 503 }]);
  });

  test('a reset has INTERNAL_ERROR, behind what was let through', async () => {
    const { text, code, complete } = await asked({ cut: { at: 5, how: 'rst' } });
    expect([text, code, complete]).toEqual(['one t', constants.NGHTTP2_INTERNAL_ERROR, false]);
  });

  test('an end of the connection is no end of the answer', async () => {
    const { headers, complete } = await asked({ cut: { at: 'head', how: 'fin' } });
    expect([headers, complete]).toEqual([{}, false]);
  });

  test('a stream may end early with a frame of the test', async () => {
    const { text, complete } = await asked({ endWith: { after: 1, frame: 'oops' } });
    expect([text, complete]).toEqual(['one oops', true]);
  });

  test('what HTTP/2 has no place for changes nothing but the end', async () => {
    expect((await asked({ closeDelimited: true, extraAfterEnd: 'more' })).text).toBe('one two three');
    expect(await asked({ raw: 'not HTTP' })).toMatchObject({ headers: {}, text: '', complete: false });
  });

  test('a peer that resets its stream is seen, and the connection goes on', async () => {
    const service = await started();
    service.script({ stall: { at: 4 } });
    const line = session(service.origin);
    const stream = line.request({ ':path': '/gone' });
    stream.on('data', () => stream.close(constants.NGHTTP2_CANCEL));
    const request = await service.waitForAbort();
    expect([request.path, request.bytesSent, request.abortedAt !== undefined]).toEqual(['/gone', 4, true]);
    expect((await exchange(line.request({ ':path': '/next' }))).text).toBe('one two three');
  });

  test('an answer that was read to its end is no abort', async () => {
    const service = await started();
    await exchange(session(service.origin).request({ ':path': '/' }));
    await expect(service.waitForAbort(undefined, 50)).rejects.toThrow('No aborted request');
    expect(service.requests[0]?.progress).toBe('ended');
  });
});
