import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError, isGatewayError, type Store } from '@llm-proxy-auth/plugin';
import type pg from 'pg';
import { failure, isAway, isBroken, isConflict } from './failure.ts';
import { migrate, type Session } from './migrate.ts';
import { openPool, type PoolOptions } from './pool.ts';
import { statements } from './statements.ts';

export interface StoreOptions extends PoolOptions {
  /** Epoch ms. */
  readonly now: () => number;
}
/** Tries of a call whose transaction the server undid. */
const TRIES = 4;

/** Brings the schema up to date on a connection of its own. */
const prepare = async (pool: pg.Pool, schema: string): Promise<void> => {
  const client = await pool.connect();
  try {
    await migrate(client as Session, schema);
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
};

/**
 * A store on a PostgreSQL server. A server that is away when it is opened makes the calls fail with `overloaded` until it answers;
 * every other reason why it cannot be used is thrown here.
 */
export const openStore = async (options: StoreOptions): Promise<Store> => {
  const { config, log, now } = options;
  const sql = statements(config.schema);
  let pool: Promise<pg.Pool> | undefined;
  let prepared: Promise<void> | undefined;
  let closed = false;

  const connected = async (): Promise<pg.Pool> => {
    if (closed) throw new GatewayError('internal_error', 'The store is closed.');
    pool ??= openPool(options);
    return pool;
  };
  const ready = async (): Promise<pg.Pool> => {
    const on = await connected();
    prepared ??= prepare(on, config.schema);
    const preparing = prepared;
    try {
      await preparing;
    } catch (error) {
      // The next call tries again.
      if (prepared === preparing) prepared = undefined;
      throw error;
    }
    return on;
  };
  const leave = async (left: Promise<pg.Pool> | undefined): Promise<void> => {
    // One that could not be opened has nothing to close.
    await (await left?.catch(() => undefined))?.end();
  };
  for (const secret of [config.url, config.tls?.ca, config.tls?.cert, config.tls?.key]) {
    secret?.onRotate(() => {
      const old = pool;
      pool = undefined;
      prepared = undefined;
      log.info({}, 'the address or the certificates of the PostgreSQL server have changed; new connections use them');
      void leave(old);
    });
  }
  const run = async <T>(work: (on: Session) => Promise<T>, isAgain: (error: unknown, tried: number) => boolean): Promise<T> => {
    for (let tried = 1; ; tried++) {
      try {
        return await work((await ready()) as Session);
      } catch (error) {
        if (isGatewayError(error)) throw error;
        if (closed || !isAgain(error, tried)) throw failure(error);
      }
      await sleep(5 * 2 ** tried * (0.5 + Math.random() / 2));
    }
  };
  // What became of a change whose connection broke nobody knows; a question may be asked once more on another connection.
  const isUndone = (error: unknown, tried: number): boolean => tried < TRIES && isConflict(error);
  const change = <T>(work: (on: Session) => Promise<T>): Promise<T> => run(work, isUndone);
  const ask = <T>(work: (on: Session) => Promise<T>): Promise<T> => run(work, (error, tried) => isUndone(error, tried) || (tried === 1 && isBroken(error)));
  try {
    await ready();
  } catch (error) {
    if (isGatewayError(error) || !isAway(error)) {
      closed = true;
      await leave(pool);
      throw isGatewayError(error) ? error : failure(error);
    }
    log.warn({ reason: failure(error).message }, 'the PostgreSQL server does not answer; it is tried again with every call');
  }
  return {
    get: (space, key) => ask((on) => sql.get(on, space, key)),
    list: (space, after, limit) => ask((on) => sql.list(on, space, after, limit)),
    commit: (changes) => change((on) => sql.commit(on, changes, now())),
    append: (name, rows) => change((on) => sql.append(on, name, rows)),
    read: (name, after, limit) => ask((on) => sql.read(on, name, after, limit)),
    changed: (since) => ask((on) => sql.changed(on, since)),
    close: async () => {
      if (closed) return;
      closed = true;
      await leave(pool);
    },
  };
};
