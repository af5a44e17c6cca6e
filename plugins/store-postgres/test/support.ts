import { randomBytes } from 'node:crypto';
import { type GatewayError, isGatewayError, type JsonText, type Logger, type Secret, type Store } from '@llm-proxy-auth/plugin';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import type { Config } from '../src/config.ts';
import { openStore } from '../src/store.ts';

/** A server to test with; `scripts/services start` starts one and the set-up of the tests finds it. */
export const SERVER = process.env.TEST_POSTGRES_URL;
export const WITHOUT = 'PostgreSQL does not run; scripts/services start starts it';

export interface Turning extends Secret {
  turn(value: string): void;
}
/** A secret that can change. */
export const secret = (value: string): Turning => {
  let now = value;
  const told: (() => void)[] = [];
  return {
    ref: 'literal',
    peek: () => now,
    onRotate: (f) => void told.push(f),
    turn: (next) => {
      now = next;
      for (const f of told) f();
    },
  };
};
export interface Logged extends Logger {
  readonly warnings: { readonly fields: object; readonly message: string }[];
}
export const logger = (): Logged => {
  const warnings: Logged['warnings'] = [];
  return { warnings, info: () => undefined, warn: (fields, message) => void warnings.push({ fields, message }), error: () => undefined };
};
const dropSchema = async (url: string, schema: string): Promise<void> => {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
  await client.end();
};
const made: string[] = [];
/** Name of a schema that `dropSchemas` removes. */
export const newSchema = (): string => {
  const schema = `test_${randomBytes(8).toString('hex')}`;
  made.push(schema);
  return schema;
};
export const dropSchemas = async (): Promise<void> => {
  if (SERVER === undefined) return;
  for (const schema of made.splice(0)) await dropSchema(SERVER, schema);
};
export type Given = Partial<Omit<Config, 'url'>> & { readonly url?: Secret };
export const configOf = (given: Given = {}): Config => ({
  url: secret(SERVER ?? ''),
  schema: newSchema(),
  connections: 10,
  timeouts: { connect: 5000, query: 5000, idle: 60_000 },
  ...given,
});
export const opened = async (given: Given = {}, now: () => number = Date.now, log: Logger = logger()): Promise<Store> => {
  const store = await openStore({ config: configOf(given), log, reveal: async (s) => s.peek() ?? '', now });
  onTestFinished(() => store.close?.());
  return store;
};
/** A connection of the test's own. */
export const session = async (url: string = SERVER ?? ''): Promise<pg.Client> => {
  const client = new pg.Client(url);
  // A server that is stopped takes its connections along.
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.end().catch(() => undefined));
  return client;
};
export const json = (value: unknown): JsonText => ({ json: JSON.stringify(value) });
export const refusal = async (work: Promise<unknown>): Promise<GatewayError> => {
  try {
    await work;
  } catch (error) {
    if (isGatewayError(error)) return error;
    throw error;
  }
  throw new Error('the call was expected to fail');
};
