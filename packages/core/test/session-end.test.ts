import type { Host, Principal, Stored } from '@llm-proxy-auth/plugin';
import { describe, expect, test } from 'vitest';
import { opened, renewed, SESSION, type SessionRecord, wasReplaced } from '../src/sessions/record.ts';
import { endSession } from '../src/sessions/sessions.ts';

const BY: Principal = { id: 'key:a', owner: 'key:a', strategy: 'api-key', credential: 'a', groups: [], scopes: [], factor: 'none' };
const FIRST = SESSION.make();
const SECOND = SESSION.make(FIRST.id, SESSION.stemOf(FIRST.token));
const THIRD = SESSION.make(FIRST.id, SESSION.stemOf(FIRST.token));
const session = opened(FIRST, BY, 0, 1_000_000);

/** A store with one session; `between` writes another once, after it was read and before it is ended. */
const storeWith = (record: SessionRecord, between?: SessionRecord) => {
  let row: Stored | undefined = { value: { json: JSON.stringify(record) }, version: 1 };
  let pending = between;
  const store = {
    get: () => Promise.resolve(row),
    commit: ([{ expect: version }]: readonly [{ readonly expect: number }]) => {
      if (pending !== undefined) row = { value: { json: JSON.stringify(pending) }, version: (row?.version ?? 0) + 1 };
      pending = undefined;
      if (row?.version !== version) return Promise.resolve(false);
      row = undefined;
      return Promise.resolve(true);
    },
  };
  return { host: { store } as unknown as Host, left: () => row?.version };
};

describe('a session is ended for a token that was replaced', () => {
  const isReplay =
    (token: string) =>
    (record: SessionRecord): boolean =>
      wasReplaced(record, token);
  test('only while the store says that it was', async () => {
    const { host, left } = storeWith(renewed(session, SECOND.token, 1));
    expect([await endSession(host, FIRST.id, isReplay(SECOND.token)), left()]).toEqual([false, 1]);
    expect([await endSession(host, FIRST.id, isReplay(FIRST.token)), left()]).toEqual([true, undefined]);
    expect(await endSession(host, FIRST.id, isReplay(FIRST.token))).toBe(false);
  });
  test('what is written meanwhile is judged again', async () => {
    const second = renewed(session, SECOND.token, 1);
    // As an older replica sees it that has not read of the second token, and as it is by then.
    const third = renewed(session, THIRD.token, 1);
    const saved = storeWith(third, second);
    expect([await endSession(saved.host, FIRST.id, isReplay(SECOND.token)), saved.left()]).toEqual([false, 2]);
    const used = storeWith(second, { ...second, usedAt: 2 });
    expect([await endSession(used.host, FIRST.id, isReplay(FIRST.token)), used.left()]).toEqual([true, undefined]);
  });
});

test('since when a token counts as replaced', () => {
  const second = renewed(session, SECOND.token, 5);
  expect([4, 5].map((until) => wasReplaced(second, FIRST.token, until))).toEqual([false, true]);
  expect([wasReplaced(second, SECOND.token), wasReplaced(second, THIRD.token, 0), wasReplaced(second, SESSION.make(FIRST.id).token)]).toEqual([
    false,
    true,
    false,
  ]);
});
