import { type ErrorLike, GatewayError } from '@llm-proxy-auth/plugin';
import { mayLeaveOut } from '../routing/breaker.ts';
import type { Candidate, Resolved } from '../routing/resolve.ts';
import { endRetry, endWait } from './answer.ts';
import type { Exchange } from './exchange.ts';
import type { Outcome } from './reply/outcome.ts';

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
const waitFor = (x: Exchange, failed: Extract<Outcome, { is: 'failed' }>, tries: number, repeat: Repeat, left: () => boolean): number | undefined => {
  const transient = (failed.class === 'connect' && reachable(x)) || (repeat.byStatus && RETRY_STATUS.has(failed.class));
  if (!transient || !repeat.replayable || tries >= x.plan.graph.settings.retry.attempts || !left()) return undefined;
  return waitOf(failed.error, tries, x.plan.random);
};
/** Tries one target again until it answers, its tries are used up or the failure is of a kind that stays. */
const atTarget = async (
  x: Exchange,
  candidate: Candidate,
  repeat: Repeat,
  left: () => boolean,
  attempt: Attempter,
  first: Extract<Outcome, { is: 'failed' }>,
): Promise<Outcome> => {
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
/** All tries at one target. */
const ask = (x: Exchange, candidate: Candidate, repeat: Repeat, left: () => boolean, attempt: Attempter): Promise<Outcome> => {
  x.attempts++;
  return attempt(candidate, 1, false).then((first) => (first.is === 'done' || x.gone ? first : atTarget(x, candidate, repeat, left, attempt, first)));
};
/** Retry and fallback, in the order of the candidates; before the first byte only. Throws the last error when nobody answered. */
export const call = async (x: Exchange, resolved: Resolved, candidates: readonly Candidate[], repeat: Repeat, attempt: Attempter): Promise<void> => {
  const { fallback } = resolved;
  const left = (): boolean => x.attempts < fallback.attempts;
  let last: Extract<Outcome, { is: 'failed' }> | undefined;
  let leftOut = 0;
  for (const candidate of candidates) {
    if (last !== undefined) {
      if (!left() || !repeat.replayable || !failsOver(fallback.on, last.class)) break;
      x.plan.metrics.fallback();
    }
    give(x, candidate);
    const breaker = x.plan.breaker(candidate.instance);
    const broken = breaker.broken();
    if (broken !== undefined && leftOut < mayLeaveOut(candidates.length)) {
      leftOut++;
      last = { is: 'failed', ...broken };
      continue;
    }
    const probing = breaker.state !== 'closed';
    let outcome: Outcome;
    try {
      if (x.intended === undefined) {
        const durable = x.plan.intent(x);
        if (durable !== undefined) await durable;
        if (x.gone) return;
      }
      outcome = await ask(x, candidate, repeat, left, attempt);
    } finally {
      if (probing) breaker.settle();
    }
    if (outcome.is === 'done' || x.gone) return;
    last = outcome;
  }
  if (last === undefined) throw new GatewayError('internal_error', 'There was no target to call.');
  const { error } = last;
  const wait = error.retryAfterMs ?? 0;
  throw new GatewayError(error.code, error.message, {
    status: error.status,
    param: error.param,
    retryAfterMs: error.retryAfterMs,
    vendor: error.vendor,
    spent: error.spent,
    retry: error.retry === false || wait > 60_000 || x.retried ? false : error.retry,
    cause: error,
  });
};
