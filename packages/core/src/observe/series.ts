import { type MetricEntry, OTHER } from './metric-table.ts';

/** Lines of one metric family, as prom-client's registry reads them. */
export interface Sample {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
/** What all families share: how many series may still be opened. */
export interface Pool {
  take(count: number): boolean;
  give(count: number): void;
}
export const createPool = (most: number): Pool => {
  let left = most;
  return {
    take(count) {
      if (left < count) return false;
      left -= count;
      return true;
    },
    give(count) {
      left += count;
    },
  };
};

export interface Counter {
  value: number;
}
/** Counts per bucket, not cumulative; the last one is above every bound. */
export interface Distribution {
  readonly counts: Float64Array;
  sum: number;
}
export interface Family<T> {
  readonly entry: MetricEntry;
  /** The child of these label values, in the order of `entry.labels`; the one of `other` when there is no room for another. */
  child(values: readonly string[]): T;
  /** No longer exposed; whoever holds the child counts into nothing. */
  remove(values: readonly string[]): void;
  samples(name: string): Sample[];
  /** Makes every series cost this many (aliases expose it again). */
  readonly lines: number;
}

const keyed = <T>(
  entry: MetricEntry,
  pool: Pool,
  lines: number,
  make: () => T,
  write: (child: T, labels: Record<string, string>, name: string, out: Sample[]) => void,
): Family<T> => {
  const children = new Map<string, { readonly labels: Record<string, string>; readonly child: T }>();
  const add = (key: string, values: readonly string[]): T => {
    const labels: Record<string, string> = {};
    entry.labels.forEach((label, i) => {
      labels[label] = values[i] ?? OTHER;
    });
    const child = make();
    children.set(key, { labels, child });
    return child;
  };
  // Room for what does not fit is set aside at the start; it is exposed only once used.
  pool.take(lines);
  let rest: T | undefined;
  const overflow = (): T => {
    rest ??= add('\n', []);
    return rest;
  };
  return {
    entry,
    lines,
    child(values) {
      const key = values.join('\n');
      const known = children.get(key);
      if (known !== undefined) return known.child;
      if (values.every((value) => value === OTHER)) return overflow();
      if (children.size >= entry.most || !pool.take(lines)) return overflow();
      return add(key, values);
    },
    remove(values) {
      if (children.delete(values.join('\n'))) pool.give(lines);
    },
    samples(name) {
      const out: Sample[] = [];
      for (const { labels, child } of children.values()) write(child, labels, name, out);
      return out;
    },
  };
};

/** `copies`: names under which the family is exposed. */
export const counters = (entry: MetricEntry, pool: Pool, copies: number): Family<Counter> =>
  keyed(
    entry,
    pool,
    copies,
    () => ({ value: 0 }),
    ({ value }, labels, name, out) => out.push({ metricName: name, labels, value }),
  );

export const distributions = (entry: MetricEntry, pool: Pool, copies: number): Family<Distribution> => {
  const bounds = entry.buckets ?? [];
  return keyed(
    entry,
    pool,
    copies * (bounds.length + 3),
    () => ({ counts: new Float64Array(bounds.length + 1), sum: 0 }),
    ({ counts, sum }, labels, name, out) => {
      let total = 0;
      for (let i = 0; i <= bounds.length; i++) {
        total += counts[i] ?? 0;
        out.push({ metricName: `${name}_bucket`, labels: { ...labels, le: i < bounds.length ? String(bounds[i]) : '+Inf' }, value: total });
      }
      out.push({ metricName: `${name}_sum`, labels, value: sum }, { metricName: `${name}_count`, labels, value: total });
    },
  );
};

export const record = (distribution: Distribution, bounds: readonly number[], value: number): void => {
  let i = 0;
  while (i < bounds.length && value > (bounds[i] as number)) i++;
  distribution.counts[i] = (distribution.counts[i] as number) + 1;
  distribution.sum += value;
};
