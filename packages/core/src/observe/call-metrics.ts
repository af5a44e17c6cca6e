import { METRICS, type MetricKey, OTHER, OUTCOMES, TOKEN_TYPES } from './metric-table.ts';
import { type Counter, type Distribution, type Family, record } from './series.ts';

export type Outcome = 'ok' | 'error' | 'client';
export type TokenType = 'input' | 'output' | 'cached' | 'cache_write' | 'reasoning';

export interface CallLabels {
  readonly instance: string;
  readonly dialect: string;
  readonly mode: string;
  readonly operation: string;
}
/** The series of one kind of call, looked up once; recording builds nothing. Seconds. */
export interface CallMetrics {
  begin(): void;
  end(): void;
  status(code: number): void;
  duration(seconds: number, outcome: Outcome): void;
  firstToken(seconds: number, outcome: Outcome): void;
  upstream(seconds: number, outcome: Outcome): void;
  overhead(seconds: number): void;
  tokens(type: TokenType, count: number): void;
  cost(usd: number): void;
}
export interface Families {
  readonly plain: Readonly<Record<MetricKey, Family<Counter>>>;
  readonly spread: Readonly<Record<'duration' | 'firstToken' | 'upstream' | 'overhead', Family<Distribution>>>;
}
const statusLabel = (code: number): string => (Number.isInteger(code) && code >= 100 && code <= 599 ? String(code) : OTHER);

/** Children by status, found by index; a code is counted without building its label. */
export const byStatus = (family: Family<Counter>, labels: readonly string[]): ((code: number) => void) => {
  const children: (Counter | undefined)[] = [];
  return (code) => {
    const at = code >= 100 && code <= 599 ? code : 0;
    let child = children[at];
    if (child === undefined) {
      child = family.child([...labels, statusLabel(code)]);
      children[at] = child;
    }
    child.value += 1;
  };
};
const byOutcome = (family: Family<Distribution>, instance: string, operation: string): ((seconds: number, outcome: Outcome) => void) => {
  const bounds = family.entry.buckets ?? [];
  let ok: Distribution | undefined;
  const others = new Map<string, Distribution>();
  return (seconds, outcome) => {
    if (outcome === 'ok') {
      ok ??= family.child([instance, operation, 'ok']);
      record(ok, bounds, seconds);
      return;
    }
    let child = others.get(outcome);
    if (child === undefined) {
      const label = OUTCOMES.has(outcome) ? outcome : OTHER;
      child = family.child([instance, operation, label]);
      if (label !== OTHER) others.set(outcome, child);
    }
    record(child, bounds, seconds);
  };
};

export const makeCall = ({ plain, spread }: Families, instance: string, dialect: string, mode: string, operation: string): CallMetrics => {
  const inflight = plain.inflight.child([instance]);
  const overheadBounds = METRICS.overhead.buckets ?? [];
  let overhead: Distribution | undefined;
  const tokens = new Map<string, Counter>();
  let cost: Counter | undefined;
  return {
    begin() {
      inflight.value += 1;
    },
    end() {
      inflight.value -= 1;
    },
    status: byStatus(plain.requests, [instance, dialect, mode, operation]),
    duration: byOutcome(spread.duration, instance, operation),
    firstToken: byOutcome(spread.firstToken, instance, operation),
    upstream: byOutcome(spread.upstream, instance, operation),
    overhead(seconds) {
      overhead ??= spread.overhead.child([mode]);
      record(overhead, overheadBounds, seconds);
    },
    tokens(type, count) {
      if (!(count > 0)) return;
      let child = tokens.get(type);
      if (child === undefined) {
        if (!TOKEN_TYPES.has(type)) return;
        child = plain.tokens.child([instance, type]);
        tokens.set(type, child);
      }
      child.value += count;
    },
    cost(usd) {
      if (!(usd > 0)) return;
      cost ??= plain.cost.child([instance]);
      cost.value += usd;
    },
  };
};
