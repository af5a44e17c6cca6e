import type { Logger, Secret } from '@llm-proxy-auth/plugin';
import pg from 'pg';
import { addressOf } from './address.ts';
import type { Config } from './config.ts';
import { protectionOf } from './protection.ts';

/** OIDs of PostgreSQL's types: `bigint` comes as a number, everything else as `pg` reads it. */
const BIGINT = 20;
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text') => (oid === BIGINT ? Number : pg.types.getTypeParser(oid, format))) as pg.CustomTypesConfig['getTypeParser'],
};
export interface PoolOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly reveal: (secret: Secret) => Promise<string>;
}

/** Connections by the address as it is now. Everything is said here: `pg` would fill what is left out from the environment. */
export const openPool = async ({ config, log, reveal }: PoolOptions): Promise<pg.Pool> => {
  const { host, port, database, user, password } = addressOf(await reveal(config.url));
  const { timeouts, tls, connections } = config;
  const pool = new pg.Pool({
    host,
    port,
    database,
    user,
    // As a function it is asked for with every connection, and an empty one does not send `pg` to other places.
    password: async () => password ?? (config.password === undefined ? '' : reveal(config.password)),
    ssl: await protectionOf(tls, host, reveal),
    application_name: 'llm-proxy-auth',
    options: '-c client_min_messages=warning',
    client_encoding: 'UTF8',
    max: connections,
    connectionTimeoutMillis: timeouts.connect,
    idleTimeoutMillis: timeouts.idle,
    statement_timeout: timeouts.query,
    lock_timeout: timeouts.query,
    idle_in_transaction_session_timeout: timeouts.query,
    // A little later than the server, which says why.
    query_timeout: timeouts.query + 500,
    keepAlive: true,
    types,
  });
  pool.on('error', (error) => log.warn({ reason: error.message }, 'an idle connection to the PostgreSQL server was lost'));
  return pool;
};
