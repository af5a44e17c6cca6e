import { GatewayError, isGatewayError, type Logger, type Pages, type Principal } from '@llm-proxy-auth/plugin';
import { scopesOf } from '@llm-proxy-auth/plugin/issued';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Identified } from '../access/authenticate.ts';
import { openApi } from '../admin/openapi.ts';
import type { Audit } from '../audit/audit.ts';
import type { AdminEntry, Instance } from '../graph.ts';
import { readInput, recorded, runOperation } from '../operation.ts';
import { createApp, replyError, replyJson } from './app.ts';
import { challengesFor, foreignPage } from './from-page.ts';
import { mayUse } from './ops.ts';
import { servePage } from './pages.ts';
import type { AnyRequest, AnyResponse, RequestHandler } from './sever.ts';

export interface AdminOptions {
  /** Operations of the configuration that serves now. */
  readonly operations: () => readonly AdminEntry[];
  /** Instances of that configuration. */
  readonly instances: () => ReadonlyMap<string, Instance>;
  /** Pages of that configuration, by kind. */
  readonly pages: () => ReadonlyMap<string, Pages>;
  readonly audit: Pick<Audit, 'operation'>;
  readonly authenticate: (request: AnyRequest, response: AnyResponse) => Promise<Identified | GatewayError>;
  /** Who was let in before the body came, as he is now. Throws when he is let in no more. */
  readonly confirm: (request: AnyRequest, response: AnyResponse, identified: Identified) => Promise<Principal>;
  readonly log?: Logger | undefined;
}
export interface AdminApp {
  readonly handler: RequestHandler;
  close(): Promise<void>;
}

const describe = ({ operation }: AdminEntry) => ({
  name: operation.name,
  summary: operation.summary,
  scope: operation.scope,
  reads: operation.reads === true,
  input: operation.input,
  output: operation.output,
  ...(operation.example === undefined ? {} : { example: operation.example }),
});

/** `/admin/v1`: every operation that plugins bring, for callers with its scope or `admin`, those that only read also for `viewer` (contract.md §4, §7); and the pages that use it. */
export const createAdminApp = (options: AdminOptions): AdminApp => {
  const callers = new WeakMap<object, Identified>();
  const identifiedOf = (request: FastifyRequest): Identified => {
    const identified = callers.get(request.raw);
    if (identified === undefined) throw new GatewayError('missing_credentials', 'Send a credential.');
    return identified;
  };
  const callerOf = (request: FastifyRequest): Principal => identifiedOf(request).principal;

  const openTo = (caller: Principal): readonly AdminEntry[] => {
    const open = options.operations().filter(({ operation }) => mayUse(caller, scopesOf(operation)) === undefined);
    if (open.length === 0) throw new GatewayError('scope_required', `${caller.id} may run no operation.`);
    return open;
  };
  const entryOf = ({ params }: FastifyRequest): AdminEntry | undefined =>
    options.operations().find(({ operation }) => operation.name === (params as { readonly operation?: string }).operation);
  const run = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const caller = callerOf(request);
    const entry = entryOf(request);
    if (entry === undefined) throw new GatewayError('unknown_route', 'There is no such operation; GET /admin/v1/operations lists them.');
    const output = await recorded(options.audit, entry, request.body, caller, async () => {
      const now = await options.confirm(request.raw as AnyRequest, reply.raw as AnyResponse, identifiedOf(request));
      const refused = mayUse(now, scopesOf(entry.operation));
      if (refused !== undefined) throw refused;
      return runOperation(entry, readInput(entry, request.body), now, options.instances());
    });
    return replyJson(reply, 200, output ?? {});
  };

  const app = createApp({
    log: options.log,
    routes(fastify) {
      fastify.addHook('onRequest', async (request, reply) => {
        reply.header('cross-origin-resource-policy', 'same-origin');
        return servePage(options.pages(), request, reply);
      });
      // Before the route is known and the body is read: what exists is told only after authentication.
      fastify.addHook('onRequest', async (request, reply) => {
        if (!/^\/admin(?:\/|\?|$)/.test(request.url)) return undefined;
        const identified = await options.authenticate(request.raw as AnyRequest, reply.raw as AnyResponse);
        if (isGatewayError(identified)) return replyError(reply, identified);
        const { principal: caller } = identified;
        const foreign = foreignPage(request.raw as AnyRequest);
        if (foreign !== undefined) {
          const entry = entryOf(request);
          const refused = (): Promise<never> => Promise.reject(foreign);
          return entry === undefined ? replyError(reply, foreign) : recorded(options.audit, entry, undefined, caller, refused);
        }
        callers.set(request.raw, identified);
        return undefined;
      });
      fastify.addHook('onSend', async (request, reply) => {
        const challenges = [reply.getHeader('www-authenticate') ?? []].flat().map(String);
        if (challenges.length === 0) return;
        reply.removeHeader('www-authenticate');
        const offered = challengesFor(request.raw as AnyRequest, challenges);
        if (offered.length > 0) reply.header('www-authenticate', offered);
      });
      fastify.get('/admin/v1/operations', async (request, reply) => replyJson(reply, 200, { operations: openTo(callerOf(request)).map(describe) }));
      fastify.get('/admin/v1/openapi.json', async (request, reply) =>
        replyJson(reply, 200, openApi(openTo(callerOf(request)).map(({ operation }) => operation))),
      );
      fastify.post('/admin/v1/:operation', run);
    },
  });
  return { handler: (request, response) => app.handle(request, response), close: app.close };
};
