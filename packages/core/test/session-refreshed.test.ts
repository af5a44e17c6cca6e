import type { AuthRequest, AuthResult, Change, Host, Principal, Stored } from '@llm-proxy-auth/plugin';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Strategy } from '../src/graph.ts';
import { SESSION } from '../src/sessions/record.ts';
import { makeSessions, type Sessions } from '../src/sessions/sessions.ts';
import { findSession, replayedBy, sessionStrategy } from '../src/sessions/strategy.ts';

const HOUR = 3_600_000;
const BY: Principal = { id: 'key:a', owner: 'key:a', strategy: 'api-key', credential: 'a', groups: [], scopes: [], factor: 'none' };
const KEYS = { kind: 'api-key', strategy: { slots: ['api-key'], current: () => Promise.resolve(BY), epoch: () => 0 } } as unknown as Strategy;

/** A store in memory that several processes share. */
const sharedStore = () => {
  const rows = new Map<string, Stored>();
  const changes: (readonly [epoch: number, key: string])[] = [];
  let epoch = 1;
  let reads = 0;
  return {
    rows,
    reads: () => reads,
    store: {
      get: (space: string, key: string) => {
        reads++;
        return Promise.resolve(rows.get(`${space}/${key}`));
      },
      list: (space: string) => Promise.resolve([...rows].map(([key, row]) => ({ key: key.slice(space.length + 1), ...row }))),
      changed: (since: number) => Promise.resolve({ epoch, keys: changes.filter(([at]) => at > since).map(([, key]) => key) }),
      commit: (writes: readonly Change[]) => {
        if (writes.some(({ space, key, expect: version }) => (rows.get(`${space}/${key}`)?.version ?? 0) !== version)) return Promise.resolve(false);
        for (const { space, key, value } of writes) {
          changes.push([++epoch, `${space}/${key}`]);
          if (value === undefined) rows.delete(`${space}/${key}`);
          else rows.set(`${space}/${key}`, { value, version: epoch });
        }
        return Promise.resolve(true);
      },
    },
  };
};

let now = 0;
let shared: ReturnType<typeof sharedStore>;
let here: Sessions;
let there: Sessions;
let hosts: ReadonlyMap<Sessions, Host>;
beforeEach(() => {
  // Nobody reads what has changed but the test.
  vi.useFakeTimers({ toFake: ['setInterval'] });
  now = 1_000_000;
  shared = sharedStore();
  const log = { warn: () => undefined, info: () => undefined };
  const hostOf = (): Host => ({ store: shared.store, log, now: () => now, signal: new AbortController().signal }) as unknown as Host;
  const made = [hostOf(), hostOf()].map((host) => [makeSessions(host, [KEYS], { ttl: 12 * HOUR, idle: 2 * HOUR }), host] as const);
  hosts = new Map(made);
  [here, there] = [...hosts.keys()] as [Sessions, Sessions];
});

afterEach(() => {
  vi.useRealTimers();
});

const idOf = (token: string): string => SESSION.idOf(token) ?? '';
const asked = async (at: Sessions, value: string): Promise<AuthResult> =>
  sessionStrategy(at, hosts.get(at) as Host).strategy.authenticate({ credential: { slot: 'session', value } } as AuthRequest);
const said = async (at: Sessions, token: string): Promise<string> => {
  const result = await asked(at, token);
  return result.is === 'denied' ? result.reason : result.is;
};
/** A session that both know as it is now. */
const known = async (): Promise<string> => {
  const { token } = await here.open(BY);
  await Promise.all([here.book.refresh(), there.book.refresh()]);
  expect([await said(here, token), await said(there, token)]).toEqual(['principal', 'principal']);
  return token;
};
const refreshed = async (at: Sessions, token: string): Promise<string> => {
  const entry = await findSession(at, idOf(token), token, now);
  const issued = entry === undefined ? undefined : await at.refresh(entry, token);
  return issued?.token ?? '';
};

describe('a process that has not read of a refresh elsewhere', () => {
  test('lets the new token in', async () => {
    const second = await refreshed(here, await known());
    expect([await said(there, second), await said(here, second)]).toEqual(['principal', 'principal']);
  });
  test('refreshes the new token, and the first process goes on with that one', async () => {
    const third = await refreshed(there, await refreshed(here, await known()));
    expect([await said(here, third), await said(there, third)]).toEqual(['principal', 'principal']);
  });
  test('ends the session when the token before is used later', async () => {
    const first = await known();
    const second = await refreshed(here, first);
    expect([await said(there, second), await said(there, first), shared.rows.size]).toEqual(['principal', 'replaced', 1]);
    now += 60_000;
    const result = await asked(there, first);
    expect([replayedBy(result)?.target, shared.rows.size]).toEqual([idOf(first), 0]);
    expect(await said(here, first)).toBe('unknown');
  });
});
test('a process that has not read of a use elsewhere does not call the session idle', async () => {
  const token = await known();
  now += 1.9 * HOUR;
  expect(await said(here, token)).toBe('principal');
  await new Promise(setImmediate);
  now += 0.2 * HOUR;
  expect(await said(there, token)).toBe('principal');
  now += 2 * HOUR;
  expect([await said(there, token), await said(here, token)]).toEqual(['expired', 'expired']);
});
test('the token that counts is known without a reading of the store', async () => {
  const token = await known();
  const before = shared.reads();
  expect([await said(there, token), shared.reads()]).toEqual(['principal', before]);
});
