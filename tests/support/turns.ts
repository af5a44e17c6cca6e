import { setTimeout as later } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';

const TICK_MS = 5;
/** A longer gap between two ticks is a stretch in which this process got no turn. */
export const GAP_MS = 4 * TICK_MS;

/**
 * Milliseconds in which the event loop of this process turned, for bounds on what client, gateway and provider do in it: a stretch
 * in which the machine did something else counts as one tick, whereas a timer or a time-out counts in full. For a whole file.
 */
export const countTurns = () => {
  const gaps: { readonly from: number; readonly to: number }[] = [];
  let last = 0;
  let timer: NodeJS.Timeout | undefined;
  beforeAll(() => {
    last = performance.now();
    timer = setInterval(() => {
      const at = performance.now();
      if (at - last > GAP_MS) gaps.push({ from: last + TICK_MS, to: at });
      last = at;
    }, TICK_MS);
  });
  afterAll(() => clearInterval(timer));
  return {
    /** Both are times of `performance.now()`. */
    async between(from: number, to: number): Promise<number> {
      // The gap under way is known with the tick after it.
      while (last < to) await later(TICK_MS);
      const without = gaps.reduce((sum, gap) => sum + Math.max(0, Math.min(to, gap.to) - Math.max(from, gap.from)), 0);
      return to - from - without;
    },
  };
};

/** Milliseconds of work of this process since then: what a body costs, whatever else the machine does. */
export const cpuTime = (): (() => number) => {
  const from = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(from);
    return (user + system) / 1000;
  };
};

/** Ms of processor time of this thread; of the whole process where Node does not tell, before 23.9. */
export const threadTime = (): number => {
  const { user, system } = Object.hasOwn(process, 'threadCpuUsage') ? process.threadCpuUsage() : process.cpuUsage();
  return (user + system) / 1000;
};
/** Notes from now on how much work, ms of processor time, the thread of the event loop does between two looks; a machine that is busy otherwise adds nothing. */
export const cpuOfTurns = (): (() => readonly number[]) => {
  const spent: number[] = [];
  let last = threadTime();
  const timer = setInterval(() => {
    const now = threadTime();
    spent.push(now - last);
    last = now;
  }, TICK_MS);
  return () => {
    clearInterval(timer);
    return spent;
  };
};
