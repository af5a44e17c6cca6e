import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError, type Principal, since } from '@llm-proxy-auth/plugin';
import type { AccessEvent } from '../access/event.ts';
import type { Exchange } from '../call/exchange.ts';
import type { Graph } from '../graph.ts';
import { forgetUsage } from '../usage/rows.ts';
import { hourOf } from '../usage/totals.ts';
import { type AuthFailure, authFailures } from './failures.ts';
import { watchWriters } from './liveness.ts';
import { describeEnd, describeIntent } from './of-call.ts';
import { AuditRecord } from './record.ts';
import { recoverDead } from './recover.ts';
import { type AuditWriter, makeWriter, type WriterOptions } from './writer.ts';
import type { Interrupted } from './writers.ts';

export interface AuditOptions extends WriterOptions {
  /** Between two checkpoints, ms. */
  readonly checkpoint: () => number;
  /** How long usage is kept, ms. */
  readonly retention: () => number;
  /** Ms of a clock that nobody sets. */
  readonly clock?: (() => number) | undefined;
  /** Tells how far the own chain has come in a place that whoever holds the store cannot change. Default: a line of the log. */
  readonly tellHeads?: ((heads: readonly string[]) => void) | undefined;
}
export interface OperationRun {
  readonly caller: Principal;
  readonly name: string;
  readonly target: string | undefined;
  /** Error code; undefined: it succeeded. */
  readonly code: string | undefined;
}
/** The audit log of one process, and the usage that it adds up to. */
export interface Audit {
  /** Before the first byte goes to a provider. Undefined: go on; under `sync` a promise. Throws `overloaded` when the log takes no more. */
  intent(x: Exchange): Promise<void> | undefined;
  settle(x: Exchange, status: number): void;
  denied(failure: AuthFailure): void;
  /** A login throws `overloaded`; under `sync` a promise. The end of a session is taken whatever waits. */
  access(event: AccessEvent): Promise<void> | undefined;
  /** Resolves when the record is durable. Throws `overloaded`. */
  operation(run: OperationRun): Promise<void>;
  /** Ends what writers left that died: their open calls become `interrupted`. */
  recover(): Promise<void>;
  /** What is done every few seconds: usage, checkpoints, dead writers, what is too old. */
  keep(): Promise<void>;
  /** Writes everything down: records, usage, a checkpoint. */
  flush(): Promise<void>;
  /** The store is another one from now on: a new chain begins there. Call it while the old store is still open. */
  renew(): Promise<void>;
  close(): Promise<void>;
}
const ENDS: ReadonlySet<string | undefined> = new Set(['settle', 'interrupted', 'logout', 'session.end', 'session.replay', 'factor']);
const SAVE_MS = 5_000;
/** A sign of life at least so often. */
const BEAT_MS = 15_000;
const MOST_TRIES = 20;
const MOST_BETWEEN_CHECKPOINTS = 1_000;
const SWEEP_MS = 3_600_000;
const CLOSE_MS = 5_000;
const full = (): GatewayError => new GatewayError('overloaded', 'The audit log takes no more records; try again.', { retryAfterMs: 1_000 });

/** The audit log of a configuration and of those that take its place. `count`: `llm_proxy_audit_records_total`. */
export const auditOf = (graph: () => Graph, count: WriterOptions['count'] = () => undefined, tellHeads?: AuditOptions['tellHeads']): Audit =>
  openAudit({
    host: () => graph().host,
    settings: () => graph().settings.audit,
    checkpoint: () => graph().settings.audit.checkpoint,
    retention: () => graph().settings.usage.retention,
    count,
    tellHeads,
  });

export const openAudit = (options: AuditOptions): Audit => {
  const { host, settings, count } = options;
  let writer: AuditWriter = makeWriter(options);
  let checkpointAt = host().now();
  let checkpointed = 0;
  let savedAt = 0;
  let sweptAt = 0;
  let keeping: Promise<void> | undefined;

  /** False: the ring is full, and nothing more is taken. */
  const push = (record: AuditRecord): boolean => {
    if (!writer.full) {
      writer.push(record);
      return true;
    }
    if (settings().onFull === 'drop') writer.drop();
    // Calls under way and sessions are let end: their number is bounded, that of refused ones is not.
    else if (ENDS.has(record.kind === 'access' ? record.operation : record.kind)) writer.push(record);
    else {
      count('refused', 1);
      return false;
    }
    return true;
  };
  const failures = authFailures(() => host().now(), push);
  const recordInterrupted = async (calls: readonly Interrupted[]): Promise<void> => {
    for (const { request, principal, instance, model, spent } of calls) {
      const record = new AuditRecord('interrupted', host().now());
      record.request = request;
      record.principal = principal;
      record.instance = instance;
      record.model = model;
      if (spent !== undefined) {
        record.input = spent.input;
        record.output = spent.output;
        record.cost = spent.cost;
        record.estimated = true;
      }
      push(record);
    }
    await writer.durable();
  };
  const save = async (): Promise<boolean> => {
    savedAt = host().now();
    for (let tries = 0; tries < MOST_TRIES; tries++) if (await writer.save(false)) return true;
    return false;
  };
  const checkpoint = async (): Promise<void> => {
    const { now, log } = host();
    const tell = options.tellHeads ?? ((heads) => log.info({ heads }, 'audit checkpoint'));
    checkpointAt = now();
    checkpointed = writer.written;
    const heads = await writer.checkpoint();
    const own = heads.filter((head) => head.startsWith(`${writer.identity?.writer}:`));
    if (own.length > 0) tell(own);
    await save();
  };
  const watch = watchWriters(options.clock ?? (() => performance.now()));
  let recovering: Promise<void> | undefined;
  /** One at a time: a second would take over what the first has begun, as of a dead writer of this process. */
  const recover = (): Promise<void> => {
    recovering ??= recoverDead(host(), watch, settings().spill, recordInterrupted).finally(() => {
      recovering = undefined;
    });
    return recovering;
  };
  const keep = async (): Promise<void> => {
    const { now, store } = host();
    const lost = writer.takeLost();
    if (lost > 0) {
      const record = new AuditRecord('dropped', now());
      record.count = lost;
      writer.push(record);
    }
    if (writer.identity?.usage.waiting === true || since(savedAt, now()) > BEAT_MS) await save();
    const due = since(checkpointAt, now()) >= options.checkpoint();
    if (due || watch.due) await recover();
    if (writer.written - checkpointed >= MOST_BETWEEN_CHECKPOINTS || (due && writer.written > checkpointed)) await checkpoint();
    else if (due) checkpointAt = now();
    if (since(sweptAt, now()) < SWEEP_MS) return;
    sweptAt = now();
    await forgetUsage(store, hourOf(now() - options.retention()));
  };
  const keepOnce = (): Promise<void> => {
    keeping ??= keep()
      .catch((error: unknown) => host().log.warn({ reason: error instanceof Error ? error.message : 'unknown' }, 'usage cannot be written; it is tried again'))
      .finally(() => {
        keeping = undefined;
      });
    return keeping;
  };
  const timer = setInterval(keepOnce, SAVE_MS).unref();
  const flush = async (): Promise<void> => {
    failures.flush();
    await writer.flush();
    await keeping;
    if (writer.identity !== undefined && (await save())) await checkpoint();
  };
  const end = async (): Promise<void> => {
    failures.flush();
    await keeping;
    await writer.flush();
    const open = writer.openRequests();
    if (open.length > 0) await recordInterrupted(open);
    if (writer.identity === undefined) return;
    if (await save()) await checkpoint();
    for (let tries = 0; tries < MOST_TRIES; tries++) if (await writer.save(true)) return;
  };
  const ended = async (): Promise<void> => {
    const late = new AbortController();
    const giveUp = sleep(CLOSE_MS, undefined, { signal: late.signal, ref: false }).catch(() => undefined);
    await Promise.race([
      end().catch((error: unknown) => host().log.error({ reason: error instanceof Error ? error.message : 'unknown' }, 'the audit log could not be closed')),
      giveUp,
    ]);
    late.abort();
    writer.stop();
  };

  return {
    intent(x) {
      const record = new AuditRecord('intent', host().now());
      describeIntent(record, x);
      record.call = x;
      if (!push(record)) throw full();
      x.intended = record;
      return settings().mode === 'sync' ? writer.durable() : undefined;
    },
    settle(x, status) {
      const { intended, principal } = x;
      if (intended !== undefined) intended.call = undefined;
      // A refusal is told by who refused.
      if (principal === undefined) return;
      if (intended !== undefined && !intended.sealed) {
        intended.kind = 'call';
        describeEnd(intended, x, status);
        return;
      }
      const record = new AuditRecord(intended === undefined ? 'call' : 'settle', intended === undefined ? x.startedAt : host().now());
      describeEnd(record, x, status);
      push(record);
    },
    denied: failures.note,
    access(event) {
      if (!push(Object.assign(new AuditRecord('access', host().now()), event))) throw full();
      return event.operation === 'login' && settings().mode === 'sync' ? writer.durable() : undefined;
    },
    async operation({ caller, name, target, code }) {
      const record = new AuditRecord('admin', host().now());
      record.principal = caller.id;
      record.credential = caller.credential;
      record.strategy = caller.strategy;
      record.operation = name;
      record.target = target;
      record.code = code;
      if (!push(record)) throw full();
      await writer.durable();
    },
    recover,
    keep: keepOnce,
    flush,
    async renew() {
      await ended();
      writer = makeWriter(options);
    },
    async close() {
      clearInterval(timer);
      await ended();
    },
  };
};
