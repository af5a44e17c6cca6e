import type { Credential, Dialect, Principal } from '@llm-proxy-auth/plugin';
import type { Dispatcher } from 'undici';
import { compileRanges, type Ranges } from './access/address.ts';
import { type AllowedFrom, type Authenticator, type AuthNote, makeAuthenticator, slotsOf } from './access/authenticate.ts';
import type { AccessEvent } from './access/event.ts';
import { type Owners, owners } from './access/owners.ts';
import { compilePlaces, compilePolicies, type Policy } from './access/policy.ts';
import type { Refused } from './access/refused.ts';
import { verifiedCache } from './access/verified-cache.ts';
import type { Exchange } from './call/exchange.ts';
import type { Memories } from './call/memory.ts';
import { makePools } from './call/pools.ts';
import type { Pressure } from './call/pressure.ts';
import { Roster } from './call/roster.ts';
import { type SharedMemories, sharedMemories } from './call/shared-memory.ts';
import type { Ticker } from './call/ticker.ts';
import type { Graph, Instance } from './graph.ts';
import { type Located, locator } from './http/located.ts';
import { compileRoutes, compileShapes } from './http/route.ts';
import type { RawTarget } from './http/target.ts';
import type { CallMetrics } from './observe/metrics.ts';
import { type Breaker, type BreakerState, makeBreaker } from './routing/breaker.ts';
import { type ModelCatalogue, modelCatalogue } from './routing/catalogue.ts';
import { type Endpoints, endpointCache } from './routing/endpoints.ts';
import { compileModels, type ModelRouter } from './routing/resolve.ts';
import { makeSessions, type Sessions } from './sessions/sessions.ts';
import { sessionStrategy } from './sessions/strategy.ts';

/** What the line counts; children are made once, per request there are only look-ups. */
export interface LineMetrics {
  retry(): void;
  fallback(): void;
  fidelity(param: string): void;
  thinkingLost(): void;
  auth: AuthNote;
}
/** What lives longer than one configuration. */
export interface Services {
  readonly ticker: Ticker;
  readonly metrics: LineMetrics;
  /** What is remembered for callers, whose clients cannot carry it. */
  readonly memories: Memories;
  readonly pressure: Pressure;
  readonly random: () => number;
  readonly now: () => number;
  /** False: even equal surfaces are translated (tests prove the translators with it). */
  readonly pass: boolean;
  readonly closing: () => boolean;
  readonly observe: (x: Exchange, status: number) => void;
  /** Writes down that a call is about to reach a provider; a promise where it must be durable first. Throws `overloaded`. */
  readonly intent: (x: Exchange) => Promise<void> | undefined;
  readonly report: (error: unknown, id: string) => void;
  /** Somebody was not let in. */
  readonly refused: (refused: Refused) => void;
  /** Somebody got in, or out, in a way that the audit log is to know. */
  readonly accessed: (event: AccessEvent) => void;
  /** Writes prompts and completions; called only with `log.content: true`. */
  readonly content: (x: Exchange, what: 'request' | 'reply', bytes: string | Uint8Array) => void;
  /** An instance is left alone, tried or asked again; `what` failed last, as in `fallback.on`. */
  readonly broke: (instance: Instance, state: BreakerState, what: string) => void;
  /** A call was given to an instance; the result ends it. */
  readonly begun: (x: Exchange) => CallMetrics;
  /** Calls open in the whole process, for the retry budget. */
  readonly openCalls: { count: number; retries: number };
}
/** One configuration compiled for the hot path; immutable but for its counts. A reload makes another. */
export interface Plan extends Omit<Services, 'openCalls'> {
  readonly graph: Graph;
  /** Parse of the target and its route; remembered, since callers repeat themselves. Throws `invalid_target`. */
  locate(method: string, url: string): Located;
  /** Whose words an error of a transparent call takes while no instance may be named. */
  readonly shapeOf: (target: RawTarget) => Dialect | undefined;
  readonly policyOf: (principal: Principal, address: string) => Policy | undefined;
  /** False: no policy lets anybody call from this address. */
  readonly servesAt: Ranges;
  /** Whether a caller's credential was revoked as compromised: also one that was let in just before. */
  readonly isCompromised: (principal: Principal) => boolean;
  readonly authenticate: Authenticator;
  /** Undefined without authentication. */
  readonly sessions: Sessions | undefined;
  /** Where the strategies in use look for a credential. */
  readonly slots: ReadonlySet<Credential['slot']>;
  readonly models: ModelRouter;
  readonly catalogue: ModelCatalogue;
  readonly endpoints: Endpoints;
  readonly owners: Owners;
  /** Undefined where every process remembers alone. */
  readonly shared: SharedMemories | undefined;
  readonly trusted: Ranges;
  /** The instance a name in a transparent path means. */
  transparentInstance(name: string): Instance | undefined;
  pool(instance: Instance, origin: string): Dispatcher;
  breaker(instance: Instance): Breaker;
  /** Undefined: the retry budget is used up. */
  takeRetry(): (() => void) | undefined;
  /** Undefined: too many answers are being read to their end for clients that went. */
  takeDrain(instance: Instance, max: number): (() => void) | undefined;
  enter(x: Exchange): void;
  /** It takes a place of the calls that may be open. */
  count(x: Exchange): void;
  /** It gives that place back before it leaves. */
  uncount(x: Exchange): void;
  leave(x: Exchange): void;
  readonly open: Pick<Roster<Exchange>, 'each' | 'size'>;
  /** Resolves when the last call of this plan has ended. */
  idle(): Promise<void>;
  close(): Promise<void>;
}
const RETRY_FLOOR = 3;

export const makePlan = (graph: Graph, services: Services): Plan => {
  const pools = makePools(services.now);
  const breakers = new Map<Instance, Breaker>();
  const open = new Roster<Exchange>();
  const drains = new Map<string, number>();
  const waiting: (() => void)[] = [];
  const ownRanges = new WeakMap<Principal, Ranges>();
  const allowedFrom: AllowedFrom = (principal, address) => {
    let ranges = ownRanges.get(principal);
    if (ranges === undefined) {
      ranges = compileRanges(principal.restrict?.cidr ?? []);
      ownRanges.set(principal, ranges);
    }
    return ranges(address);
  };
  const { openCalls } = services;
  /** Seen to be in wrong hands: whoever was being let in meanwhile, as while a second factor was asked for, stands in no call yet. */
  const compromised = new Set<string>();
  const sessions = graph.strategies.length === 0 ? undefined : makeSessions(graph.host, graph.strategies, graph.settings.sessions);
  const strategies = sessions === undefined ? [] : [sessionStrategy(sessions, graph.host), ...graph.strategies];
  for (const { kind, strategy } of graph.strategies) {
    strategy.onCompromised?.((credential) => {
      compromised.add(`${kind} ${credential}`);
      open.each((x) => {
        if (x.principal?.credential === credential && x.principal.strategy === kind) x.revoke();
      });
    });
  }
  const isCompromised = ({ strategy, credential }: Principal): boolean => compromised.size > 0 && compromised.has(`${strategy} ${credential}`);
  const byKind = new Map<string, Instance[]>();
  for (const instance of graph.instances.values()) byKind.set(instance.kind, [...(byKind.get(instance.kind) ?? []), instance]);

  return {
    ...services,
    graph,
    open,
    locate: locator(compileRoutes(graph.dialects, graph.settings.server.defaultDialect, (name) => graph.instances.has(name), graph.shortcuts)),
    shapeOf: compileShapes(graph.dialects, graph.settings.server.defaultDialect),
    policyOf: compilePolicies(graph),
    servesAt: compilePlaces(graph),
    isCompromised,
    authenticate: makeAuthenticator(graph, strategies, verifiedCache(), services.metrics.auth, services, allowedFrom),
    sessions,
    slots: slotsOf(strategies),
    models: compileModels(graph.settings.models, graph.instances),
    catalogue: modelCatalogue(services.now),
    endpoints: endpointCache(),
    owners: owners(graph.store),
    shared: sharedMemories(graph.counters.memory, graph.seal),
    trusted: compileRanges(graph.settings.server.trustedProxies),
    transparentInstance(name) {
      const exact = graph.instances.get(name);
      if (exact !== undefined) return exact;
      const all = byKind.get(name) ?? [];
      return all.length === 1 ? all[0] : all.find((i) => i.settings.default);
    },
    pool: pools.of,
    breaker(instance) {
      let known = breakers.get(instance);
      if (known === undefined) {
        known = makeBreaker(
          instance.name,
          graph.settings.breaker,
          () => performance.now(),
          services.random,
          (state, what) => services.broke(instance, state, what),
        );
        breakers.set(instance, known);
      }
      return known;
    },
    takeRetry() {
      if (openCalls.retries >= Math.max(RETRY_FLOOR, openCalls.count * graph.settings.retry.budget)) return undefined;
      openCalls.retries++;
      return () => {
        openCalls.retries--;
      };
    },
    takeDrain(instance, max) {
      const count = drains.get(instance.name) ?? 0;
      if (count >= max) return undefined;
      drains.set(instance.name, count + 1);
      return () => {
        drains.set(instance.name, (drains.get(instance.name) ?? 1) - 1);
      };
    },
    enter: (x) => open.add(x),
    count(x) {
      x.placed = true;
      openCalls.count++;
    },
    uncount(x) {
      if (x.placed) openCalls.count--;
      x.placed = false;
    },
    leave(x) {
      if (!open.remove(x)) return;
      services.pressure.drop(x);
      this.uncount(x);
      if (open.size === 0) for (const done of waiting.splice(0)) done();
    },
    idle: () => (open.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    async close() {
      await pools.destroy();
      await graph.dispose();
    },
  };
};
