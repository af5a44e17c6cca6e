import assert from 'node:assert/strict';
import type { Change, Store } from '@llm-proxy-auth/plugin';
import { type Rule, type Runner, runRules } from './runner.ts';

export interface StoreSubject {
  readonly kind: string;
  /** An empty store of its own. */
  open(): Store | Promise<Store>;
  /** What a store that outlives the process holds: opened again over the data of a store that was closed. */
  readonly reopen?: ((closed: Store) => Store | Promise<Store>) | undefined;
}
const put = (space: string, key: string, expect: number, json: string): Change => ({ space, key, expect, value: { json } });
const remove = (space: string, key: string, expect: number): Change => ({ space, key, expect });
const using = (f: (store: Store) => Promise<void>) => async (subject: StoreSubject) => {
  const store = await subject.open();
  try {
    await f(store);
  } finally {
    await store.close?.();
  }
};
const version = async (store: Store, space: string, key: string): Promise<number> => (await store.get(space, key))?.version ?? 0;
const odd = ["'; DROP TABLE rows; --", '%', '_', 'a/b/c', 'ключ', '🔑', 'a b', '"quoted"', 'x'.repeat(500), '__proto__', 'constructor'];
const texts = ['null', '"text"', '{"a": 1,  "b":[ ]}', '{"n":12345678901234567890.10}', '"\\u0000 \\ud83d\\ude00 🔑"', JSON.stringify('x'.repeat(1_000_000))];

const rowRules: readonly Rule<StoreSubject>[] = [
  {
    id: 'store.absent',
    says: 'a row that was never written is undefined',
    check: using(async (store) => {
      assert.equal(await store.get('space', 'key'), undefined);
      assert.deepEqual(await store.list('space', undefined, 10), []);
    }),
  },
  {
    id: 'store.verbatim',
    says: 'a value comes back as the JSON text that was written, and keys may be any text',
    check: using(async (store) => {
      for (const [index, json] of texts.entries()) {
        assert.equal(await store.commit([put('verbatim', `k${index}`, 0, json)]), true);
        assert.equal((await store.get('verbatim', `k${index}`))?.value.json, json);
      }
      for (const key of odd) {
        assert.equal(await store.commit([put('odd', key, 0, JSON.stringify(key))]), true, `${key} is not accepted`);
        assert.equal((await store.get('odd', key))?.value.json, JSON.stringify(key));
      }
    }),
  },
  {
    id: 'store.optimistic-versions',
    says: 'a commit succeeds only on the version that is there; 0 is an absent row',
    check: using(async (store) => {
      assert.equal(await store.commit([put('s', 'k', 0, '1')]), true);
      const first = await version(store, 's', 'k');
      assert.ok(first > 0, 'a written row has a version above 0');
      assert.equal(await store.commit([put('s', 'k', 0, '2')]), false, 'expecting absence of a row that is there');
      assert.equal(await store.commit([put('s', 'k', first + 1, '2')]), false, 'expecting a version that is not there');
      assert.equal(await store.commit([put('s', 'k', first, '2')]), true);
      assert.notEqual(await version(store, 's', 'k'), first, 'the version changes with the value');
      assert.equal(await store.commit([put('s', 'k', first, '"stale"')]), false, 'expecting the version before');
      assert.equal((await store.get('s', 'k'))?.value.json, '2');
    }),
  },
  {
    id: 'store.delete',
    says: 'a change without value deletes, under the same version rule',
    check: using(async (store) => {
      await store.commit([put('s', 'k', 0, '1')]);
      assert.equal(await store.commit([remove('s', 'k', (await version(store, 's', 'k')) + 1)]), false, 'deleting another version');
      assert.equal(await store.commit([remove('s', 'k', await version(store, 's', 'k'))]), true);
      assert.equal(await store.get('s', 'k'), undefined);
      assert.equal(await store.commit([put('s', 'k', 0, '2')]), true, 'a deleted row is absent again');
    }),
  },
  {
    id: 'store.all-or-nothing',
    says: 'one change that does not fit undoes the whole commit',
    check: using(async (store) => {
      await store.commit([put('s', 'old', 0, '1')]);
      assert.equal(await store.commit([put('s', 'new', 0, '1'), remove('s', 'old', 1_000_000)]), false);
      assert.equal(await store.get('s', 'new'), undefined, 'the change before the failing one stayed');
      assert.equal((await store.get('s', 'old'))?.value.json, '1');
      assert.equal(await store.commit([put('s', 'new', 0, '1'), put('t', 'new', 0, '2')]), true, 'one commit spans spaces');
    }),
  },
  {
    id: 'store.spaces-apart',
    says: 'the same key in two spaces is two rows',
    check: using(async (store) => {
      await store.commit([put('a', 'b/c', 0, '1'), put('a/b', 'c', 0, '2')]);
      assert.equal((await store.get('a', 'b/c'))?.value.json, '1');
      assert.equal((await store.get('a/b', 'c'))?.value.json, '2');
      assert.deepEqual(
        (await store.list('a', undefined, 10)).map((row) => row.key),
        ['b/c'],
      );
    }),
  },
];

const sequenceRules: readonly Rule<StoreSubject>[] = [
  {
    id: 'store.list-order',
    says: 'rows are listed in the order of their keys’ bytes, with value and version',
    check: using(async (store) => {
      const keys = ['b', 'a', 'B', 'aa', 'é', 'z', '10', '9'];
      await store.commit(keys.map((key) => put('s', key, 0, JSON.stringify(key))));
      const rows = await store.list('s', undefined, 100);
      assert.deepEqual(
        rows.map((row) => row.key),
        ['10', '9', 'B', 'a', 'aa', 'b', 'z', 'é'],
      );
      for (const row of rows) assert.deepEqual([row.value.json, row.version], [JSON.stringify(row.key), await version(store, 's', row.key)]);
    }),
  },
  {
    id: 'store.list-paging',
    says: 'a page starts strictly after the given key and holds no more than asked',
    check: using(async (store) => {
      const keys = Array.from({ length: 25 }, (_, index) => `k${String(index).padStart(3, '0')}`);
      await store.commit(keys.map((key) => put('s', key, 0, '1')));
      const seen: string[] = [];
      for (let page = await store.list('s', undefined, 10); page.length > 0; page = await store.list('s', seen.at(-1), 10)) {
        assert.ok(page.length <= 10, 'a page is longer than asked');
        seen.push(...page.map((row) => row.key));
        assert.ok(seen.length <= keys.length, 'a row is listed twice');
      }
      assert.deepEqual(seen, keys);
      assert.deepEqual(
        (await store.list('s', 'k0055', 1)).map((row) => row.key),
        ['k006'],
        'the key before a page need not exist',
      );
    }),
  },
  {
    id: 'store.log-order',
    says: 'rows of a log keep the order they were appended in and have rising sequences',
    check: using(async (store) => {
      await store.append('audit', [{ json: '1' }, { json: '2' }]);
      await store.append('audit', [{ json: '{"n": 3}' }]);
      await store.append('other', [{ json: '"elsewhere"' }]);
      const rows = await store.read('audit', 0, 10);
      assert.deepEqual(
        rows.map((row) => row.row.json),
        ['1', '2', '{"n": 3}'],
      );
      assert.ok(
        rows.every((row, index) => index === 0 || row.sequence > (rows[index - 1]?.sequence ?? 0)),
        'sequences do not rise',
      );
      assert.ok((rows[0]?.sequence ?? 0) > 0, 'sequences start above 0');
    }),
  },
  {
    id: 'store.log-paging',
    says: 'reading starts strictly after a sequence and holds no more than asked',
    check: using(async (store) => {
      await store.append(
        'audit',
        Array.from({ length: 10 }, (_, index) => ({ json: String(index) })),
      );
      const first = await store.read('audit', 0, 4);
      assert.equal(first.length, 4);
      const rest = await store.read('audit', first.at(-1)?.sequence ?? 0, 100);
      assert.deepEqual(
        rest.map((row) => row.row.json),
        ['4', '5', '6', '7', '8', '9'],
      );
      assert.deepEqual(await store.read('audit', rest.at(-1)?.sequence ?? 0, 100), []);
    }),
  },
  {
    id: 'store.changed-epoch',
    says: 'changed names what was committed since an epoch, written and deleted alike, and refused commits leave no trace',
    check: using(async (store) => {
      const { epoch: start } = await store.changed(0);
      await store.commit([put('s', 'a', 0, '1'), put('t', 'b', 0, '1')]);
      const written = await store.changed(start);
      assert.ok(written.epoch > start, 'the epoch rises with a commit');
      assert.deepEqual(written.keys.toSorted(), ['s/a', 't/b']);
      assert.equal(await store.commit([put('s', 'c', 7, '1')]), false);
      assert.deepEqual(await store.changed(written.epoch), { epoch: written.epoch, keys: [] });
      await store.commit([remove('s', 'a', await version(store, 's', 'a'))]);
      assert.deepEqual((await store.changed(written.epoch)).keys, ['s/a']);
    }),
  },
];

const lifeRules: readonly Rule<StoreSubject>[] = [
  {
    id: 'store.concurrent-commits',
    says: 'of many commits on one version exactly one succeeds, and no increment is lost',
    check: using(async (store) => {
      await store.commit([put('s', 'k', 0, '0')]);
      const expected = await version(store, 's', 'k');
      const results = await Promise.all(Array.from({ length: 20 }, (_, index) => store.commit([put('s', 'k', expected, String(index))])));
      assert.equal(results.filter(Boolean).length, 1);
      await store.commit([put('s', 'n', 0, '0')]);
      await Promise.all(Array.from({ length: 10 }, () => increment(store)));
      assert.equal((await store.get('s', 'n'))?.value.json, '10');
    }),
  },
  {
    id: 'store.concurrent-appends',
    says: 'rows appended at once all arrive, each batch unbroken',
    check: using(async (store) => {
      await Promise.all(Array.from({ length: 10 }, (_, batch) => store.append('log', [{ json: `"${batch}a"` }, { json: `"${batch}b"` }])));
      const rows = (await store.read('log', 0, 100)).map((row) => row.row.json.slice(1, -1));
      assert.equal(rows.length, 20);
      for (const [index, row] of rows.entries()) if (row.endsWith('a')) assert.equal(rows[index + 1], `${row.slice(0, -1)}b`);
    }),
  },
  {
    id: 'store.reopen',
    says: 'what was committed and appended is there after closing and opening again',
    absent: (subject) => (subject.reopen === undefined ? 'the store does not outlive the process' : undefined),
    async check(subject) {
      const before = await subject.open();
      await before.commit([put('s', 'k', 0, '"kept"')]);
      await before.append('log', [{ json: '"row"' }]);
      const { epoch } = await before.changed(0);
      const was = await version(before, 's', 'k');
      await before.close?.();
      const after = (await subject.reopen?.(before)) ?? before;
      try {
        assert.deepEqual(await after.get('s', 'k'), { value: { json: '"kept"' }, version: was });
        assert.deepEqual(
          (await after.read('log', 0, 10)).map((row) => row.row.json),
          ['"row"'],
        );
        assert.ok((await after.changed(epoch)).epoch >= epoch, 'the epoch fell');
      } finally {
        await after.close?.();
      }
    },
  },
];
const increment = async (store: Store): Promise<void> => {
  for (;;) {
    const row = await store.get('s', 'n');
    const next = String(Number(row?.value.json ?? '0') + 1);
    if (await store.commit([put('s', 'n', row?.version ?? 0, next)])) return;
  }
};

export const storeRules: readonly Rule<StoreSubject>[] = [...rowRules, ...sequenceRules, ...lifeRules];

/** Rules of a store plugin. */
export const storeSuite = (runner: Runner, subject: StoreSubject): void => runRules(runner, `store ${subject.kind}`, storeRules, subject);
