import { type ErrorLike, GatewayError } from '@llm-proxy-auth/plugin';
import { type Breaker, mayLeaveOut } from '../routing/breaker.ts';
import type { Candidate, Resolved } from '../routing/resolve.ts';
import { endRetry, endWait } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { DONE, type Outcome } from './reply/outcome.ts';

type Failed = Extract<Outcome, { is: 'failed' }>;
/** Sends one try to one target. `fresh`: the credential in use was refused. */
export type Attempter = (candidate: Candidate, number: number, fresh: boolean) => Promise<Outcome>;
const RETRY_STATUS: ReadonlySet<string> = new Set(['408', '429', '500', '502', '503', '504', '529']);
const MAX_WAIT_MS = 30_000;
const BACKOFF_MS = 250;
const BACKOFF_CAP_MS = 8_000;

const failsOver = (on: readonly string[], what: string): boolean => on.includes(what) || (/^\d{3}$/.test(what) && on.includes(`${what[0]}xx`));

/** Waits, unless the client goes first. */
const pause = (x: Exchange, ms: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      x.pending = undefined;
      resolve();
    }
    x.pending = { interrupt: done };
  });
const waitOf = (error: ErrorLike, tries: number, random: () => number): number | undefined => {
  if (error.retryAfterMs !== undefined) return error.retryAfterMs <= MAX_WAIT_MS ? error.retryAfterMs : undefined;
  return Math.min(BACKOFF_CAP_MS, BACKOFF_MS * 2 ** (tries - 1)) * random();
};

/** What a call may do again. */
export interface Repeat {
  /** The body can be sent again. */
  readonly replayable: boolean;
  /** Answers by status may be retried (protocol mode, operations without side effects). */
  readonly byStatus: boolean;
}

/** Who could not be reached in the whole time that connecting may take is not waited for a second time. */
const reachable = (x: Exchange): boolean => performance.now() - x.dispatchedAt < (x.instance?.settings.timeouts.connect ?? 0);
/** How long to wait before a failure is worth another try; undefined for one that stays. */
const waitFor = (x: Exchange, failed: Failed, tries: number, repeat: Repeat, left: () => boolean): number | undefined => {
  const transient = (failed.class === 'connect' && reachable(x)) || (repeat.byStatus && RETRY_STATUS.has(failed.class));
  if (!transient || !repeat.replayable || tries >= x.plan.graph.settings.retry.attempts || !left()) return undefined;
  return waitOf(failed.error, tries, x.plan.random);
};
/** Tries one target again until it answers, its tries are used up or the failure is of a kind that stays. */
const atTarget = async (x: Exchange, candidate: Candidate, repeat: Repeat, left: () => boolean, attempt: Attempter, first: Failed): Promise<Outcome> => {
  let fresh = false;
  let outcome = first;
  for (let tries = 1; ; tries++) {
    // What the provider took to fail was waiting, not our work.
    endWait(x);
    let wait: number | undefined;
    if (outcome.class === 'auth') {
      if (fresh || !repeat.replayable || outcome.rejected === 'credential') return outcome;
      fresh = true;
      tries--;
    } else {
      wait = x.plan.breaker(candidate.instance).state === 'open' ? undefined : waitFor(x, outcome, tries, repeat, left);
      if (wait === undefined) return outcome;
      x.retrying = x.plan.takeRetry();
      if (x.retrying === undefined) return outcome;
    }
    try {
      if (wait !== undefined) {
        x.retried = true;
        x.plan.metrics.retry();
        await pause(x, wait);
        endWait(x);
        if (x.gone) return outcome;
      }
      x.attempts++;
      const next = await attempt(candidate, tries + 1, fresh);
      if (next.is === 'done' || x.gone) return next;
      outcome = next;
    } finally {
      endRetry(x);
    }
  }
};

/** From here on the call is one of this instance. */
const give = (x: Exchange, { instance, model }: Candidate): void => {
  if (x.instance !== instance || x.counted === undefined) {
    x.counted?.end();
    x.instance = instance;
    x.counted = x.plan.begun(x);
  }
  x.upstreamModel = model === '' ? undefined : model;
};
const failure = (x: Exchange, last: Failed | undefined): GatewayError => {
  if (last === undefined) return new GatewayError('internal_error', 'There was no target to call.');
  const { error } = last;
  const wait = error.retryAfterMs ?? 0;
  return new GatewayError(error.code, error.message, {
    status: error.status,
    param: error.param,
    retryAfterMs: error.retryAfterMs,
    vendor: error.vendor,
    spent: error.spent,
    retry: error.retry === false || wait > 60_000 || x.retried ? false : error.retry,
    cause: error,
  });
};

/** A call on its way through its candidates. A class and no asynchronous function: most calls are answered by the first try of the first. */
class Calling {
  readonly #x: Exchange;
  readonly #fallback: Resolved['fallback'];
  readonly #candidates: readonly Candidate[];
  readonly #repeat: Repeat;
  readonly #attempt: Attempter;
  #last: Failed | undefined = undefined;
  #leftOut = 0;

  constructor(x: Exchange, { fallback }: Resolved, candidates: readonly Candidate[], repeat: Repeat, attempt: Attempter) {
    this.#x = x;
    this.#fallback = fallback;
    this.#candidates = candidates;
    this.#repeat = repeat;
    this.#attempt = attempt;
  }
  /** Asks the candidates from this one on, in their order. Throws the last error when nobody is left. */
  from(index: number): Promise<void> {
    const x = this.#x;
    for (let i = index; i < this.#candidates.length; i++) {
      const candidate = this.#candidates[i] as Candidate;
      if (this.#last !== undefined) {
        if (!this.#left() || !this.#repeat.replayable || !failsOver(this.#fallback.on, this.#last.class)) break;
        x.plan.metrics.fallback();
      }
      give(x, candidate);
      const breaker = x.plan.breaker(candidate.instance);
      const broken = breaker.broken();
      if (broken === undefined || this.#leftOut >= mayLeaveOut(this.#candidates.length)) {
        const outcome = breaker.state === 'closed' ? this.#ask(candidate) : probed(breaker, () => this.#ask(candidate));
        return outcome.then((told) => this.#told(told, i));
      }
      this.#leftOut++;
      this.#last = { is: 'failed', ...broken };
    }
    throw failure(x, this.#last);
  }
  #left(): boolean {
    return this.#x.attempts < this.#fallback.attempts;
  }
  #told(outcome: Outcome, index: number): Promise<void> | undefined {
    if (outcome.is === 'done' || this.#x.gone) return undefined;
    this.#last = outcome;
    return this.from(index + 1);
  }
  /** All tries at one target, behind the record that there is a call. */
  #ask(candidate: Candidate): Promise<Outcome> {
    const x = this.#x;
    const durable = x.intended === undefined ? x.plan.intent(x) : undefined;
    return durable === undefined ? this.#tries(candidate) : durable.then(() => (x.gone ? DONE : this.#tries(candidate)));
  }
  #tries(candidate: Candidate): Promise<Outcome> {
    const x = this.#x;
    x.attempts++;
    return this.#attempt(candidate, 1, false).then((first) =>
      first.is === 'done' || x.gone ? first : atTarget(x, candidate, this.#repeat, () => this.#left(), this.#attempt, first),
    );
  }
}
/** The breaker hears of the end of a call that finds out whether the provider answers again. */
const probed = async (breaker: Breaker, ask: () => Promise<Outcome>): Promise<Outcome> => {
  try {
    return await ask();
  } finally {
    breaker.settle();
  }
};
/**
 * Retry and fallback, in the order of the candidates; before the first byte only. Throws the last error when nobody answered, and what
 * the audit log refuses.
 */
export const call = (x: Exchange, resolved: Resolved, candidates: readonly Candidate[], repeat: Repeat, attempt: Attempter): Promise<void> =>
  new Calling(x, resolved, candidates, repeat, attempt).from(0);
