import type { Logger, Metrics } from '@llm-proxy-auth/plugin';
import type { Registry } from 'prom-client';
import { expose, METRIC_NAME } from './expose.ts';
import type { MetricEntry } from './metric-table.ts';
import { type Counter, counters, type Family, type Pool } from './series.ts';

const PLUGIN_SERIES = 150;

/** Counters that plugins name themselves: valid names, a bounded number of series, values from anywhere. */
export const pluginCounters = (registry: Registry, pool: Pool, log: Logger | undefined): Metrics['counter'] => {
  const families = new Map<string, Family<Counter>>();
  const refused = new Set<string>();
  let left = PLUGIN_SERIES;
  const room: Pool = {
    take(count) {
      if (left < count || !pool.take(count)) return false;
      left -= count;
      return true;
    },
    give(count) {
      left += count;
      pool.give(count);
    },
  };
  return (name, labels = {}) => {
    const keys = Object.keys(labels).sort();
    let family = families.get(name);
    if (family === undefined) {
      if (!METRIC_NAME.test(name) || !keys.every((key) => METRIC_NAME.test(key)))
        throw new Error(`${name} is not a metric name, or a label of it is not a label name.`);
      if (registry.getSingleMetric(name) !== undefined) throw new Error(`The metric ${name} exists already.`);
      if (left < 1) {
        if (!refused.has(name) && refused.size < PLUGIN_SERIES) {
          refused.add(name);
          log?.warn({ metric: name }, 'there is no room for another plugin metric; it is not counted');
        }
        return { add: () => undefined };
      }
      const entry: MetricEntry = { name, type: 'counter', labels: keys, help: 'Counted by a plugin.', most: PLUGIN_SERIES };
      family = counters(entry, room, 1);
      families.set(name, family);
      expose(registry, name, entry, family.samples);
    }
    const child = family.child(family.entry.labels.map((label) => labels[label] ?? ''));
    return {
      add(n) {
        if (n > 0) child.value += n;
      },
    };
  };
};
