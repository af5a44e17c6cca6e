import type { Exchange } from '../call/exchange.ts';
import type { GatewayLog } from './log.ts';
import { paramLabel } from './metric-table.ts';
import type { CallMetrics, GatewayMetrics, Outcome } from './metrics.ts';

const NO_INSTANCE = 'none';
const MOST_REMEMBERED = 1_000;
const LIMITED: ReadonlySet<string> = new Set(['rate_limit_exceeded', 'budget_exceeded', 'too_many_concurrent_requests', 'overloaded']);

const outcomeOf = (x: Exchange, status: number): Outcome =>
  x.gone ? 'client' : status >= 500 || x.error !== undefined ? (status >= 400 && status < 500 ? 'client' : 'error') : status >= 400 ? 'client' : 'ok';

/** Each kind with each field once, in the order in which they were noted. */
const lostOf = ({ ledger }: Exchange): string | undefined =>
  ledger.size === 0 ? undefined : [...new Set([...ledger.values()].map(({ kind, param }) => `${kind}=${paramLabel(param)}`))].join(',');

const inner = <V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> => {
  let found = map.get(key);
  if (found === undefined) {
    found = new Map();
    map.set(key, found);
  }
  return found;
};

/** Writes what became of a request into metrics and log, once, at its end. */
export const makeObserver = (metrics: GatewayMetrics, log: GatewayLog, now: () => number) => {
  /** By instance and dialect, then mode and operation; nested, since a joined key would be a new string to hash each time. */
  const calls = new Map<string, Map<string, Map<string, Map<string, CallMetrics>>>>();
  let remembered = 0;
  const callOf = ({ instance: at, dialect: spoken, mode, operation }: Exchange): CallMetrics => {
    const instance = at?.name ?? NO_INSTANCE;
    const dialect = spoken?.name ?? NO_INSTANCE;
    const known = calls.get(instance)?.get(dialect)?.get(mode)?.get(operation);
    if (known !== undefined) return known;
    const made = metrics.call({ instance, dialect, mode, operation });
    if (remembered++ < MOST_REMEMBERED) inner(inner(inner(calls, instance), dialect), mode).set(operation, made);
    return made;
  };
  const observe = (x: Exchange, status: number): void => {
    const { ended } = x;
    const seconds = (ended - x.started) / 1_000;
    metrics.http(x.request.method ?? 'GET', x.route).status(status);
    if (x.principal !== undefined || x.instance !== undefined) {
      const call = x.counted ?? callOf(x);
      const outcome = outcomeOf(x, status);
      call.status(status);
      call.duration(seconds, outcome);
      if (x.dispatchedAt !== 0) call.upstream((ended - x.dispatchedAt) / 1_000, outcome);
      if (x.firstByteAt !== 0) call.firstToken((x.firstByteAt - x.started) / 1_000, outcome);
      call.overhead(x.overhead / 1_000);
      const { usage } = x;
      if (usage !== undefined) {
        call.tokens('input', usage.input);
        call.tokens('output', usage.output);
        if (usage.cacheRead > 0) call.tokens('cached', usage.cacheRead);
        if (usage.cacheWrite > 0) call.tokens('cache_write', usage.cacheWrite);
        if (usage.reasoning > 0) call.tokens('reasoning', usage.reasoning);
      }
      if (x.cost !== undefined) call.cost(x.cost);
    }
    if (x.streamOutcome === 'truncated') metrics.truncated();
    if (x.code !== '' && LIMITED.has(x.code)) metrics.rateLimited(x.code);
    log.access({
      time: now(),
      request: x.id,
      method: x.request.method ?? '',
      route: x.route,
      mode: x.mode,
      dialect: x.dialect?.name,
      instance: x.instance?.name,
      status,
      code: x.code,
      principal: x.principal?.id,
      durationMs: ended - x.started,
      overheadMs: x.overhead,
      firstByteMs: x.firstByteAt === 0 ? undefined : x.firstByteAt - x.started,
      inputTokens: x.usage?.input,
      outputTokens: x.usage?.output,
      costUsd: x.cost,
      bytesIn: x.bytesIn,
      bytesOut: x.bytesOut,
      attempts: x.attempts,
      stream: x.streamOutcome,
      fidelity: lostOf(x),
    });
  };
  return {
    observe,
    begun(x: Exchange): CallMetrics {
      const call = callOf(x);
      call.begin();
      return call;
    },
    content(x: Exchange, what: 'request' | 'reply', bytes: string | Uint8Array): void {
      log.logger.info({ request: x.id, what, content: typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString() }, 'content');
    },
  };
};
