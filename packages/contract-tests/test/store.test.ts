import type { Change, Store } from '@llm-proxy-auth/plugin';
import { memoryStore, type StoreSubject, storeRules } from '../src/index.ts';
import { provesRules } from './broken.ts';

/** A store that closes and opens again over the same rows. */
const subject = (change: (store: Store) => Partial<Store> = () => ({}), lose = false): StoreSubject => {
  const inner = new WeakMap<Store, Store>();
  const wrap = (store: Store): Store => {
    const whole = { ...store, ...change(store) };
    inner.set(whole, store);
    return whole;
  };
  return { kind: 'acme', open: () => wrap(memoryStore()), reopen: (closed) => wrap(lose ? memoryStore() : (inner.get(closed) ?? memoryStore())) };
};
const committing = (change: (changes: readonly Change[], store: Store) => Promise<boolean>): StoreSubject =>
  subject((store) => ({ commit: (changes) => change(changes, store) }));
const settled = async (f: () => Promise<unknown>): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
  await f();
};

provesRules('store rules', storeRules, subject(), {
  'store.absent': subject((store) => ({ get: async (space, key) => (space === 'space' ? { value: { json: 'null' }, version: 0 } : store.get(space, key)) })),
  'store.verbatim': committing((changes, store) =>
    store.commit(
      changes.map((change) =>
        change.space === 'verbatim' && change.value !== undefined ? { ...change, value: { json: JSON.stringify(JSON.parse(change.value.json)) } } : change,
      ),
    ),
  ),
  'store.optimistic-versions': committing(async (changes, store) =>
    changes.some((change) => change.value?.json === '"stale"') ? true : store.commit(changes),
  ),
  'store.delete': committing(async (changes, store) => {
    const [change] = changes;
    if (changes.length !== 1 || change === undefined || change.value !== undefined) return store.commit(changes);
    const version = (await store.get(change.space, change.key))?.version ?? 0;
    return store.commit([{ ...change, expect: version }]);
  }),
  'store.all-or-nothing': committing(async (changes, store) => {
    const results = [];
    for (const change of changes) results.push(await store.commit([change]));
    return results.every(Boolean);
  }),
  'store.spaces-apart': subject((store) => {
    const flat = (space: string, key: string) => (space.startsWith('a') ? (['flat', `${space}/${key}`] as const) : ([space, key] as const));
    return {
      get: (space, key) => store.get(...flat(space, key)),
      commit: (changes) =>
        store.commit(changes.map((change) => ({ ...change, space: flat(change.space, change.key)[0], key: flat(change.space, change.key)[1] }))),
    };
  }),
  'store.list-order': subject((store) => ({ list: async (...range) => (await store.list(...range)).toSorted((a, b) => a.key.localeCompare(b.key)) })),
  'store.list-paging': subject((store) => ({
    list: async (space, after, limit) => (after === undefined ? store.list(space, after, limit) : store.list(space, after, limit + 1)),
  })),
  'store.log-order': subject((store) => ({ append: (log, rows) => store.append(log, log === 'audit' && rows.length === 2 ? rows.toReversed() : rows) })),
  'store.log-paging': subject((store) => ({ read: (log, after, limit) => store.read(log, after, limit + 1) })),
  'store.changed-epoch': subject((store) => ({
    changed: async (since) => {
      const { epoch, keys } = await store.changed(since);
      return { epoch, keys: keys.slice(0, 1) };
    },
  })),
  'store.concurrent-commits': committing(async (changes, store) => {
    const fits = (await Promise.all(changes.map(async (change) => ((await store.get(change.space, change.key))?.version ?? 0) === change.expect))).every(
      Boolean,
    );
    if (!fits) return false;
    await settled(async () =>
      store.commit(await Promise.all(changes.map(async (change) => ({ ...change, expect: (await store.get(change.space, change.key))?.version ?? 0 })))),
    );
    return true;
  }),
  'store.concurrent-appends': subject((store) => ({
    append: async (log, rows) => {
      for (const row of rows) await settled(() => store.append(log, [row]));
    },
  })),
  'store.reopen': subject(() => ({}), true),
});
