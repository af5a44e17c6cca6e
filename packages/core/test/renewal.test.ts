import type { AuthResult, Principal } from '@llm-proxy-auth/plugin';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Authenticator, makeAuthenticator } from '../src/access/authenticate.ts';
import { verifiedCache } from '../src/access/verified-cache.ts';
import type { Incoming } from '../src/call/exchange.ts';
import type { Graph } from '../src/graph.ts';
import { readHead } from '../src/http/head.ts';
import { GOOD, makeWorld, type World } from './world.ts';

let world: World;
let graph: Graph;
beforeAll(async () => {
  world = makeWorld();
  graph = await world.load(GOOD);
});
afterAll(() => world.dispose());

const TERM = 30_000;
const caller = (id: string): Principal => ({ id, owner: id, strategy: 's', credential: 'c', groups: [], scopes: [], factor: 'none' });
const head = readHead(['host', 'x', 'authorization', 'Bearer a-credential-of-some-length'], undefined, new Set(['bearer']));
const request = { method: 'POST', url: '/', rawHeaders: [], headers: {}, socket: {} } as unknown as Incoming;
/** A strategy that gives these answers one after another, and what it was asked at. */
const gateway = (...answers: ((now: number) => AuthResult | Promise<AuthResult>)[]) => {
  const refused: unknown[] = [];
  let asked = 0;
  let now = 0;
  const strategy = {
    slots: ['bearer'] as const,
    challenge: '',
    issued: false,
    authenticate: () => answers[Math.min(asked++, answers.length - 1)]?.(now) ?? { is: 'not-mine' as const },
  };
  const authenticate: Authenticator = makeAuthenticator(
    graph,
    [{ kind: 's', strategy }],
    verifiedCache(),
    () => undefined,
    { refused: (why) => refused.push(why), accessed: () => undefined },
    () => true,
  );
  return {
    refused,
    asked: () => asked,
    at(time: number) {
      now = time;
      const peer = { address: '127.0.0.1', served: true, trusted: false, tls: false, request: 'r', port: 1 };
      return authenticate(head, request, '/', peer, time, () => true);
    },
  };
};
const good = (id: string) => (now: number) => ({ is: 'principal' as const, principal: caller(id), cacheUntil: now + TERM, epoch: 0 });
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a caller who stays waits for the strategy once', async () => {
  const g = gateway(good('first'), good('second'));
  expect(await g.at(0)).toMatchObject({ principal: { id: 'first' } });
  for (const time of [1, 19_999]) expect(g.at(time)).toMatchObject({ principal: { id: 'first' } });
  expect(g.asked()).toBe(1);
  // This one is served by what is remembered, and what comes of the question serves the next.
  for (const time of [20_000, 20_001]) expect(g.at(time)).toMatchObject({ principal: { id: 'first' } });
  await turn();
  expect(g.asked()).toBe(2);
  expect(g.at(20_002)).toMatchObject({ principal: { id: 'second' } });
  expect(g.at(39_999)).toMatchObject({ principal: { id: 'second' } });
  expect(g.asked()).toBe(2);
});
test('one who is refused behind a request is refused with the next, and told of once', async () => {
  const g = gateway(good('first'), () => ({ is: 'denied', reason: 'revoked' }));
  await g.at(0);
  expect(g.at(20_000)).toMatchObject({ principal: { id: 'first' } });
  await turn();
  expect(g.refused).toEqual([]);
  await expect(Promise.resolve(g.at(20_001))).rejects.toMatchObject({ code: 'invalid_credentials' });
  expect(g.refused).toMatchObject([{ reason: 'revoked' }]);
});
test('a strategy that cannot be asked changes nothing before the end, and nothing lasts beyond it', async () => {
  const g = gateway(good('first'), () => ({ is: 'unavailable', reason: 'away', retryAfterMs: 1 }));
  await g.at(0);
  g.at(20_000);
  await turn();
  expect(g.at(29_999)).toMatchObject({ principal: { id: 'first' } });
  await expect(Promise.resolve(g.at(30_000))).rejects.toMatchObject({ code: 'auth_unavailable' });
  expect(g.refused).toHaveLength(1);
});
test('a strategy that could not be asked is asked again a second later', async () => {
  const g = gateway(good('first'), () => ({ is: 'unavailable', reason: 'away', retryAfterMs: 1 }), good('second'));
  await g.at(0);
  g.at(20_000);
  await turn();
  for (const time of [20_999, 21_000]) expect(g.at(time)).toMatchObject({ principal: { id: 'first' } });
  await turn();
  expect(g.asked()).toBe(3);
  expect(g.at(30_000)).toMatchObject({ principal: { id: 'second' } });
});
test('a credential that nobody knows any more is forgotten', async () => {
  const g = gateway(good('first'), () => ({ is: 'not-mine' }));
  await g.at(0);
  g.at(20_000);
  await turn();
  await expect(Promise.resolve(g.at(20_001))).rejects.toMatchObject({ code: 'invalid_credentials' });
});
test('an answer that comes too late lets nobody in who was refused meanwhile', async () => {
  const late = Promise.withResolvers<AuthResult>();
  const g = gateway(
    good('first'),
    () => late.promise,
    () => ({ is: 'denied', reason: 'revoked' }),
  );
  await g.at(0);
  g.at(20_000);
  await expect(Promise.resolve(g.at(30_000))).rejects.toMatchObject({ code: 'invalid_credentials' });
  late.resolve(good('late')(20_000));
  await turn();
  for (const time of [30_001, 49_999]) await expect(Promise.resolve().then(() => g.at(time))).rejects.toMatchObject({ code: 'invalid_credentials' });
});
test('an answer that comes late replaces nothing newer', async () => {
  const late = Promise.withResolvers<AuthResult>();
  const g = gateway(good('first'), () => late.promise, good('newer'));
  await g.at(0);
  g.at(20_000);
  await g.at(30_000);
  late.resolve(good('late')(20_000));
  await turn();
  expect(g.at(30_001)).toMatchObject({ principal: { id: 'newer' } });
});
test('whoever must be proven by a body is not remembered', async () => {
  const g = gateway(good('first'), (now) => ({ ...good('second')(now), body: { sha256: () => true } }) as unknown as AuthResult);
  await g.at(0);
  g.at(20_000);
  await turn();
  for (const asked of [2, 3]) {
    expect(g.asked()).toBe(asked);
    await g.at(20_001);
  }
});
