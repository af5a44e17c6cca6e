import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeEncryption, fakeHost, memoryStore } from '@llm-proxy-auth/contract-tests';
import type { Encryption, JsonText, Store } from '@llm-proxy-auth/plugin';
import { onTestFinished } from 'vitest';
import { type Audit, type AuditOptions, openAudit } from '../src/audit/audit.ts';
import { auditKey } from '../src/audit/key.ts';
import { living } from '../src/audit/liveness.ts';
import { type Verdict, verifyAudit } from '../src/audit/verify.ts';
import { readWriters, WRITERS } from '../src/audit/writers.ts';
import type { Exchange } from '../src/call/exchange.ts';

export type Kept = Readonly<Record<string, unknown>>;
/** A store whose log takes nothing while it is full, and whose rows can be tampered with. */
export interface Disk extends Store {
  /** Every write fails, as on a full disk; `after`: the write is done all the same. */
  full: false | 'before' | 'after';
  /** Rows of each log, to be changed in place. */
  readonly logs: Map<string, string[]>;
  remove(space: string, key: string): Promise<void>;
}
export const disk = (): Disk => {
  const store = memoryStore();
  const logs = new Map<string, string[]>();
  const made: Disk = {
    ...store,
    full: false,
    logs,
    async append(log: string, rows: readonly JsonText[]) {
      if (made.full === 'before') throw new Error('database or disk is full');
      logs.set(log, [...(logs.get(log) ?? []), ...rows.map((row) => row.json)]);
      if (made.full === 'after') throw new Error('the connection was lost');
    },
    async read(log, after, limit) {
      return (logs.get(log) ?? []).map((json, index) => ({ sequence: index + 1, row: { json } })).slice(after, after + limit);
    },
    async commit(changes) {
      if (made.full === 'before') throw new Error('database or disk is full');
      return store.commit(changes);
    },
    async remove(space, key) {
      const row = await store.get(space, key);
      await store.commit([{ space, key, expect: row?.version ?? 0 }]);
    },
  };
  return made;
};

export interface Call {
  readonly id: string;
  readonly principal?: string;
  readonly model?: string;
  readonly input?: number;
  readonly cost?: number;
  readonly code?: string;
}
export const exchange = ({ id, principal = 'key:ci', model = 'm-small', input = 10, cost, code = '' }: Call): Exchange =>
  ({
    id,
    principal: principal === '' ? undefined : { id: principal, credential: 'c1', strategy: 'api-key' },
    address: '203.0.113.77',
    mode: 'protocol',
    operation: 'chat',
    instance: { name: 'main' },
    model,
    upstreamModel: model,
    startedAt: Date.UTC(2026, 0, 1),
    started: performance.now(),
    ended: performance.now(),
    dispatchedAt: 0,
    streamOutcome: 'none',
    attempts: 1,
    code,
    cost,
    usage: { input, output: 5, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: false },
    intended: undefined,
  }) as unknown as Exchange;

export interface Opened {
  readonly audit: Audit;
  readonly host: ReturnType<typeof fakeHost>;
  readonly counted: Map<string, number>;
  /** That nobody sets, ms. */
  readonly clock: { now: number };
  /** Folder of what is spilled. */
  readonly spill: string;
  /** One whole call. */
  call(wanted: Call): Promise<void>;
  /** As a process ends that is killed: nothing more is written. */
  kill(): Promise<void>;
}
export const openOn = (
  store: Store,
  over: Partial<ReturnType<AuditOptions['settings']>> = {},
  shared?: Pick<Opened, 'host'>,
  encryption?: Encryption,
): Opened => {
  const folder = mkdtempSync(join(tmpdir(), 'lpa-audit-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const host = { ...fakeHost({ name: 'core', store, encryption: encryption ?? shared?.host.encryption ?? fakeEncryption() }) };
  if (shared !== undefined) Object.assign(host, { seal: shared.host.seal });
  const counted = new Map<string, number>();
  const clock = { now: 0 };
  const before = new Set(living);
  let killed = false;
  const settings = { mode: 'batch' as const, onFull: 'block' as const, spill: join(folder, 'spill'), ...over };
  const audit = openAudit({
    host: () => (killed ? { ...host, store: { ...store, append: dead, commit: dead } } : host),
    settings: () => settings,
    checkpoint: () => 60_000,
    retention: () => 90 * 24 * 3_600_000,
    clock: () => clock.now,
    count: (result, n) => void counted.set(result, (counted.get(result) ?? 0) + n),
  });
  return {
    audit,
    host,
    counted,
    clock,
    spill: settings.spill,
    async call(wanted) {
      const x = exchange(wanted);
      await audit.intent(x);
      audit.settle(x, 200);
    },
    async kill() {
      killed = true;
      for (const writer of living) if (!before.has(writer)) living.delete(writer);
    },
  };
};
const dead = (): Promise<never> => Promise.reject(new Error('the process is gone'));

export const recordsOf = (store: Disk): readonly Kept[] =>
  [...store.logs].filter(([log]) => log.startsWith('audit/')).flatMap(([, rows]) => rows.flatMap((row) => JSON.parse(row) as Kept[]));
/** As if the only writer stood on another machine. Its row changes, which is a sign of life. */
export const moveElsewhere = async (store: Store): Promise<void> => {
  const [found] = await readWriters(store);
  const value = { json: JSON.stringify({ ...found?.row, place: 'another machine' }) };
  if (!(await store.commit([{ space: WRITERS, key: found?.writer ?? '', expect: found?.version ?? 0, value }]))) throw new Error('it was changed meanwhile');
};
export const verify = async (store: Store, opened: Opened, heads?: readonly string[]): Promise<Verdict> =>
  verifyAudit(store, await auditKey(opened.host), heads);
export const writerOf = async (store: Store): Promise<string> => (await readWriters(store))[0]?.writer ?? '';
export const usageOf = async (store: Store): Promise<readonly Record<string, number>[]> =>
  (await store.list('usage', undefined, 1_000)).map(({ value }) => JSON.parse(value.json) as Record<string, number>);
