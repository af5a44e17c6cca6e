import type { Change, Counters, Store, Taken } from '@llm-proxy-auth/plugin';

/** The part of a store that belongs to one plugin: spaces and logs carry its name, `changed` tells of its own alone. */
export const storeOf = (owner: string, store: () => Store): Store => {
  const own = (space: string): string => `${owner}:${space}`;
  const prefix = own('');
  return Object.freeze<Store>({
    get: (space, key) => store().get(own(space), key),
    list: (space, after, limit) => store().list(own(space), after, limit),
    commit: (changes) => store().commit(changes.map((c): Change => ({ ...c, space: own(c.space) }))),
    append: (log, rows) => store().append(own(log), rows),
    read: (log, after, limit) => store().read(own(log), after, limit),
    async changed(since) {
      const { epoch, keys } = await store().changed(since);
      return { epoch, keys: keys.filter((k) => k.startsWith(prefix)).map((k) => k.slice(prefix.length)) };
    },
  });
};

/** The store as it is, by a handle that exists before it. */
export const wholeStore = (store: () => Store): Store =>
  Object.freeze<Store>({
    get: (space, key) => store().get(space, key),
    list: (space, after, limit) => store().list(space, after, limit),
    commit: (changes) => store().commit(changes),
    append: (log, rows) => store().append(log, rows),
    read: (log, after, limit) => store().read(log, after, limit),
    changed: (since) => store().changed(since),
  });

const stripped = (prefix: string, taken: Taken): Taken => {
  const own = (key: string): string => (key.startsWith(prefix) ? key.slice(prefix.length) : key);
  if (!taken.ok) return { ...taken, key: own(taken.key) };
  return taken.left === undefined ? taken : { ...taken, left: taken.left.map((l) => ({ ...l, key: own(l.key) })) };
};
/** The part of the counters that belongs to one plugin. */
export const countersOf = (owner: string, counters: () => Counters): Counters => {
  const prefix = `${owner}:`;
  return Object.freeze<Counters>({
    take(claims, now) {
      const taken = counters().take(
        claims.map((c) => ({ ...c, key: prefix + c.key })),
        now,
      );
      return taken instanceof Promise ? taken.then((t) => stripped(prefix, t)) : stripped(prefix, taken);
    },
    beat: (leases, now) => counters().beat(leases, now),
    degraded: () => counters().degraded?.() === true,
    settle: (lease, actual) =>
      counters().settle(
        lease,
        actual.map((a) => ({ ...a, key: prefix + a.key })),
      ),
  });
};
