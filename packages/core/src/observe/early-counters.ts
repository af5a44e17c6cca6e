import type { Logger, Metrics } from '@llm-proxy-auth/plugin';

/** Counters of plugins, which are made before the registry is: what was counted until then is handed on. */
export interface EarlyCounters extends Metrics {
  /** From now on everything is counted there. A counter that is refused is logged and counted nowhere. */
  open(metrics: Metrics, log: Logger): void;
}
export const earlyCounters = (): EarlyCounters => {
  let registry: Metrics | undefined;
  const waiting: (() => void)[] = [];
  return {
    counter(name, labels) {
      if (registry !== undefined) return registry.counter(name, labels);
      let counted = 0;
      let child: ReturnType<Metrics['counter']> | undefined;
      waiting.push(() => {
        child = registry?.counter(name, labels);
        if (counted > 0) child?.add(counted);
      });
      return {
        add(n) {
          if (child === undefined) counted += n;
          else child.add(n);
        },
      };
    },
    open(metrics, log) {
      registry = metrics;
      for (const hand of waiting.splice(0)) {
        try {
          hand();
        } catch (error) {
          log.error({ reason: error instanceof Error ? error.message : 'unknown' }, 'a plugin asked for a counter that cannot be; it is not counted');
        }
      }
    },
  };
};
