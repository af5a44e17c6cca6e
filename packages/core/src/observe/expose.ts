import type { Metric, Registry } from 'prom-client';
import type { MetricEntry } from './metric-table.ts';
import type { Sample } from './series.ts';

export const METRIC_NAME = /^[a-zA-Z_][a-zA-Z0-9_]{0,99}$/;

/** Shows plain numbers to prom-client's registry, which asks each metric for its samples. */
export const expose = (registry: Registry, name: string, entry: MetricEntry, samples: (name: string) => Sample[]): void => {
  const metric = {
    name,
    help: entry.help,
    type: entry.type,
    aggregator: 'sum',
    get: async () => ({ name, help: entry.help, type: entry.type, aggregator: 'sum', values: samples(name) }),
    reset: () => undefined,
  };
  registry.registerMetric(metric as unknown as Metric);
};
