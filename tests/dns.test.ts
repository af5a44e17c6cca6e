import dns, { type LookupAddress, type LookupOptions } from 'node:dns';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { spoken } from './support/answers.ts';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';

const HOST = 'provider.test';
const OLD = '127.0.0.1';
const NEW = '127.0.0.2';
type Resolution = (answer: (error: Error | null, addresses: LookupAddress[]) => void) => void;
const at =
  (address: string): Resolution =>
  (answer) =>
    answer(null, [{ address, family: 4 }]);
const failing =
  (code: string): Resolution =>
  (answer) =>
    answer(Object.assign(new Error(`getaddrinfo ${code} ${HOST}`), { code }), []);
const silent: Resolution = () => undefined;

/** The same port on two addresses; how many connections each was given. */
interface Place {
  readonly server: Server;
  readonly sockets: Set<Socket>;
  taken: number;
}
const openPlace = async (address: string, port: number, to: () => string): Promise<Place> => {
  const place: Place = { server: createServer(), sockets: new Set(), taken: 0 };
  place.server.on('connection', (near) => {
    place.taken++;
    const far = connect(Number(new URL(to()).port), new URL(to()).hostname);
    for (const [a, b] of [
      [near, far],
      [far, near],
    ] as const) {
      place.sockets.add(a);
      a.on('error', () => b.destroy()).on('close', () => place.sockets.delete(a));
      a.pipe(b);
    }
  });
  place.server.listen(port, address);
  await once(place.server, 'listening');
  return place;
};

describe('F59 names of providers that do not resolve, or to something else', () => {
  let bench: Bench;
  let places: { readonly old: Place; readonly moved: Place };
  let resolve: Resolution;
  let asked = 0;
  const { lookup } = dns;
  beforeAll(async () => {
    vi.spyOn(dns, 'lookup').mockImplementation(((host: string, options: LookupOptions, answer: (...result: unknown[]) => void) => {
      if (host !== HOST) return (lookup as (...all: unknown[]) => void)(host, options, answer);
      asked++;
      resolve((error, addresses) => process.nextTick(() => (options.all ? answer(error, addresses) : answer(error, addresses[0]?.address, 4))));
    }) as never);
  });
  beforeEach(async () => {
    const provider = (): string => bench.simulator.url;
    const old = await openPlace(OLD, 0, provider);
    const { port } = old.server.address() as AddressInfo;
    places = { old, moved: await openPlace(NEW, port, provider) };
    const upstream = { provider: 'openai', baseUrl: `http://${HOST}:${port}/v1`, apiKey: PROVIDER_KEY, insecureUpstream: true };
    bench = await openBench({ now: () => Date.now(), instances: { named: { ...upstream, timeouts: { connect: '500ms' } } } });
    resolve = at(OLD);
    asked = 0;
  });
  afterEach(async () => {
    vi.useRealTimers();
    await bench.close();
    for (const { server, sockets } of Object.values(places)) {
      server.close();
      for (const socket of sockets) socket.destroy();
    }
  });
  afterAll(() => vi.restoreAllMocks());
  const chat = (stream = false): Promise<Response> =>
    fetch(`${bench.url}/openai/named/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o-mini', stream, messages: [{ role: 'user', content: 'hi' }] }),
    });
  const outcome = async (answer: Promise<Response>): Promise<string> => {
    const got = await answer;
    await got.arrayBuffer();
    return `${got.status} ${got.headers.get('x-lpa-code') ?? ''}`.trim();
  };

  test.each([
    ['NXDOMAIN', failing('ENOTFOUND')],
    ['SERVFAIL', failing('EAI_AGAIN')],
  ])('%s is 502, and the first call after it is served', async (_name, broken) => {
    resolve = broken;
    expect(await Promise.all(Array.from({ length: 4 }, () => outcome(chat())))).toEqual(Array.from({ length: 4 }, () => '502 upstream_unreachable'));
    resolve = at(OLD);
    expect(await outcome(chat())).toBe('200');
    resolve = broken;
    // What is connected needs no name.
    expect(await outcome(chat())).toBe('200');
  });
  test('an answer that takes 10 s is waited for as long as connecting may take, once, and holds nothing up after that', async () => {
    resolve = silent;
    expect(await outcome(chat())).toBe('502 upstream_unreachable');
    expect(asked).toBe(1);
    resolve = at(OLD);
    expect(await outcome(chat())).toBe('200');
  });
  test('another address is in use within a minute although its connections never rest, and a stream that is open goes on', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    let finish: (() => void) | undefined;
    const until = new Promise<void>((done) => {
      finish = done;
    });
    const said = spoken('Hello');
    bench.simulator.script({ status: 200, headers: { 'content-type': 'text/event-stream' }, body: said, stall: { at: said.length - 40, until } });
    const stream = await chat(true);
    expect(await outcome(chat())).toBe('200');
    expect([places.old.taken, places.moved.taken]).toEqual([2, 0]);
    resolve = at(NEW);
    for (let second = 0; second < 60; second += 10) {
      vi.setSystemTime(Date.now() + 10_000);
      expect(await outcome(chat())).toBe('200');
    }
    expect([places.old.taken, places.moved.taken]).toEqual([2, 1]);
    finish?.();
    expect(await stream.text()).toBe(said);
    expect(await outcome(chat())).toBe('200');
    expect([places.old.taken, places.moved.taken]).toEqual([2, 1]);
  });
});
