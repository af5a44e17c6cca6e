import { fakeHost, memoryStore } from '@llm-proxy-auth/contract-tests';
import type { AuthRequest, Host, Principal, Store } from '@llm-proxy-auth/plugin';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Strategy } from '../src/graph.ts';
import { SESSIONS, type SessionRecord } from '../src/sessions/record.ts';
import { makeSessions, type Sessions } from '../src/sessions/sessions.ts';
import { sessionStrategy } from '../src/sessions/strategy.ts';

const BY: Principal = { id: 'key:a', owner: 'key:a', strategy: 'api-key', credential: 'a', groups: [], scopes: [], factor: 'none' };
const KEYS = { kind: 'api-key', strategy: { slots: ['api-key'], current: () => Promise.resolve(BY), epoch: () => 0 } } as unknown as Strategy;

/** A store whose next answer, once it is `held`, is known but arrives only after `release`; `read` is settled when it is known. */
const slowStore = () => {
  const store = memoryStore();
  const held = (kind: 'get' | 'list') => {
    const [read, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const hold = async <T>(answer: Promise<T>): Promise<T> => {
      const old = await answer;
      read.resolve();
      await released.promise;
      return old;
    };
    if (kind === 'get') vi.spyOn(store, 'get').mockImplementationOnce((...asked) => hold(memory.get(...asked)));
    else vi.spyOn(store, 'list').mockImplementationOnce((...asked) => hold(memory.list(...asked)));
    return { read: read.promise, release: released.resolve };
  };
  const memory: Store = { ...store };
  return { store, held };
};
const used = async (store: Store, { id, usedAt, ...rest }: SessionRecord): Promise<boolean> => {
  const version = (await store.get(SESSIONS, id))?.version ?? 0;
  return store.commit([{ space: SESSIONS, key: id, expect: version, value: { json: JSON.stringify({ ...rest, id, usedAt: usedAt + 1 }) } }]);
};
const said = async (sessions: Sessions, host: Host, value: string): Promise<string> =>
  (await sessionStrategy(sessions, host).strategy.authenticate({ credential: { slot: 'session', value } } as AuthRequest)).is;

// Nobody reads what has changed but the test.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval'] }));
afterEach(() => void vi.useRealTimers());

const open = (store: Store) => {
  const host = fakeHost({ store });
  return { host, sessions: makeSessions(host, [KEYS], { ttl: 43_200_000, idle: undefined }) };
};

/** A session that was used elsewhere: its older row has been read, and comes with `release`. */
const changing = async () => {
  const { store, held } = slowStore();
  const { host, sessions } = open(store);
  const { token, record } = await sessions.open(BY);
  await sessions.book.refresh();
  expect(await used(store, record)).toBe(true);
  const { read, release } = held('get');
  const refreshing = sessions.book.refresh();
  await read;
  return { host, sessions, token, record, release, refreshing };
};

test('a session that ends while what has changed is being read stays ended', async () => {
  const { host, sessions, token, record, release, refreshing } = await changing();
  expect([await sessions.end(record.id), await said(sessions, host, token)]).toEqual([true, 'denied']);
  release();
  await refreshing;
  expect(await said(sessions, host, token)).toBe('denied');
});

test('a session that ends while all are being read stays ended', async () => {
  const { store, held } = slowStore();
  const { token, record } = await open(store).sessions.open(BY);
  const { read, release } = held('list');
  const { host, sessions } = open(store);
  await read;
  expect(await sessions.end(record.id)).toBe(true);
  release();
  await vi.waitUntil(() => sessions.book.freshFor() > 0, { interval: 0 });
  expect(await said(sessions, host, token)).toBe('denied');
});

test('a session that is used while what has changed is being read goes on', async () => {
  const { host, sessions, token, record, release, refreshing } = await changing();
  sessions.book.forget([record.id]);
  expect(await said(sessions, host, token)).toBe('principal');
  release();
  await refreshing;
  expect(await said(sessions, host, token)).toBe('principal');
});
