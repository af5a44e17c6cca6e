import type { Plan } from '../plan.ts';

/** How often leases say that their calls are still open (contract.md §3). */
const BEAT_MS = 30_000;
/** Beats for the leases of all open calls; the result stops it. */
export const startBeating = (plans: () => Iterable<Plan>): (() => void) => {
  const beat = (): void => {
    for (const plan of plans()) {
      const leases: string[] = [];
      plan.open.each((x) => {
        if (x.lease !== '') leases.push(x.lease);
      });
      if (leases.length === 0) continue;
      const beating = plan.graph.counters.beat(leases, plan.now());
      if (beating instanceof Promise) beating.catch((error: unknown) => plan.report(error, 'beat'));
    }
  };
  const timer = setInterval(beat, BEAT_MS).unref();
  return () => clearInterval(timer);
};
