import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@llm-proxy-auth/plugin';
import { type GatewayError, isGatewayError } from '@llm-proxy-auth/plugin';
import type { Identified } from './access/authenticate.ts';
import { forgottenBudgets } from './access/forgotten-budgets.ts';
import { type Audit, auditOf } from './audit/audit.ts';
import type { Exchange, Incoming, Outgoing } from './call/exchange.ts';
import { type Gateway, makeGateway } from './gateway.ts';
import type { Graph } from './graph.ts';
import { createAdminApp } from './http/admin.ts';
import { answerPreflight, letPagesRead } from './http/cors.ts';
import { createOpsApp } from './http/ops.ts';
import { createSessionsApp } from './http/sessions.ts';
import { each, followCertificates, needRestart, newCertificates, openListeners } from './listeners.ts';
import { type LoadOptions, loadGraph } from './load-graph.ts';
import { earlyCounters } from './observe/early-counters.ts';
import { type GatewayLog, openLog } from './observe/log.ts';
import { createMetrics, type GatewayMetrics } from './observe/metrics.ts';
import { makeObserver } from './observe/observer.ts';
import { startProbes } from './observe/probes.ts';
import { watchConfiguration } from './reload.ts';

export interface RuntimeOptions extends Omit<LoadOptions, 'log' | 'now' | 'metrics' | 'previous'> {
  /** Where log lines go; default standard output. */
  readonly destination?: { write(line: string): void } | undefined;
  /** Epoch ms; default the system clock. */
  readonly now?: (() => number) | undefined;
  /** False: even a call between equal surfaces is translated, which proves the translators. */
  readonly pass?: boolean | undefined;
  readonly random?: (() => number) | undefined;
  /** How often instances are asked whether they answer; default 30 s. */
  readonly probeEveryMs?: number | undefined;
}
/** A gateway that serves. */
export interface Running {
  /** As bound; `tls` and `admin` only where configured. */
  readonly urls: { readonly server: string; readonly tls?: string | undefined; readonly ops: string; readonly admin?: string | undefined };
  readonly graph: Graph;
  readonly metrics: GatewayMetrics;
  readonly log: Logger;
  readonly audit: Audit;
  /** Reads the configuration again; false: the old one goes on serving. */
  reload(): Promise<boolean>;
  /** Readiness 503 at once, `drain.delay` of further service, then the open calls until `drain.deadline`. */
  drain(): Promise<void>;
  /** Stops at once. */
  close(): Promise<void>;
}

const knownOf = (graph: Graph) => ({
  instances: [...graph.instances.values()].map((i) => ({ name: i.name, provider: i.kind, region: i.provider.region })),
  dialects: [...graph.dialects.keys()],
  strategies: [...graph.strategies.map((s) => s.kind), 'session'],
});
const storeOf = ({ settings }: Graph): string => JSON.stringify(settings.store);
const WARN_EVERY_MS = 60_000;
const PROBE_EVERY_MS = 30_000;
/** Calls whose sockets are closed settle within so long. */
const SETTLED_MS = 1_000;
const OTHER_ROUTES: ReadonlySet<string> = new Set(['/', '/health', '/ready', '/metrics', '/auth/login', '/auth/refresh', '/auth/logout', '/auth/sessions']);
const AUTH = '/auth/';
const ONE_SESSION = '/auth/sessions/';
const routeOf = (path: string): string => (OTHER_ROUTES.has(path) ? path : path.startsWith(ONE_SESSION) ? `${ONE_SESSION}{id}` : 'unmatched');

const orRefusal =
  (identify: Gateway['identify']) =>
  async (request: Incoming, response: Outgoing, id?: string): Promise<Identified | GatewayError> => {
    try {
      return await identify(request, response, undefined, id);
    } catch (error) {
      if (isGatewayError(error)) return error;
      throw error;
    }
  };

/**
 * Loads a configuration and serves it. Throws ConfigurationError with every problem, or Node's error when a port cannot be
 * had. Reloads on a change of the file; `reload` is for SIGHUP.
 */
export const startGateway = async (options: RuntimeOptions): Promise<Running> => {
  const now = options.now ?? Date.now;
  let graph: Graph | undefined;
  const log: GatewayLog = openLog({ destination: options.destination, secrets: () => graph?.secrets() ?? [] });
  const early = earlyCounters();
  const load = (): Promise<Graph> => loadGraph({ ...options, log: log.logger, now, metrics: early, previous: graph });
  graph = await load();
  const { settings: opened } = graph;
  log.configure(graph.settings.log);
  const served: GatewayMetrics = createMetrics({
    known: knownOf(graph),
    aliases: Object.assign({}, ...graph.plugins.map((p) => p.plugin.metricAliases ?? {})),
    now,
    degraded: () => gateway.graph.counters.degraded?.() === true,
    expiries: () => [...gateway.graph.instances.values()].map((i) => [i.name, i.provider.credentialExpires?.()] as const),
  });
  early.open(served, log.logger);
  const observer = makeObserver(served, log, now);
  const first = graph;
  const audit = auditOf(() => graph ?? first, served.audited, log.heads);
  const identified: Gateway['identify'] = (...request) => gateway.identify(...request);
  const identify = orRefusal(identified);
  let ready = true;
  const ops = createOpsApp({
    ready: () => {
      const reasons = ready ? gateway.graph.waitsFor() : ['draining'];
      return { ready: reasons.length === 0, reasons, instances: probes.states() };
    },
    metrics: () => served.text(),
  });
  const gateway: Gateway = makeGateway(graph, {
    now,
    log: log.logger,
    pass: options.pass,
    random: options.random,
    observe(x, status) {
      observer.observe(x, status);
      audit.settle(x, status);
    },
    intent: audit.intent,
    accessed: (event) => void audit.access(event),
    denied: audit.denied,
    content: observer.content,
    begun: observer.begun,
    broke: served.breaker,
    metrics: { retry: served.retry, fallback: served.fallback, fidelity: served.fidelity, thinkingLost: served.thinkingLost, auth: served.auth },
    otherwise(request, response, x: Exchange) {
      const path = x.target?.path ?? '';
      x.route = routeOf(path);
      if (path.startsWith(AUTH)) {
        // Pages of allowed origins log in too.
        if (answerPreflight(x)) return;
        letPagesRead(x);
        return sessions.handle(request, response, x.id);
      }
      ops.main(request, response, x.id, async () => {
        const caller = await identify(request, response, x.id);
        return isGatewayError(caller) ? caller : caller.principal;
      });
    },
  });
  const sessions = createSessionsApp({
    sessions: () => gateway.sessions,
    identify: identified,
    credentialOf: (request, id) => gateway.credentialOf(request, id),
    challenge: () => gateway.challenge,
    addressOf: (request) => gateway.addressOf(request),
    audit,
    now,
  });
  const admin = createAdminApp({
    operations: () => gateway.graph.admin,
    instances: () => gateway.graph.instances,
    pages: () => gateway.graph.pages,
    audit,
    authenticate: identify,
    confirm: (...request) => gateway.confirm(...request),
  });
  const listeners = await openListeners(graph.settings, log.logger, { server: gateway.handle, ops: ops.handler, admin: admin.handler }).catch(
    async (error: unknown) => {
      await audit.close();
      await gateway.close();
      throw error;
    },
  );
  for (const listener of each(listeners)) log.listening(listener.name, listener.url);
  const follow = ({ settings }: Graph): void => followCertificates(listeners, settings, () => gateway.graph.settings === settings, log.logger);
  follow(graph);
  void audit
    .recover()
    .catch((error: unknown) => log.logger.warn({ reason: error instanceof Error ? error.message : 'unknown' }, 'what dead writers left cannot be read yet'));
  const probes = startProbes({
    instances: () => gateway.graph.instances.values(),
    everyMs: options.probeEveryMs ?? PROBE_EVERY_MS,
    note: served.health,
    broken: gateway.broken,
  });

  const warnOpen = setInterval(() => {
    if (gateway.graph.strategies.length === 0) log.logger.warn({}, '`auth: none` is set: everybody on this machine may spend on these accounts');
  }, WARN_EVERY_MS).unref();
  if (graph.strategies.length === 0) log.logger.warn({}, '`auth: none` is set: everybody on this machine may spend on these accounts');

  const warnForgotten = ({ settings }: Graph): void => {
    for (const { path, what } of forgottenBudgets(settings)) log.logger.warn({ path }, what);
  };
  warnForgotten(graph);

  const watch = watchConfiguration({
    file: options.file,
    load,
    log: log.logger,
    onResult: served.reloaded,
    async swap(next) {
      const renewCertificates = newCertificates(listeners, next.settings);
      if (storeOf(next) !== storeOf(gateway.graph)) await audit.renew();
      const waiting = needRestart(opened, next.settings);
      if (waiting.length > 0) log.logger.warn({ keys: waiting }, 'these keys of the new configuration come into force with the next start');
      served.configure(knownOf(next));
      log.configure(next.settings.log);
      gateway.swap(next);
      renewCertificates();
      follow(next);
      warnForgotten(next);
      graph = next;
    },
  });

  /** Aborted when nothing is waited for any more. */
  const hurry = new AbortController();
  const stop = async (deadline: number): Promise<void> => {
    clearInterval(warnOpen);
    probes.stop();
    const calls = [listeners.server, listeners.tls].filter((l) => l !== undefined);
    const hurried = new Promise<void>((resolve) => {
      hurry.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    void hurried.then(() => calls.map((l) => l.destroyAll()));
    // A reload under way may take long; who is in a hurry does not wait for it.
    await Promise.race([watch.close(), hurried]);
    const left = hurry.signal.aborted ? 0 : deadline;
    const late = setTimeout(gateway.endOpenCalls, left).unref();
    await Promise.all(calls.map((l) => l.close(left + (left > 0 ? 1_000 : 0))));
    clearTimeout(late);
    await Promise.all([listeners.ops, listeners.admin].filter((l) => l !== undefined).map((l) => l.close(0)));
    await Promise.all([ops.close(), admin.close(), sessions.close()]);
    // Nothing else keeps the process alive by now, and records still have to be written.
    const settled = new AbortController();
    await Promise.race([gateway.idle(), sleep(SETTLED_MS, undefined, { signal: settled.signal }).catch(() => undefined)]);
    settled.abort();
    await audit.close();
    await gateway.close();
    await log.end();
  };
  let stopping: Promise<void> | undefined;
  return {
    urls: { server: listeners.server.url, tls: listeners.tls?.url, ops: listeners.ops.url, admin: listeners.admin?.url },
    get graph() {
      return gateway.graph;
    },
    metrics: served,
    log: log.logger,
    audit,
    reload: () => watch.reload(),
    drain() {
      stopping ??= (async () => {
        ready = false;
        gateway.drain();
        const { delay, deadline } = gateway.graph.settings.server.drain;
        await sleep(delay, undefined, { signal: hurry.signal }).catch(() => undefined);
        await stop(deadline);
      })();
      return stopping;
    },
    close() {
      ready = false;
      gateway.drain();
      gateway.endOpenCalls();
      hurry.abort();
      stopping ??= stop(0);
      return stopping;
    },
  };
};
