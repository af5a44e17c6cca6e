import { randomBytes } from 'node:crypto';
import { type Credential, GatewayError, isGatewayError, type Logger, type Principal } from '@llm-proxy-auth/plugin';
import { clientAddress } from './access/address.ts';
import { challengeOf, type Identified, type Login, type Prove, withLogin } from './access/authenticate.ts';
import { endWithCredentials } from './access/outlived.ts';
import { type Refused, refusalLog } from './access/refused.ts';
import { asError, endWait, sendError } from './call/answer.ts';
import { startBeating } from './call/beat.ts';
import { Exchange, type Incoming, type Outgoing } from './call/exchange.ts';
import { memories } from './call/memory.ts';
import { watchPressure } from './call/pressure.ts';
import { protocol } from './call/protocol.ts';
import { proveByBody, proveNoBody } from './call/prove.ts';
import { revoked } from './call/reply/outcome.ts';
import { settle } from './call/settle.ts';
import { openShortcut } from './call/shortcut.ts';
import { watchTail } from './call/tail.ts';
import { makeTicker } from './call/ticker.ts';
import { transparent } from './call/transparent.ts';
import type { Graph, Instance } from './graph.ts';
import { answerPreflight } from './http/cors.ts';
import { type Head, readHead } from './http/head.ts';
import type { RouteMatch } from './http/route.ts';
import { parseTarget, type RawTarget, withoutShown } from './http/target.ts';
import { makePlan, type Plan, type Services } from './plan.ts';
import type { BreakerState } from './routing/breaker.ts';
import type { Sessions } from './sessions/sessions.ts';

export interface GatewayOptions extends Pick<Services, 'metrics' | 'observe' | 'intent' | 'accessed' | 'now' | 'content' | 'begun'> {
  /** For the metrics. */
  readonly broke: (instance: string, state: BreakerState) => void;
  readonly log: Logger;
  /** A credential was refused, for the audit log. */
  readonly denied: (refused: Refused) => void;
  /** Everything that is not a call: health, metrics, pages. */
  readonly otherwise: (request: Incoming, response: Outgoing, x: Exchange) => void;
  readonly pass?: boolean | undefined;
  readonly random?: (() => number) | undefined;
}

/** The straight line: route → authenticate → receive → resolve → authorize → admit → call → reply → settle. */
export const makeGateway = (first: Graph, options: GatewayOptions) => {
  const run = randomBytes(8).toString('hex');
  let serial = 0;
  let draining = false;
  const retired = new Set<Plan>();
  const plans = (): readonly Plan[] => [plan, ...retired];
  /** Bytes of answers that clients have not taken yet. */
  const unsent = (): number => {
    let bytes = 0;
    for (const each of plans())
      each.open.each((x) => {
        bytes += x.response.writableLength;
      });
    return bytes;
  };
  const logged = refusalLog(options.log, options.now);
  const services: Services = {
    ticker: makeTicker(),
    pressure: watchPressure(() => plan.graph.settings.limits, unsent),
    metrics: options.metrics,
    memories: memories(options.now, options.metrics.thinkingLost),
    random: options.random ?? Math.random,
    now: options.now,
    pass: options.pass ?? true,
    closing: () => draining,
    observe: options.observe,
    intent: options.intent,
    accessed: options.accessed,
    content: options.content,
    begun: options.begun,
    broke(one, state, what) {
      // What the last calls of a configuration before learn is not about this one.
      if (plan.graph.instances.get(one.name) !== one) return;
      const instance = one.name;
      options.broke(instance, state);
      if (state === 'open') options.log.warn({ instance, failed: what }, 'the provider failed too often and is left alone');
      else options.log.info({ instance }, state === 'closed' ? 'the provider answers again' : 'one call is let through to see whether the provider answers');
    },
    openCalls: { count: 0, retries: 0 },
    refused(why) {
      logged(why);
      options.denied(why);
    },
    report: (error, id) =>
      options.log.error({ request: id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'a request failed inside the gateway'),
  };
  let plan = makePlan(first, services);
  const stopBeating = startBeating(plans);
  const stopEnding = endWithCredentials(() => plan, plans);

  /** All digits but the last four, which are counted by themselves. */
  let before = '';
  const nextId = (): string => {
    const last = ++serial & 0xffff;
    if (last === 0 || before === '') before = `req_${run}${((serial - last) / 0x10000).toString(16).padStart(12, '0')}`;
    return before + (last + 0x10000).toString(16).slice(1);
  };

  const headOf = (request: Incoming, slots: Plan['slots']): Head =>
    readHead(request.rawHeaders, request.httpVersionMajor === 2 ? (request.headers[':authority'] as string | undefined) : undefined, slots);
  /** Where a request came from, whatever its head is worth. Builds Node's own headers: not for the way of every call. */
  const addressOf = ({ socket, headers }: Incoming): string => {
    const forwarded = headers['x-forwarded-for'];
    return clientAddress(socket.remoteAddress ?? '', Array.isArray(forwarded) ? forwarded.join(', ') : forwarded, plan.trusted);
  };
  /** Two credentials are told of like one that is refused. */
  const readHeadOf = (request: Incoming, slots: Plan['slots'], id: string, login?: Login): Head => {
    try {
      const head = headOf(request, slots);
      return login === undefined ? head : withLogin(head, login);
    } catch (error) {
      if (isGatewayError(error) && error.code === 'ambiguous_credentials') {
        services.metrics.auth('none', 'denied');
        services.refused({ request: id, address: addressOf(request), code: error.code, strategy: 'none', reason: 'two_credentials' });
      }
      throw error;
    }
  };
  const identify = (x: Exchange, target: RawTarget, prove: Prove, isCall: boolean, login?: Login, again?: boolean): Identified | Promise<Identified> => {
    const socket = x.request.socket;
    const raw = readHeadOf(x.request, x.plan.slots, x.id, login);
    x.head = raw;
    x.target = withoutShown(target, raw.credential?.value);
    // HTTP/1.0 may leave it out; a probe does.
    if (raw.host === '') throw new GatewayError('invalid_request', 'The request has no Host header.');
    const peer = socket.remoteAddress ?? '';
    const trusted = x.plan.trusted(peer);
    x.address = clientAddress(peer, raw.forwardedFor, x.plan.trusted);
    return x.plan.authenticate(
      raw,
      x.request,
      target.path,
      {
        address: x.address,
        served: !isCall || x.plan.servesAt(x.address),
        trusted,
        tls: 'encrypted' in socket,
        request: x.id,
        port: socket.localPort ?? 0,
      },
      x.startedAt,
      prove,
      again,
    );
  };

  const serve = (x: Exchange, match: RouteMatch, identified: Identified): Promise<void> => {
    x.principal = identified.principal;
    if (x.plan.isCompromised(identified.principal)) throw revoked();
    x.policy = x.plan.policyOf(identified.principal, x.address);
    if (match.mode === 'protocol') return protocol(x, match, identified);
    if (match.shortcut === undefined) return transparent(x, match, identified);
    return openShortcut(x, match.shortcut).then((route) => transparent(x, route, identified));
  };
  /** A layer of promises only where somebody waits. */
  const walk = (x: Exchange, target: RawTarget, match: RouteMatch): Promise<void> => {
    const identifying = identify(x, target, proveByBody(x), true);
    return identifying instanceof Promise ? identifying.then((identified) => serve(x, match, identified)) : serve(x, match, identifying);
  };

  const finish = (x: Exchange): void => {
    x.walked = true;
    if (x.closed) settle(x);
    else watchTail(x);
  };
  const fail = (x: Exchange, thrown: unknown): void => {
    const error = asError(thrown, (e) => services.report(e, x.id));
    // However slowly its client takes the refusal: nobody without a credential holds a place.
    if (x.principal === undefined) x.plan.uncount(x);
    try {
      // A 401 says how to come in (RFC 9110 15.5.2), whoever refused.
      sendError(x, error, error.headers ?? (error.status === 401 ? challengeOf(x.plan.graph) : []));
    } finally {
      finish(x);
    }
  };

  return {
    /** Serves one request from the raw pair; never throws. */
    handle(request: Incoming, response: Outgoing): void {
      const x = new Exchange(nextId(), plan, request, response, options.now());
      endWait(x, x.started);
      plan.enter(x);
      // It comes once; `once` makes and removes a listener around it.
      response.on('close', () => {
        x.closed = true;
        // A reset HTTP/2 stream calls itself finished although nothing was ended.
        if (!response.writableEnded || !response.writableFinished) {
          x.gone = true;
          x.pending?.interrupt('gone');
        }
        if (x.walked) settle(x);
      });
      let match: RouteMatch | undefined;
      try {
        const known = plan.locate(request.method ?? 'GET', request.url ?? '');
        x.target = known.target;
        match = known.match;
        if (match !== undefined && answerPreflight(x)) {
          x.walked = true;
          return;
        }
        if (match !== undefined) {
          x.mode = match.mode;
          if (match.mode === 'protocol') x.dialect = match.dialect;
        }
      } catch (thrown) {
        return fail(x, thrown);
      }
      if (match === undefined) {
        x.walked = true;
        options.otherwise(request, response, x);
        return;
      }
      plan.count(x);
      const refused = services.pressure.refusal(plan.graph.settings.limits, services.openCalls.count);
      if (refused !== undefined) return fail(x, refused);
      try {
        walk(x, x.target, match).then(
          () => finish(x),
          (thrown: unknown) => fail(x, thrown),
        );
      } catch (thrown) {
        fail(x, thrown);
      }
    },
    /** For routes outside the line that need a caller (metrics, admin): who it is. `id`: of the request, where it has one already. */
    async identify(request: Incoming, response: Outgoing, login?: Login, id: string = nextId()): Promise<Identified> {
      const x = new Exchange(id, plan, request, response, options.now());
      return await identify(x, parseTarget(request.url ?? ''), proveNoBody(x), false, login);
    },
    /** Asks once more about whom the head of a request let in, when its body has come, which may have taken long: who that is now. Throws 401 where it lets in nobody now, or another, and 503. */
    async confirm(request: Incoming, response: Outgoing, { principal, once }: Identified): Promise<Principal> {
      const now = options.now();
      if (plan.isCompromised(principal) || (principal.expires ?? Number.POSITIVE_INFINITY) <= now) throw revoked();
      if (once === true) return principal;
      const x = new Exchange(nextId(), plan, request, response, now);
      const { principal: still } = await identify(x, parseTarget(request.url ?? ''), proveNoBody(x), false, undefined, true);
      if (still.owner !== principal.owner || still.credential !== principal.credential) throw revoked();
      return still;
    },
    /** The credential that a request shows, unchecked. Throws `ambiguous_credentials` and `invalid_request`. */
    credentialOf: (request: Incoming, id: string): Credential | undefined => readHeadOf(request, plan.slots, id).credential,
    addressOf,
    /** `www-authenticate` of a 401, as pairs. */
    get challenge(): readonly string[] {
      return challengeOf(plan.graph);
    },
    get sessions(): Sessions | undefined {
      return plan.sessions;
    },
    /** Swaps the configuration; calls under way finish on the old one, which is then disposed. */
    swap(graph: Graph): void {
      const old = plan;
      plan = makePlan(graph, services);
      retired.add(old);
      const deadline = setTimeout(() => void dispose(), 900_000).unref();
      const dispose = async (): Promise<void> => {
        if (!retired.delete(old)) return;
        clearTimeout(deadline);
        await old.close();
      };
      void old.idle().then(dispose);
    },
    get graph(): Graph {
      return plan.graph;
    },
    /** Whether an instance of this configuration failed too often and has not answered since. */
    broken: (instance: Instance): boolean => plan.breaker(instance).state !== 'closed',
    drain(): void {
      draining = true;
    },
    get open(): number {
      return services.openCalls.count;
    },
    idle: (): Promise<void> => plan.idle(),
    /** Ends every open call with an error; used at the drain deadline. */
    endOpenCalls(): void {
      for (const each of [plan, ...retired]) each.open.each((x) => x.pending?.interrupt('drain'));
    },
    async close(): Promise<void> {
      stopBeating();
      stopEnding();
      services.pressure.stop();
      services.ticker.stop();
      await Promise.all([plan.close(), ...[...retired].map((p) => p.close())]);
    },
  };
};
export type Gateway = ReturnType<typeof makeGateway>;
