import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { peerCertificate } from '../src/http/peer-certificate.ts';
import type { RequestHandler } from '../src/http/server.ts';
import { ask, closeAll, closeSessions, code, connect, drained, exchange, open, parseAnswer, pem, serverTls, session } from './server-clients.ts';

const echo: RequestHandler = (request, response) => {
  let body = '';
  request.on('data', (piece: Buffer) => {
    body += piece.toString();
  });
  request.on('end', () => {
    (response as http.ServerResponse).writeHead(200, { 'content-type': 'text/plain' });
    (response as http.ServerResponse).end(`${request.httpVersion} ${request.method} ${request.url} ${body}`);
  });
};

afterEach(async () => {
  closeSessions();
  await closeAll();
});

describe('one cleartext port', () => {
  test('speaks HTTP/1.1 and HTTP/2 on the same port', async () => {
    const listener = await open(echo);
    const one = await fetch(`${listener.url}/a`, { method: 'POST', body: 'x' });
    expect(await one.text()).toBe('1.1 POST /a x');
    const two = await ask(await session(listener), { ':path': '/b', ':method': 'POST' }, 'y');
    expect(two.body).toBe('2.0 POST /b y');
  });

  test('an HTTP/2 preface that arrives byte by byte is still HTTP/2', async () => {
    const listener = await open(echo);
    // A relay in front that hands on the first 40 bytes one at a time.
    const relay = net.createServer((client) => {
      const upstream = net.connect(listener.address.port, '127.0.0.1');
      upstream.setNoDelay(true);
      client.on('error', () => upstream.destroy());
      upstream.on('error', () => client.destroy());
      upstream.pipe(client);
      let passed = 0;
      let chain = Promise.resolve();
      client.on('data', (piece: Buffer) => {
        chain = chain.then(async () => {
          for (const byte of passed < 40 ? piece : []) {
            upstream.write(Buffer.of(byte));
            await new Promise((resolve) => setImmediate(resolve));
          }
          if (passed >= 40) upstream.write(piece);
          passed += piece.length;
        });
      });
    });
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
    const { port } = relay.address() as net.AddressInfo;
    const client = await session({ ...listener, url: `http://127.0.0.1:${port}` });
    const answer = await ask(client, { ':path': '/slow' });
    expect(answer.body).toBe('2.0 GET /slow ');
    closeSessions();
    await new Promise((resolve) => relay.close(resolve));
  });

  test('a first piece that could be the start of both neither spins nor hangs', async () => {
    const listener = await open(echo);
    const socket = await connect(listener);
    const answer = drained(socket);
    socket.write('P');
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 400));
    const spent = process.cpuUsage(before);
    expect((spent.user + spent.system) / 1000).toBeLessThan(200);
    socket.write('OST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: close\r\n\r\nz');
    expect(parseAnswer((await answer).text).body).toContain('1.1 POST /p z');
  });

  test('a client that closes its half after the request still gets the answer', async () => {
    const listener = await open(echo);
    const socket = await connect(listener);
    const answer = drained(socket);
    socket.end('GET /h HTTP/1.0\r\n\r\n');
    expect(parseAnswer((await answer).text).body).toBe('1.0 GET /h ');
  });

  test('a connection that says nothing is closed after the head time-out', async () => {
    const listener = await open(echo, { timeouts: { head: 200, body: 5000, minRate: 1 } });
    const started = performance.now();
    expect((await exchange(listener)).text).toBe('');
    expect(performance.now() - started).toBeLessThan(4500);
  });

  test('half a preface is answered 408 after the head time-out', async () => {
    const listener = await open(echo, { timeouts: { head: 200, body: 5000, minRate: 1 } });
    const answer = parseAnswer((await exchange(listener, 'PRI * HT')).text);
    expect([answer.status, code(answer.body)]).toEqual([408, 'request_timeout']);
  });

  test('a head that never ends is answered 408: the inner HTTP/1.1 server runs its timers', async () => {
    const listener = await open(echo, { timeouts: { head: 300, body: 5000, minRate: 1 } });
    const answer = parseAnswer((await exchange(listener, 'GET / HTTP/1.1\r\nHost: a\r\n')).text);
    expect([answer.status, code(answer.body), answer.headers['x-lpa-code'], answer.headers.connection]).toEqual([
      408,
      'request_timeout',
      'request_timeout',
      'close',
    ]);
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('an HTTP/2 connection without a stream is closed after the head time-out, an idle one after the idle time-out', async () => {
    const listener = await open(echo, { timeouts: { head: 300, body: 5000, minRate: 1, idle: 600 } });
    const fresh = await session(listener);
    await once(fresh, 'close');
    const used = await session(listener);
    const from = performance.now();
    const closed = once(used, 'close');
    expect((await ask(used, { ':path': '/' })).body).toBe('2.0 GET / ');
    await closed;
    // The idle time begins with the end of that stream, so not before it was asked for.
    expect(performance.now() - from).toBeGreaterThan(590);
    await expect.poll(() => listener.connections()).toBe(0);
  });
});

describe('TLS', () => {
  test('ALPN decides between HTTP/2 and HTTP/1.1; without ALPN it is HTTP/1.1', async () => {
    const listener = await open(echo, { tls: serverTls });
    expect(listener.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const two = await ask(await session(listener), { ':path': '/t', ':method': 'POST' }, 'y');
    expect(two.body).toBe('2.0 POST /t y');
    for (const ALPNProtocols of [['http/1.1'], undefined]) {
      const socket = tls.connect({
        host: '127.0.0.1',
        port: listener.address.port,
        rejectUnauthorized: false,
        ...(ALPNProtocols === undefined ? {} : { ALPNProtocols }),
      });
      const answer = drained(socket);
      socket.write('GET /s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      expect(parseAnswer((await answer).text).body).toContain('1.1 GET /s');
    }
  });

  test('TLS 1.1 is refused', async () => {
    const listener = await open(echo, { tls: serverTls });
    const socket = tls.connect({
      host: '127.0.0.1',
      port: listener.address.port,
      rejectUnauthorized: false,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL@SECLEVEL=0',
    });
    const failed = await new Promise<string>((resolve) => {
      socket.once('error', (error: Error & { code?: string }) => resolve(error.code ?? ''));
      socket.once('secureConnect', () => resolve('connected'));
    });
    expect(failed).toMatch(/PROTOCOL_VERSION|ECONNRESET|UNSUPPORTED/);
  });

  test.each([
    ['optional', 'client', 200],
    ['optional', undefined, 200],
    ['optional', 'stranger', 200],
    ['required', 'client', 200],
    ['required', undefined, 0],
    ['required', 'stranger', 0],
  ] as const)('client certificates %s, presented: %s', async (clientCertificate, name, status) => {
    const seen: (string | undefined)[] = [];
    const listener = await open(
      (request, response) => {
        seen.push(peerCertificate(request)?.credential.value);
        (response as http.ServerResponse).end();
      },
      { tls: { ...serverTls, clientCa: pem('ca'), clientCertificate } },
    );
    const identity = name === undefined ? {} : { cert: pem(name), key: pem(`${name}-key`) };
    const socket = tls.connect({ host: '127.0.0.1', port: listener.address.port, rejectUnauthorized: false, ...identity });
    const answer = drained(socket);
    socket.write('GET /s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const { text } = await answer;
    expect(text === '' ? 0 : parseAnswer(text).status).toBe(status);
    const print = new X509Certificate(pem('client')).fingerprint256.replaceAll(':', '').toLowerCase();
    expect(seen).toEqual(status === 0 ? [] : [name === 'client' ? print : undefined]);
  });

  describe('once the authorities of clients have changed', () => {
    const identity = { cert: pem('client'), key: pem('client-key') };
    const seeing = async (clientCertificate: 'optional' | 'required') => {
      const seen: boolean[] = [];
      const listener = await open(
        (request, response) => {
          seen.push(peerCertificate(request) !== undefined);
          (response as http.ServerResponse).end();
        },
        { tls: { ...serverTls, clientCa: pem('ca'), clientCertificate } },
      );
      const change = (clientCa: string): void => listener.setSecureContext({ ...serverTls, clientCa, clientCertificate });
      return { seen, listener, change };
    };
    const secure = (port: number): Promise<tls.TLSSocket> =>
      new Promise((resolve, reject) => {
        const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...identity }, () => resolve(socket));
        socket.once('error', reject);
        socket.on('error', () => undefined);
      });
    const once = async (socket: tls.TLSSocket): Promise<void> => {
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await new Promise((resolve) => socket.once('data', resolve));
    };

    test('certificates of open connections count no longer, in either protocol; without a change they do', async () => {
      const { seen, listener, change } = await seeing('optional');
      const [one, two] = [await secure(listener.address.port), await session(listener, identity)];
      const both = async (): Promise<void> => {
        await once(one);
        await ask(two, { ':path': '/' });
      };
      await both();
      change(pem('ca'));
      await both();
      expect(seen.splice(0)).toEqual([true, true, true, true]);
      change(pem('stranger'));
      await both();
      await once(await secure(listener.address.port));
      expect(seen.splice(0)).toEqual([false, false, false]);
      change(pem('ca'));
      await both();
      await once(await secure(listener.address.port));
      expect(seen).toEqual([false, false, true]);
    });
    test('a listener without authorities of its own takes nobody from the public ones', async () => {
      const { seen, listener } = await seeing('optional');
      const publicly = tls.getCACertificates('default');
      tls.setDefaultCACertificates([pem('ca')]);
      try {
        listener.setSecureContext(serverTls);
        await once(await secure(listener.address.port));
      } finally {
        tls.setDefaultCACertificates(publicly);
      }
      expect(seen).toEqual([false]);
    });
    test('a connection that is open for its certificate alone ends', async () => {
      const { listener, change } = await seeing('required');
      const socket = await secure(listener.address.port);
      await once(socket);
      const closed = new Promise((resolve) => socket.once('close', resolve));
      change(pem('stranger'));
      await closed;
    });
    test('a handshake that began before ends', async () => {
      const { listener, change } = await seeing('optional');
      const socket = await connect(listener);
      // So that the other end is known to have it.
      await expect.poll(() => listener.connections()).toBe(1);
      const closed = drained(socket);
      change(pem('stranger'));
      expect((await closed).text).toBe('');
    });
  });

  test('a new certificate serves new connections, a broken one leaves the old', async () => {
    const listener = await open(echo, { tls: serverTls });
    const subject = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = tls.connect({ host: '127.0.0.1', port: listener.address.port, rejectUnauthorized: false }, () => {
          resolve(String(socket.getPeerCertificate().subject.CN));
          socket.destroy();
        });
        socket.once('error', reject);
      });
    expect(await subject()).toBe('localhost');
    expect(() => listener.setSecureContext({ cert: pem('second'), key: pem('server-key') })).toThrow();
    expect(await subject()).toBe('localhost');
    listener.setSecureContext({ cert: pem('second'), key: pem('second-key') });
    expect(await subject()).toBe('second.localhost');
  });

  test('a certificate and a key that do not fit fail before anything listens', async () => {
    await expect(open(echo, { tls: { cert: pem('server'), key: pem('second-key') } })).rejects.toThrow();
  });

  test('bytes that are not TLS cost that connection alone', async () => {
    const listener = await open(echo, { tls: serverTls });
    await exchange(listener, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect((await ask(await session(listener), { ':path': '/' })).body).toBe('2.0 GET / ');
  });
});

describe('headers', () => {
  const large = (bytes: number): string => 'h'.repeat(bytes);

  test('HTTP/1.1: 50 kB pass, 70 kB are 431 with our envelope, even when sent in one go', async () => {
    const listener = await open(echo);
    expect(parseAnswer((await exchange(listener, `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nx-large: ${large(50_000)}\r\n\r\n`)).text).status).toBe(
      200,
    );
    for (const bytes of [70_000, 2_000_000]) {
      const { text, reset } = await exchange(listener, `GET / HTTP/1.1\r\nHost: a\r\nx-large: ${large(bytes)}\r\n\r\n`);
      const answer = parseAnswer(text);
      expect([answer.status, code(answer.body), answer.headers['x-lpa-code'], reset]).toEqual([431, 'headers_too_large', 'headers_too_large', false]);
    }
  });

  test('HTTP/2: 50 kB pass, 70 kB are a stream reset and the connection lives on', async () => {
    const listener = await open(echo);
    const client = await session(listener);
    expect((await ask(client, { ':path': '/', 'x-large': large(50_000) })).headers[':status']).toBe(200);
    const refused = await ask(client, { ':path': '/', 'x-large': large(70_000) });
    expect([refused.headers[':status'], refused.rstCode === 0]).toEqual([undefined, false]);
    expect((await ask(client, { ':path': '/after' })).body).toBe('2.0 GET /after ');
  });

  test('more than 512 header lines are 431, never a silent cut of the list', async () => {
    const listener = await open(echo);
    const lines = (count: number): string => Array.from({ length: count }, (_, i) => `x-${i}: 1\r\n`).join('');
    expect(parseAnswer((await exchange(listener, `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines(500)}\r\n`)).text).status).toBe(200);
    expect(parseAnswer((await exchange(listener, `GET / HTTP/1.1\r\nHost: a\r\n${lines(2500)}\r\n`)).text).status).toBe(431);
  });

  test.each([
    ['two Host lines', 'Host: a\r\nHost: a\r\n'],
    ['no Host line', ''],
    ['an empty Host', 'Host:\r\n'],
    ['a Host with a path', 'Host: a/b?c=\r\n'],
    ['a Host with a fragment', 'Host: a#\r\n'],
    ['a Host with a user', 'Host: a@b\r\n'],
    ['a Host of 300 characters', `Host: ${large(300)}\r\n`],
  ])('%s is 400 and closes', async (_name, line) => {
    const listener = await open(echo);
    const answer = parseAnswer((await exchange(listener, `GET / HTTP/1.1\r\n${line}\r\n`)).text);
    expect([answer.status, code(answer.body), answer.headers.connection]).toEqual([400, 'invalid_request', 'close']);
  });

  test('an IPv6 Host passes', async () => {
    const listener = await open(echo);
    expect(parseAnswer((await exchange(listener, 'GET / HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n')).text).status).toBe(200);
  });

  test('HTTP/2: authority and host that differ are 400', async () => {
    const client = await session(await open(echo));
    const answer = await ask(client, { ':path': '/', ':authority': 'a', host: 'b' });
    expect([answer.headers[':status'], answer.headers['x-lpa-code']]).toEqual([400, 'invalid_request']);
    expect((await ask(client, { ':path': '/', ':authority': 'a', host: 'a' })).headers[':status']).toBe(200);
  });
});

describe('what is not served', () => {
  test.each([
    ['Upgrade: websocket', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
    ['Upgrade: h2c', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n'],
    ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n'],
  ])('%s is 426', async (_name, text) => {
    const answer = parseAnswer((await exchange(await open(echo), text)).text);
    expect([answer.status, code(answer.body), answer.headers['x-lpa-code'], answer.headers.connection]).toEqual([
      426,
      'upgrade_required',
      'upgrade_required',
      'close, upgrade',
    ]);
  });

  test('CONNECT over HTTP/2 is 426', async () => {
    const client = await session(await open(echo));
    const answer = await ask(client, { ':method': 'CONNECT', ':authority': 'example.com:443' }, '');
    expect([answer.headers[':status'], answer.headers['x-lpa-code']]).toEqual([426, 'upgrade_required']);
  });

  test('an expectation nobody knows is 417', async () => {
    const answer = parseAnswer((await exchange(await open(echo), 'POST / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 1\r\n\r\nx')).text);
    expect([answer.status, code(answer.body)]).toEqual([417, 'invalid_request']);
  });

  test.each([
    ['length and chunked', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc'],
    ['a signed length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc'],
    ['a hexadecimal length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc'],
    ['chunked, identity', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
    ['a space before the colon', 'POST / HTTP/1.1\r\nHost : a\r\nContent-Length: 0\r\n\r\n'],
    ['bare line feeds', 'POST / HTTP/1.1\nHost: a\nContent-Length: 0\n\n'],
    ['a folded header', 'POST / HTTP/1.1\r\nHost: a\r\nx-a: b\r\n c\r\nContent-Length: 0\r\n\r\n'],
    ['a negative chunk', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n'],
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00'],
  ])('%s: 400 in our envelope, connection closed, the request behind it is not read', async (_name, text) => {
    const { text: all } = await exchange(await open(echo), `${text}GET /second HTTP/1.1\r\nHost: a\r\n\r\n`);
    const answer = parseAnswer(all);
    expect([answer.status, code(answer.body), answer.headers.connection]).toEqual([400, 'invalid_request', 'close']);
    expect(all.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  test('a broken request behind an unanswered one closes the connection instead of answering in its place', async () => {
    const listener = await open(() => undefined);
    expect((await exchange(listener, 'GET /first HTTP/1.1\r\nHost: a\r\n\r\nBROKEN\r\n\r\n')).text).toBe('');
    expect(
      (await exchange(listener, 'GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')).text,
    ).toBe('');
  });

  test('chunk extensions without end are refused', async () => {
    const { text } = await exchange(
      await open(echo),
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;${large(1_000_000)}\r\nx\r\n0\r\n\r\n`,
    );
    expect(parseAnswer(text).status).toBe(413);
  });
  const large = (bytes: number): string => 'e'.repeat(bytes);
});

test('a handler that throws costs its own request a 500 and nothing else', async () => {
  const failures: object[] = [];
  const log = { info: () => undefined, warn: () => undefined, error: (fields: object) => void failures.push(fields) };
  const listener = await open(
    (request, response) => {
      // What HTTP/2 does with a hop-by-hop header of an upstream that was not stripped.
      if (request.url === '/hop') (response as http.ServerResponse).writeHead(200, { 'transfer-encoding': 'chunked' });
      if (request.url === '/bad') throw new Error('broken');
      (response as http.ServerResponse).end('fine');
    },
    { log },
  );
  const client = await session(listener);
  const hop = await ask(client, { ':path': '/hop' });
  expect([hop.headers[':status'], hop.headers['x-lpa-code'], code(hop.body)]).toEqual([500, 'internal_error', 'internal_error']);
  const bad = await fetch(`${listener.url}/bad`);
  expect([bad.status, bad.headers.get('x-lpa-code')]).toEqual([500, 'internal_error']);
  expect((await ask(client, { ':path': '/' })).body).toBe('fine');
  expect(failures).toHaveLength(2);
});

test('a port that is taken rejects listen with the system error', async () => {
  const first = await open(echo);
  await expect(open(echo, { port: first.address.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('two listeners share a port with reusePort', async () => {
  const first = await open(echo, { reusePort: true });
  const second = await open(echo, { reusePort: true, port: first.address.port });
  expect(second.address.port).toBe(first.address.port);
});
