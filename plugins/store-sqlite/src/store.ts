import { GatewayError, isGatewayError, type Logger, type Store } from '@llm-proxy-auth/plugin';
import { type Checkpoints, checkpoints } from './checkpoints.ts';
import { failure, isBusy } from './failure.ts';
import { MEMORY, open } from './open.ts';
import { patiently } from './patiently.ts';
import { statements } from './statements.ts';

export interface StoreOptions {
  /** Absolute path or `:memory:`. */
  readonly path: string;
  readonly log: Logger;
  /** Epoch ms. */
  readonly now: () => number;
}

/**
 * A store in one file. A file that another process has locked when it is opened makes the calls fail with `overloaded` until it
 * is free; every other reason why it cannot be opened is thrown here.
 */
export const openStore = async ({ path, log, now }: StoreOptions): Promise<Store> => {
  let calls: ReturnType<typeof statements> | undefined;
  let tidying: Checkpoints | undefined;
  let closed = false;
  const ready = (): ReturnType<typeof statements> => {
    if (closed) throw new GatewayError('internal_error', `The store ${path} is closed.`);
    if (calls !== undefined) return calls;
    const db = open(path, log);
    tidying = path === MEMORY ? undefined : checkpoints(db, path, log);
    calls = statements(db, (size) => tidying?.written(size));
    return calls;
  };
  /** One of those that wait may write so much that the others wait again. */
  const room = async (): Promise<void> => {
    while (tidying?.room !== undefined) await tidying.room;
  };
  const run = async <T>(work: (calls: ReturnType<typeof statements>) => T): Promise<T> => {
    try {
      return await patiently(() => work(ready()));
    } catch (error) {
      throw isGatewayError(error) ? error : failure(path, error);
    }
  };
  try {
    await patiently(ready);
  } catch (error) {
    if (!isBusy(error)) throw isGatewayError(error) ? error : failure(path, error);
    log.warn({ path }, 'the store is locked by another process; it is tried again with every call');
  }
  return {
    get: (space, key) => run((on) => on.get(space, key)),
    list: (space, after, limit) => run((on) => on.list(space, after, limit)),
    async commit(changes) {
      await room();
      return run((on) => on.commit(changes, now()));
    },
    append: async (name, rows) => {
      await room();
      await run((on) => on.append(name, rows));
    },
    read: (name, after, limit) => run((on) => on.read(name, after, limit)),
    changed: (since) => run((on) => on.changed(since)),
    close: async () => {
      closed = true;
      // The last connection that is closed works the log in and removes it.
      await tidying?.close();
      calls?.close();
      calls = undefined;
    },
  };
};
