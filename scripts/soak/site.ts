// A gateway as a process of its own between callers and three stand-ins, and what can be learned of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Simulator } from '@llm-proxy-auth/simulators';
import { STANDS } from '../../packages/cli/src/stands.ts';
import { newKey } from '../../plugins/auth-api-key/src/key.ts';
import { bareEnvironment, ROOT, run } from '../../tests/support/process.ts';

export const PROVIDERS = Object.freeze(['openai', 'anthropic', 'bedrock'] as const);
export type Provider = (typeof PROVIDERS)[number];
/** Who calls: those that are answered, those that leave, those that meet faults. Records are held against what each of them sent. */
export const CALLERS = Object.freeze(['steady', 'leaver', 'faulty'] as const);
export type Caller = (typeof CALLERS)[number];

/** What the gateway holds at rest, its garbage collected. */
export interface Held {
  readonly bytes: number;
  /** Sockets, timers and whatever else Node waits for. */
  readonly handles: number;
  /** Calls that are open, as the metrics say. */
  readonly inflight: number;
}
/** Records of calls that have ended, by caller; and how many calls have a beginning without an end. */
export interface Settled {
  readonly calls: Readonly<Record<Caller, number>>;
  readonly open: number;
}
export interface Site {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly database: string;
  readonly simulators: Readonly<Record<Provider, Simulator>>;
  readonly keys: Readonly<Record<Caller, string>>;
  inflight(): Promise<number>;
  /** `keep`: bytes that it never frees again. */
  held(keep?: number): Promise<Held>;
  /** Changes the configuration a little; resolves when it serves, rejects when it does not within a minute. */
  reload(): Promise<void>;
  /** Ends the gateway as an orchestrator does; its exit code. */
  stop(): Promise<number | string>;
  /** Of a gateway that has stopped: what `llm-proxy-auth audit verify` ended with, and its words. */
  verify(): Promise<{ readonly code: number | string; readonly said: string }>;
  /** Of a gateway that has stopped. */
  settled(): Settled;
  /** Of a gateway that has stopped: calls by caller, as `llm-proxy-auth usage` counts them. */
  used(): Promise<Readonly<Record<Caller, number>>>;
  close(): Promise<void>;
}
interface Row {
  readonly kind: string;
  readonly request?: string;
  readonly principal?: string;
}
const RELOAD_MS = 60_000;
const standOf = (name: Provider) => {
  const stand = STANDS[name];
  if (stand === undefined) throw new Error(`there is no stand-in of ${name}`);
  return stand;
};
const forEach = <K extends string, T>(names: readonly K[], make: (name: K) => T) => Object.fromEntries(names.map((name) => [name, make(name)])) as Record<K, T>;
export const MODELS = Object.freeze(forEach(PROVIDERS, (name) => standOf(name).model));

const configurationOf = (folder: string, keys: Record<Caller, string>, instances: object, turn: number) => ({
  plugins: [...new Set([...PROVIDERS.flatMap((name) => standOf(name).plugins), '@llm-proxy-auth/auth-api-key', '@llm-proxy-auth/store-sqlite'])],
  server: { port: 0, drain: { delay: '0ms', deadline: '5s' } },
  ops: { port: 0 },
  log: { level: 'warn' },
  // The machine is busy with the callers and the stand-ins too.
  limits: { eventLoopDelay: '60s' },
  retry: { attempts: 1 },
  breaker: { failures: 1_000_000, ratio: '100%' },
  store: { use: 'sqlite', path: join(folder, 'store.db') },
  auth: [{ use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef', keys: CALLERS.map((name) => ({ name, key: keys[name] })) }],
  instances: { ...instances, [`turn_${turn % 2}`]: { provider: 'openai', baseUrl: 'https://localhost/v1', apiKey: 'not called' } },
});

/** Sum of a metric over its labels. */
const sumOf = (text: string, name: string): number =>
  [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce((sum, [, value]) => sum + Number(value), 0);
const portOf = (said: string, listener: string): number => {
  const line = said.split('\n').find((one) => one.includes('"listening"') && one.includes(`"${listener}"`)) ?? '';
  return Number(new URL((JSON.parse(line) as { readonly url: string }).url).port);
};
const settledIn = (database: string): Settled => {
  const calls = forEach(CALLERS, () => 0);
  const open = new Set<string>();
  const file = new DatabaseSync(database, { readOnly: true });
  for (const { row } of file.prepare("SELECT row FROM log_rows WHERE log LIKE 'audit/%' ORDER BY log, sequence").iterate() as Iterable<{ row: string }>) {
    for (const { kind, request = '', principal = '' } of JSON.parse(row) as readonly Row[]) {
      if (kind === 'intent') open.add(request);
      if (kind !== 'settle' && kind !== 'call') continue;
      open.delete(request);
      const name = CALLERS.find((one) => principal === `key:${one}`);
      if (name !== undefined) calls[name]++;
    }
  }
  file.close();
  return { calls, open: open.size };
};

export const openSite = async (): Promise<Site> => {
  const folder = mkdtempSync(join(tmpdir(), 'lpa-soak-'));
  const [file, database] = [join(folder, 'llm-proxy-auth.yaml'), join(folder, 'store.db')];
  const upstreamKey = newKey().key;
  const stands = await Promise.all(PROVIDERS.map(async (name) => [name, await standOf(name).simulate(upstreamKey)] as const));
  const simulators = Object.fromEntries(stands) as Record<Provider, Simulator>;
  const keys = forEach(CALLERS, () => newKey().key);
  const settings = forEach(PROVIDERS, (name) => ({ provider: name, ...standOf(name).settings(simulators[name], upstreamKey) }));
  let turn = 0;
  const write = (): void => {
    // Faults are asked for at an instance of their own.
    writeFileSync(`${file}.half`, JSON.stringify(configurationOf(folder, keys, { ...settings, faulty: settings.openai }, turn)));
    renameSync(`${file}.half`, file);
  };
  write();
  const options = ['--disable-warning=ExperimentalWarning', '--conditions=@llm-proxy-auth/source'];
  const words = (command: readonly string[]) => [join(ROOT, 'packages/cli/src/main.ts'), ...command, '--config', file, '--plugin-root', ROOT];
  const inside = ['--max-semi-space-size=8', '--expose-gc', `--import=${join(ROOT, 'scripts/soak/inside.mjs')}`];
  const child = spawn(process.execPath, [...options, ...inside, ...words(['start'])], {
    cwd: folder,
    env: bareEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  let said = '';
  child.stdout?.on('data', (piece: Buffer) => {
    if (said.length < 100_000) said += piece.toString();
  });
  const isUp = () => (said.match(/"msg":"listening"/g) ?? []).length === 2;
  while (!isUp() && child.exitCode === null) await sleep(50);
  if (!isUp()) throw new Error(`the gateway ended before it served: ${said}`);
  const [port, ops] = [portOf(said, 'server'), portOf(said, 'ops')];
  const metrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${ops}/metrics`)).text();
  const inflight = async () => sumOf(await metrics(), 'llm_proxy_inflight');
  const told = async (...command: readonly string[]) => {
    const it = run([...options, ...words(command)], bareEnvironment(), folder);
    return { code: await it.ended, said: (it.out() + it.err()).trim() };
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: child.pid ?? 0,
    database,
    simulators,
    keys,
    inflight,
    async held(keep = 0) {
      const answer = once(child, 'message');
      child.send({ keep });
      const [{ bytes, handles }] = (await answer) as [Omit<Held, 'inflight'>];
      return { bytes, handles, inflight: await inflight() };
    },
    async reload() {
      turn++;
      write();
      child.kill('SIGHUP');
      const until = performance.now() + RELOAD_MS;
      while (!(await metrics()).includes(`llm_proxy_instance_info{instance="turn_${turn % 2}"`)) {
        if (performance.now() > until) throw new Error('a good configuration was not taken');
        await sleep(20);
      }
    },
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
    verify: () => told('audit', 'verify'),
    settled: () => settledIn(database),
    async used() {
      const { rows } = JSON.parse((await told('usage', '--by', 'principal', '--json')).said) as {
        readonly rows: readonly { readonly principal: string; readonly requests: number }[];
      };
      return forEach(CALLERS, (name) => rows.find(({ principal }) => principal === `key:${name}`)?.requests ?? 0);
    },
    async close() {
      child.kill('SIGKILL');
      await ended;
      await Promise.all(Object.values(simulators).map((one) => one.close()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
