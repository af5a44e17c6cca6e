import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { GatewayError } from '@llm-proxy-auth/plugin';
import type { Settings } from '../config/schema.ts';
import type { Exchange } from './exchange.ts';

type Limits = Settings['limits'];
const SAMPLE_MS = 500;
const RESOLUTION_MS = 20;
/** The event loop counts as slow when it was for this long. */
const SLOW_MS = 2_000;
const RETRY_MS = 1_000;

/** What the process carries: new calls are refused while it is too much, those under way go on (reliability R8). */
export interface Pressure {
  /** Why a new call is refused, `open` calls being there with it; undefined: it is welcome. */
  refusal(limits: Limits, open: number): GatewayError | undefined;
  /** Counts a piece of a body that is kept. False: it is too much. */
  hold(x: Exchange, bytes: number): boolean;
  /** A call has ended, and keeps nothing. */
  drop(x: Exchange): void;
  stop(): void;
}
const overloaded = (what: string): GatewayError => new GatewayError('overloaded', `The gateway has ${what}; try again soon.`, { retryAfterMs: RETRY_MS });

/** `waiting`: bytes of answers that clients have not taken yet, asked for twice a second. */
export const watchPressure = (limits: () => Limits, waiting: () => number): Pressure => {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  let held = 0;
  let unsent = 0;
  let heap = 0;
  let slowFor = 0;
  const sample = (): void => {
    slowFor = delay.percentile(99) / 1e6 > limits().eventLoopDelay ? slowFor + SAMPLE_MS : 0;
    delay.reset();
    const { used_heap_size: used, heap_size_limit: most } = getHeapStatistics();
    heap = used / most;
    unsent = waiting();
  };
  const timer = setInterval(sample, SAMPLE_MS).unref();
  return {
    refusal({ inFlight, heap: most, bufferedBytes }, open) {
      if (open > inFlight) return overloaded('as many calls open as it may');
      if (held + unsent > bufferedBytes) return overloaded('as many bytes waiting as it may');
      if (slowFor >= SLOW_MS) return overloaded('more work than it can do in time');
      return heap > most ? overloaded('little memory left') : undefined;
    },
    hold(x, bytes) {
      x.held += bytes;
      held += bytes;
      return held + unsent <= limits().bufferedBytes;
    },
    drop(x) {
      held -= x.held;
      x.held = 0;
    },
    stop() {
      clearInterval(timer);
      delay.disable();
    },
  };
};
