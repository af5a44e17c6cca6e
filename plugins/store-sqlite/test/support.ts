import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type GatewayError, isGatewayError, type JsonText, type Logger, type Store } from '@llm-proxy-auth/plugin';
import { onTestFinished } from 'vitest';
import { openStore } from '../src/store.ts';

export interface Logged extends Logger {
  readonly warnings: string[];
}
export const logger = (): Logged => {
  const warnings: string[] = [];
  return { warnings, info: () => undefined, warn: (_, message) => void warnings.push(message), error: () => undefined };
};
export const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'store-sqlite-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
};
export const opened = async (path: string, now: () => number = Date.now, log: Logger = logger()): Promise<Store> => {
  const store = await openStore({ path, log, now });
  onTestFinished(() => store.close?.());
  return store;
};
export const json = (value: unknown): JsonText => ({ json: JSON.stringify(value) });

const script = (name: string): string => fileURLToPath(new URL(`./processes/${name}`, import.meta.url));
export const run = async (name: string, args: readonly string[], uid?: number): Promise<string> => {
  const child = spawn(process.execPath, ['--conditions=@llm-proxy-auth/source', script(name), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    output += piece;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${name} ended with ${String(code)}`);
  return output;
};
/** Another process that holds the database until `release`. */
export const lockedElsewhere = async (path: string, kind: 'write' | 'exclusive'): Promise<{ release(): Promise<void> }> => {
  const child: ChildProcess = spawn(process.execPath, [script('hold-lock.mjs'), path, kind], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  if (child.stdout !== null) await once(child.stdout, 'data');
  const release = async (): Promise<void> => {
    child.stdin?.end();
    await ended;
  };
  onTestFinished(release);
  return { release };
};
export const refusal = async (work: Promise<unknown>): Promise<GatewayError> => {
  try {
    await work;
  } catch (error) {
    if (isGatewayError(error)) return error;
    throw error;
  }
  throw new Error('the call was expected to fail');
};
/** SQLite's result code behind a failure. */
export const result = (error: GatewayError): unknown => (error.cause instanceof Error && 'errcode' in error.cause ? error.cause.errcode : undefined);
