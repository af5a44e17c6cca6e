import { GatewayError, isGatewayError, type Logger, type Principal } from '@llm-proxy-auth/plugin';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type App, createApp, replyError, replyJson } from './app.ts';
import type { AnyRequest, AnyResponse, RequestHandler } from './sever.ts';

export interface Readiness {
  readonly ready: boolean;
  /** `draining` …; empty while ready. */
  readonly reasons: readonly string[];
  /** `ok`, `failed` or `degraded` by instance, shown on the ops listener alone. */
  readonly instances?: Readonly<Record<string, string>> | undefined;
}
export interface OpsOptions {
  readonly ready: () => Readiness;
  /** The exposition. */
  readonly metrics: () => Promise<string>;
  readonly log?: Logger | undefined;
}
/** Who asks: a principal, or the refusal. */
export type Identify = () => Promise<Principal | GatewayError>;
export interface OpsApp {
  /** The ops listener: `/health`, `/ready`, `/metrics` without a credential. */
  readonly handler: RequestHandler;
  /** What of the main listener is no call: `/`, `/health`, `/ready`, and `/metrics` with scope `metrics`. */
  main(request: AnyRequest, response: AnyResponse, id: string | undefined, identify: Identify): void;
  close(): Promise<void>;
}

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const WELCOME = Object.freeze({
  name: 'LLM Proxy Auth',
  links: Object.freeze({ health: '/health', ready: '/ready', documentation: 'https://github.com/llm-proxy-auth/llm-proxy-auth' }),
});

const readiness = (reply: FastifyReply, { ready, reasons, instances }: Readiness): FastifyReply => {
  if (!ready && reasons.includes('draining')) reply.header('x-lpa-code', 'draining');
  return replyJson(reply, ready ? 200 : 503, { status: ready ? 'ready' : 'not_ready', reasons, ...(instances === undefined ? {} : { instances }) });
};

/** A caller is let in when it is authenticated and has one of the scopes. */
export const mayUse = (principal: Principal | GatewayError, scopes: readonly string[]): GatewayError | undefined => {
  if (isGatewayError(principal)) return principal;
  if (scopes.some((scope) => principal.scopes.includes(scope))) return undefined;
  return new GatewayError('scope_required', `${principal.id} needs the scope ${scopes[0]}.`);
};

/** Health, readiness and metrics, for the ops listener and for the main one. */
export const createOpsApp = (options: OpsOptions): OpsApp => {
  const health = (app: FastifyInstance): void => {
    app.get('/health', (_request, reply) => replyJson(reply, 200, { status: 'ok' }));
  };
  const ops: App = createApp({
    log: options.log,
    routes(app) {
      health(app);
      app.get('/ready', (_request, reply) => readiness(reply, options.ready()));
      app.get('/metrics', async (_request, reply) => reply.header('content-type', METRICS_TYPE).send(await options.metrics()));
    },
  });
  const asking = new WeakMap<object, Identify>();
  const unknown = async (): Promise<GatewayError> => new GatewayError('missing_credentials', 'Send a credential.');
  const main: App = createApp({
    log: options.log,
    routes(app) {
      health(app);
      app.get('/', (_request, reply) => replyJson(reply, 200, WELCOME));
      app.get('/ready', (_request, reply) => readiness(reply, { ...options.ready(), instances: undefined }));
      app.get('/metrics', async (request: FastifyRequest, reply) => {
        const refusal = mayUse(await (asking.get(request.raw) ?? unknown)(), ['metrics', 'admin']);
        if (refusal !== undefined) return replyError(reply, refusal);
        return reply.header('content-type', METRICS_TYPE).send(await options.metrics());
      });
    },
  });
  return {
    handler: (request, response) => ops.handle(request, response),
    main(request, response, id, identify) {
      asking.set(request, identify);
      main.handle(request, response, id);
    },
    async close() {
      await Promise.all([ops.close(), main.close()]);
    },
  };
};
