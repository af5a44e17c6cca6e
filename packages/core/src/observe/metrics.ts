import type { Logger, Metrics as PluginMetrics } from '@llm-proxy-auth/plugin';
import { Registry } from 'prom-client';
import type { BreakerState } from '../routing/breaker.ts';
import { byStatus, type CallLabels, type CallMetrics, type Families, makeCall } from './call-metrics.ts';
import { expose, METRIC_NAME } from './expose.ts';
import { AUTH_RESULTS, LIMIT_REASONS, MAX_SERIES, METHODS, METRICS, MODES, OPERATIONS, OTHER, paramLabel } from './metric-table.ts';
import { pluginCounters } from './plugin-counters.ts';
import { type Counter, counters, createPool, type Distribution, distributions, type Family, type Pool } from './series.ts';

export type { CallLabels, CallMetrics, Outcome } from './call-metrics.ts';

const BREAKER: Readonly<Record<BreakerState, number>> = Object.freeze({ closed: 0, 'half-open': 1, open: 2 });

/** Names that may stand in labels, from the configuration. A reload adds to them; what is not among them is `other`. */
export interface Known {
  readonly instances: readonly { readonly name: string; readonly provider: string; readonly region: string }[];
  readonly dialects: readonly string[];
  readonly strategies: readonly string[];
  /** Route patterns; undefined: patterns are the caller's own and never what a client sent. */
  readonly routes?: readonly string[] | undefined;
}
export interface MetricsOptions {
  readonly known: Known;
  /** Further name → our own name, from plugins. */
  readonly aliases?: Readonly<Record<string, string>> | undefined;
  readonly log?: Logger | undefined;
  /** Epoch ms. */
  readonly now: () => number;
  /** Epoch ms at which each instance's credential ends, asked for when metrics are read. */
  readonly expiries?: (() => Iterable<readonly [instance: string, epoch: number | undefined]>) | undefined;
  /** The counters do without what they share. */
  readonly degraded?: (() => boolean) | undefined;
}
export interface GatewayMetrics extends PluginMetrics {
  readonly registry: Registry;
  readonly contentType: string;
  call(labels: CallLabels): CallMetrics;
  /** `http_requests_total`. */
  http(method: string, route: string): { status(code: number): void };
  auth(strategy: string, result: string): void;
  /** `reason`: the error's code. */
  rateLimited(reason: string): void;
  retry(): void;
  fallback(): void;
  truncated(): void;
  fidelity(param: string): void;
  thinkingLost(): void;
  health(instance: string, healthy: boolean): void;
  breaker(instance: string, state: BreakerState): void;
  /** `result`: written, spilled, dropped, refused. */
  audited(result: string, records: number): void;
  reloaded(taken: boolean): void;
  configure(known: Known): void;
  /** The exposition. */
  text(): Promise<string>;
}

const openFamilies = (registry: Registry, pool: Pool, aliases: Readonly<Record<string, string>>): Families => {
  const plain: Record<string, Family<Counter>> = {};
  const spread: Record<string, Family<Distribution>> = {};
  const names = new Set(Object.values(METRICS).map((entry) => entry.name));
  for (const [alias, target] of Object.entries(aliases)) {
    if (!METRIC_NAME.test(alias) || names.has(alias)) throw new Error(`The metric alias ${alias} is not a free metric name.`);
    if (!names.has(target)) throw new Error(`The metric alias ${alias} points to ${target}, which is no metric.`);
  }
  for (const [key, entry] of Object.entries(METRICS)) {
    const exposed = [entry.name, ...Object.keys(aliases).filter((alias) => aliases[alias] === entry.name)];
    const family = entry.type === 'histogram' ? distributions(entry, pool, exposed.length) : counters(entry, pool, exposed.length);
    if (entry.type === 'histogram') spread[key] = family as Family<Distribution>;
    else plain[key] = family as Family<Counter>;
    for (const name of exposed) expose(registry, name, entry, family.samples);
  }
  return { plain, spread } as unknown as Families;
};

/** Children of a labelled counter by one value, made once. */
const memo = (make: (value: string) => Counter): ((value: string) => Counter) => {
  const children = new Map<string, Counter>();
  return (value) => {
    let child = children.get(value);
    if (child === undefined) {
      child = make(value);
      children.set(value, child);
    }
    return child;
  };
};

/**
 * The metrics of one gateway (contract.md §6) in a registry of its own. Recording is plain arithmetic on objects found by
 * look-up: prom-client hashes the labels on every increment, seven times the cost for the dozen of them in a request.
 */
export const createMetrics = (options: MetricsOptions): GatewayMetrics => {
  const registry = new Registry();
  const pool = createPool(MAX_SERIES);
  const families = openFamilies(registry, pool, options.aliases ?? {});
  const { plain } = families;
  const instances = new Set<string>();
  const dialects = new Set<string>();
  const strategies = new Set<string>(['none']);
  let routes: Set<string> | undefined;
  const among = (set: ReadonlySet<string>, value: string): string => (set.has(value) ? value : OTHER);

  const calls = new Map<string, CallMetrics>();
  const routed = new Map<string, Map<string, { status(code: number): void }>>();
  const limited = memo((reason) => plain.rateLimited.child([reason]));
  const fields = memo((param) => plain.fidelity.child([param]));
  const auths = new Map<string, (result: string) => Counter>();
  const audited = memo((result) => plain.audit.child([result]));
  const retries = plain.retries.child([]);
  const fallbacks = plain.fallbacks.child([]);
  const truncations = plain.truncated.child([]);
  const losses = plain.thinkingLost.child([]);
  const reload = plain.reload.child([]);
  reload.value = 1;

  let described: (readonly string[])[] = [];
  const configure = (known: Known): void => {
    for (const values of described) plain.info.remove(values);
    const now = new Set(known.instances.map(({ name }) => name));
    for (const [name] of described) {
      if (name === undefined || now.has(name)) continue;
      plain.health.remove([name]);
      plain.breaker.remove([name]);
      plain.credentialExpires.remove([name]);
    }
    described = known.instances.map(({ name, provider, region }) => [name, provider, region]);
    for (const values of described) plain.info.child(values).value = 1;
    // Another configuration judges anew.
    for (const name of now) plain.breaker.child([name]).value = BREAKER.closed;
    // The name of an instance that has gone stays known: its last calls still end.
    for (const name of now) instances.add(name);
    for (const dialect of known.dialects) dialects.add(dialect);
    for (const strategy of known.strategies) strategies.add(strategy);
    if (known.routes !== undefined) {
      routes ??= new Set();
      for (const route of known.routes) routes.add(route);
    }
    calls.clear();
    routed.clear();
  };
  configure(options.known);
  const refresh = (): void => {
    plain.degraded.child(['counters']).value = options.degraded?.() === true ? 1 : 0;
    for (const [instance, epoch] of options.expiries?.() ?? []) {
      if (epoch !== undefined && instances.has(instance)) plain.credentialExpires.child([instance]).value = (epoch - options.now()) / 1000;
    }
  };

  return {
    registry,
    contentType: registry.contentType,
    call(labels) {
      const instance = among(instances, labels.instance);
      const dialect = among(dialects, labels.dialect);
      const mode = among(MODES, labels.mode);
      const operation = among(OPERATIONS, labels.operation);
      const key = `${instance} ${dialect} ${mode} ${operation}`;
      let call = calls.get(key);
      if (call === undefined) {
        call = makeCall(families, instance, dialect, mode, operation);
        calls.set(key, call);
      }
      return call;
    },
    http(method, route) {
      const known = among(METHODS, method);
      const pattern = routes === undefined || routes.has(route) ? route : OTHER;
      let byRoute = routed.get(known);
      if (byRoute === undefined) {
        byRoute = new Map();
        routed.set(known, byRoute);
      }
      let children = byRoute.get(pattern);
      if (children === undefined) {
        children = { status: byStatus(plain.http, [known, pattern]) };
        if (byRoute.size < METRICS.http.most) byRoute.set(pattern, children);
      }
      return children;
    },
    auth(strategy, result) {
      let byResult = auths.get(strategy);
      if (byResult === undefined) {
        const known = among(strategies, strategy);
        byResult = memo((value) => plain.auth.child([known, value]));
        if (known !== OTHER) auths.set(strategy, byResult);
      }
      byResult(among(AUTH_RESULTS, result)).value += 1;
    },
    rateLimited(reason) {
      limited(among(LIMIT_REASONS, reason)).value += 1;
    },
    retry() {
      retries.value += 1;
    },
    fallback() {
      fallbacks.value += 1;
    },
    truncated() {
      truncations.value += 1;
    },
    fidelity(param) {
      fields(paramLabel(param)).value += 1;
    },
    thinkingLost() {
      losses.value += 1;
    },
    health(instance, healthy) {
      plain.health.child([among(instances, instance)]).value = healthy ? 1 : 0;
    },
    breaker(instance, state) {
      plain.breaker.child([among(instances, instance)]).value = BREAKER[state];
    },
    audited(result, records) {
      audited(result).value += records;
    },
    reloaded(taken) {
      reload.value = taken ? 1 : 0;
    },
    configure,
    counter: pluginCounters(registry, pool, options.log),
    text() {
      refresh();
      return registry.metrics();
    },
  };
};
