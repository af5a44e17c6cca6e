import { readFileSync } from 'node:fs';
import type { Logger, Principal } from '@llm-proxy-auth/plugin';
import { type GatewayError, isGatewayError } from '@llm-proxy-auth/plugin';
import type { Exchange } from './call/exchange.ts';
import type { Settings, TlsSettings } from './config/schema.ts';
import { type Gateway, makeGateway } from './gateway.ts';
import type { Graph } from './graph.ts';
import { createAdminApp } from './http/admin.ts';
import { createOpsApp } from './http/ops.ts';
import { createListener, type Listener, type TlsOptions } from './http/server.ts';
import { type LoadOptions, loadGraph } from './load-graph.ts';
import { type GatewayLog, openLog } from './observe/log.ts';
import { createMetrics, type GatewayMetrics } from './observe/metrics.ts';
import { makeObserver } from './observe/observer.ts';
import { watchConfiguration } from './reload.ts';

export interface RuntimeOptions extends Omit<LoadOptions, 'log' | 'now' | 'metrics' | 'previous'> {
  /** Where log lines go; default standard output. */
  readonly destination?: { write(line: string): void } | undefined;
  /** Epoch ms; default the system clock. */
  readonly now?: (() => number) | undefined;
  /** False: even a call between equal surfaces is translated, which proves the translators. */
  readonly pass?: boolean | undefined;
  readonly random?: (() => number) | undefined;
}
/** A gateway that serves. */
export interface Running {
  /** As bound; `tls` and `admin` only where configured. */
  readonly urls: { readonly server: string; readonly tls?: string | undefined; readonly ops: string; readonly admin?: string | undefined };
  readonly graph: Graph;
  readonly metrics: GatewayMetrics;
  readonly log: Logger;
  /** Reads the configuration again; false: the old one goes on serving. */
  reload(): Promise<boolean>;
  /** Readiness 503 at once, `drain.delay` of further service, then the open calls until `drain.deadline`. */
  drain(): Promise<void>;
  /** Stops at once. */
  close(): Promise<void>;
}

const pemOf = (secret: { peek(): string | undefined } | undefined): string | undefined => {
  const value = secret?.peek();
  if (value === undefined || value.includes('-----BEGIN')) return value;
  return readFileSync(value, 'utf8');
};
const tlsOf = (tls: TlsSettings | undefined): TlsOptions | undefined => {
  const cert = pemOf(tls?.cert);
  const key = pemOf(tls?.key);
  if (cert === undefined || key === undefined) return undefined;
  return { cert, key, clientCa: pemOf(tls?.clientCa) };
};
const knownOf = (graph: Graph) => ({
  instances: [...graph.instances.values()].map((i) => ({ name: i.name, provider: i.kind, region: i.provider.region })),
  dialects: [...graph.dialects.keys()],
  strategies: graph.strategies.map((s) => s.kind),
});
const WARN_EVERY_MS = 60_000;
const OTHER_ROUTES: ReadonlySet<string> = new Set(['/', '/health', '/ready', '/metrics']);

interface Listeners {
  readonly server: Listener;
  readonly tls: Listener | undefined;
  readonly ops: Listener;
  readonly admin: Listener | undefined;
}
const each = (l: Listeners): Listener[] => [l.server, l.tls, l.ops, l.admin].filter((x) => x !== undefined);

const openListeners = async (
  settings: Settings,
  log: Logger,
  handlers: {
    server: Parameters<typeof createListener>[0]['handler'];
    ops: Parameters<typeof createListener>[0]['handler'];
    admin: Parameters<typeof createListener>[0]['handler'];
  },
): Promise<Listeners> => {
  const { server, ops, admin } = settings;
  const common = { timeouts: server.timeouts, log };
  const tls = tlsOf(server.tls);
  const made: Listeners = {
    server: await createListener({ ...common, name: 'server', host: server.host, port: server.port, reusePort: server.reusePort, handler: handlers.server }),
    tls:
      tls === undefined || server.tls === undefined
        ? undefined
        : await createListener({
            ...common,
            name: 'tls',
            host: server.host,
            port: server.tls.port,
            tls,
            reusePort: server.reusePort,
            handler: handlers.server,
          }),
    ops: await createListener({ ...common, name: 'ops', host: ops.host, port: ops.port, tls: tlsOf(ops.tls), handler: handlers.ops }),
    admin:
      admin === undefined
        ? undefined
        : await createListener({ ...common, name: 'admin', host: admin.host, port: admin.port, tls: tlsOf(admin.tls), handler: handlers.admin }),
  };
  const opened: Listener[] = [];
  try {
    for (const listener of each(made)) {
      await listener.listen();
      opened.push(listener);
    }
  } catch (error) {
    for (const listener of opened) listener.destroyAll();
    await Promise.all(opened.map((l) => l.close(0)));
    throw error;
  }
  return made;
};

const authenticateAdmin =
  (gateway: () => Gateway) =>
  async (request: Parameters<Gateway['identify']>[0], response: Parameters<Gateway['identify']>[1]): Promise<Principal | GatewayError> => {
    try {
      return (await gateway().identify(request, response)).principal;
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
  let metrics: GatewayMetrics | undefined;
  const load = (): Promise<Graph> => loadGraph({ ...options, log: log.logger, now, metrics, previous: graph });
  graph = await load();
  log.configure(graph.settings.log);
  metrics = createMetrics({
    known: knownOf(graph),
    aliases: Object.assign({}, ...graph.plugins.map((p) => p.plugin.metricAliases ?? {})),
    now,
    expiries: () => [...gateway.graph.instances.values()].map((i) => [i.name, i.provider.credentialExpires?.()] as const),
  });
  const served = metrics;
  const observer = makeObserver(served, log, now);
  let ready = true;
  const ops = createOpsApp({
    ready: () => (ready ? { ready: true, reasons: [] } : { ready: false, reasons: ['draining'] }),
    metrics: () => served.text(),
  });
  const opsOnly = ops.handler;
  const gateway: Gateway = makeGateway(graph, {
    now,
    log: log.logger,
    pass: options.pass,
    random: options.random,
    observe: observer.observe,
    content: observer.content,
    begun: observer.begun,
    metrics: { retry: served.retry, fallback: served.fallback, fidelity: served.fidelity, auth: served.auth },
    otherwise(request, response, x: Exchange) {
      x.route = OTHER_ROUTES.has(x.target?.path ?? '') ? (x.target?.path ?? '') : 'unmatched';
      ops.main(request, response, x.id, () => authenticateAdmin(() => gateway)(request, response));
    },
  });
  const admin = createAdminApp({
    operations: () => gateway.graph.admin,
    store: () => gateway.graph.store,
    authenticate: authenticateAdmin(() => gateway),
    now,
  });
  const listeners = await openListeners(graph.settings, log.logger, { server: gateway.handle, ops: opsOnly, admin: admin.handler }).catch(
    async (error: unknown) => {
      await gateway.close();
      throw error;
    },
  );
  for (const listener of each(listeners)) log.listening(listener.name, listener.url);

  const warnOpen = setInterval(() => {
    if (gateway.graph.strategies.length === 0) log.logger.warn({}, '`auth: none` is set: everybody on this machine may spend on these accounts');
  }, WARN_EVERY_MS).unref();
  if (graph.strategies.length === 0) log.logger.warn({}, '`auth: none` is set: everybody on this machine may spend on these accounts');

  const watch = watchConfiguration({
    file: options.file,
    load,
    log: log.logger,
    onResult: served.reloaded,
    swap(next) {
      const tls = tlsOf(next.settings.server.tls);
      if (tls !== undefined) listeners.tls?.setSecureContext(tls);
      served.configure(knownOf(next));
      log.configure(next.settings.log);
      gateway.swap(next);
      graph = next;
    },
  });

  const stop = async (deadline: number): Promise<void> => {
    clearInterval(warnOpen);
    await watch.close();
    const calls = [listeners.server, listeners.tls].filter((l) => l !== undefined);
    const late = setTimeout(gateway.endOpenCalls, deadline).unref();
    await Promise.all(calls.map((l) => l.close(deadline + (deadline > 0 ? 1_000 : 0))));
    clearTimeout(late);
    await Promise.all([listeners.ops, listeners.admin].filter((l) => l !== undefined).map((l) => l.close(0)));
    await Promise.all([ops.close(), admin.close()]);
    await gateway.close();
    log.flush();
  };
  let stopping: Promise<void> | undefined;
  return {
    urls: { server: listeners.server.url, tls: listeners.tls?.url, ops: listeners.ops.url, admin: listeners.admin?.url },
    get graph() {
      return gateway.graph;
    },
    metrics: served,
    log: log.logger,
    reload: () => watch.reload(),
    drain() {
      stopping ??= (async () => {
        ready = false;
        gateway.drain();
        const { delay, deadline } = gateway.graph.settings.server.drain;
        await new Promise((resolve) => setTimeout(resolve, delay));
        await stop(deadline);
      })();
      return stopping;
    },
    close() {
      ready = false;
      gateway.drain();
      gateway.endOpenCalls();
      stopping ??= stop(0);
      return stopping;
    },
  };
};
