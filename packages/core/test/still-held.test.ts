import { type AuthStrategy, GatewayError, type Principal } from '@llm-proxy-auth/plugin';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeAuthenticator } from '../src/access/authenticate.ts';
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

const caller: Principal = { id: 'signer:a', owner: 'signer:a', strategy: 'signed', credential: 'c', groups: [], scopes: [], factor: 'none' };
const head = readHead(['host', 'x', 'authorization', 'Bearer a-credential-of-some-length'], undefined, new Set(['bearer']));
const request = { method: 'POST', url: '/', rawHeaders: [], headers: {}, socket: {} } as unknown as Incoming;

/** A request whose body is awaited; `arrive` has it there, after a record of the strategy has changed or not. */
const held = (more: Partial<AuthStrategy>) => {
  const refused: unknown[] = [];
  const notes: string[] = [];
  const body = Promise.withResolvers<boolean>();
  let epoch = 7;
  const strategy: AuthStrategy = {
    slots: ['bearer'],
    challenge: '',
    issued: true,
    epoch: () => epoch,
    authenticate: () => ({ is: 'principal', principal: caller, cacheUntil: 0, epoch, body: { sha256: () => true } }),
    ...more,
  };
  const authenticate = makeAuthenticator(
    graph,
    [{ kind: 'signed', strategy }],
    verifiedCache(),
    (_, result) => notes.push(result),
    { refused: (why) => refused.push(why), accessed: () => undefined },
    () => true,
  );
  const peer = { address: '127.0.0.1', served: true, trusted: false, tls: false, request: 'r', port: 1 };
  const answer = Promise.resolve(authenticate(head, request, '/', peer, 0, () => body.promise));
  answer.catch(() => undefined);
  return {
    answer,
    refused,
    notes,
    arrive({ changed }: { readonly changed: boolean }) {
      if (changed) epoch++;
      body.resolve(true);
    },
  };
};

describe('a credential whose signature a late body proves', () => {
  test('is not asked for again where nothing has changed', async () => {
    let asked = 0;
    const one = held({ current: () => void asked++ });
    one.arrive({ changed: false });
    expect(await one.answer).toMatchObject({ principal: caller });
    expect(asked).toBe(0);
  });
  test('lets in with the rights that it has by then', async () => {
    const now = { ...caller, scopes: ['metrics'] };
    const one = held({ current: () => now });
    one.arrive({ changed: true });
    expect(await one.answer).toMatchObject({ principal: now });
    expect(one.notes).toEqual(['ok']);
  });
  test.each([
    ['that is gone', undefined],
    ['that has become another’s', { ...caller, owner: 'signer:b' }],
  ])('%s is refused, and told of by name', async (_, current) => {
    const one = held({ current: () => current });
    one.arrive({ changed: true });
    await expect(one.answer).rejects.toMatchObject({ code: 'invalid_credentials' });
    expect(one.notes).toEqual(['denied']);
    expect(one.refused).toEqual([expect.objectContaining({ reason: 'credential_gone', principal: caller.id, credential: 'c' })]);
  });
  test.each<[string, Partial<AuthStrategy>]>([
    [
      'whose store is away',
      {
        current: () => {
          throw new GatewayError('auth_unavailable', 'away');
        },
      },
    ],
    ['whose strategy fails', { current: () => Promise.reject(new Error('broken')) }],
    ['whose strategy does not know its credentials again', {}],
  ])('%s is 503', async (_, more) => {
    const one = held(more);
    one.arrive({ changed: true });
    await expect(one.answer).rejects.toMatchObject({ code: 'auth_unavailable', status: 503 });
    expect(one.notes).toEqual(['unavailable']);
  });
});
