import { type ErrorLike, GatewayError } from '@llm-proxy-auth/plugin';

export interface BreakerSettings {
  /** Failures one after the other. */
  readonly failures: number;
  /** Share of the answers in `window` that are failures, [0, 1]; counts from 20 answers on. */
  readonly ratio: number;
  /** Ms. */
  readonly window: number;
  /** Ms until one call is let through to see; one fifth more or less, so that replicas do not all ask at once. */
  readonly probeAfter: number;
}
export type BreakerState = 'closed' | 'half-open' | 'open';
/** What is learnt of one try at a provider. Exactly one of them is told, or none when the try says nothing about the provider. */
export interface Health {
  /** It answers; one that is saturated (429, 529) does too. */
  answered(): void;
  /** `connect`, `timeout` or the status as text. */
  failed(what: string): void;
}
/** Why an instance is not asked right now, and how its failures are called in `fallback.on`. */
export interface Broken {
  readonly class: string;
  readonly error: ErrorLike;
}
/** Whether one instance is worth asking (reliability R7). */
export interface Breaker extends Health {
  readonly state: BreakerState;
  /** Undefined: ask it. When half open that is said to one call at a time, which `settle`s. */
  broken(): Broken | undefined;
  /** The call that was let through is over, whatever it learnt. */
  settle(): void;
}
const LEAST = 20;
const SLOTS = 10;
const SPREAD = 0.4;

/** Answers and failures of the last `length` ms, in ten steps. */
const counting = (length: number) => {
  const answered = new Float64Array(SLOTS);
  const failed = new Float64Array(SLOTS);
  const step = length / SLOTS;
  let at = 0;
  return {
    add(now: number, failure: boolean): void {
      const current = Math.floor(now / step);
      for (let slot = Math.max(at + 1, current - SLOTS + 1); slot <= current; slot++) {
        answered[slot % SLOTS] = 0;
        failed[slot % SLOTS] = 0;
      }
      at = current;
      const counts = failure ? failed : answered;
      counts[current % SLOTS] = (counts[current % SLOTS] ?? 0) + 1;
    },
    /** Whether failures make up `ratio` of enough answers. */
    exceeds(ratio: number): boolean {
      const bad = failed.reduce((sum, n) => sum + n, 0);
      const all = answered.reduce((sum, n) => sum + n, bad);
      return all >= LEAST && bad >= ratio * all;
    },
    clear(): void {
      answered.fill(0);
      failed.fill(0);
    },
  };
};

/** `now`: ms of a clock that never goes back; `random`: [0, 1). `changed` hears of every change of state. */
export const makeBreaker = (
  instance: string,
  { failures, ratio, window, probeAfter }: BreakerSettings,
  now: () => number,
  random: () => number,
  changed: (state: BreakerState, what: string) => void,
): Breaker => {
  const counts = counting(window);
  let state: BreakerState = 'closed';
  let consecutive = 0;
  let until = 0;
  let probing = false;
  let last = '';
  const become = (next: BreakerState): void => {
    state = next;
    probing = false;
    consecutive = 0;
    counts.clear();
    if (next === 'open') until = now() + probeAfter * (1 - SPREAD / 2 + SPREAD * random());
    changed(next, last);
  };
  const broken = (ms: number): Broken => ({
    class: last,
    error: new GatewayError('upstream_overloaded', `The provider of ${instance} failed too often and is left alone for a moment; try again soon.`, {
      retryAfterMs: Math.max(1, Math.ceil(ms)),
    }),
  });
  return {
    get state() {
      return state;
    },
    broken() {
      if (state === 'closed') return undefined;
      if (state === 'open') {
        const left = until - now();
        if (left > 0) return broken(left);
        become('half-open');
      }
      if (probing) return broken(1_000);
      probing = true;
      return undefined;
    },
    settle() {
      probing = false;
    },
    answered() {
      // While it is open, what answers was asked before.
      if (state === 'half-open') return become('closed');
      if (state === 'open') return;
      consecutive = 0;
      counts.add(now(), false);
    },
    failed(what) {
      if (state === 'open') return;
      last = what;
      if (state === 'half-open') return become('open');
      consecutive++;
      counts.add(now(), true);
      if (consecutive >= failures || counts.exceeds(ratio)) become('open');
    },
  };
};

/** Most of a pool that may be left out: half of it, and one of fewer than four. */
export const mayLeaveOut = (candidates: number): number => Math.max(1, Math.floor(candidates / 2));
