import { type CODES, GatewayError, isGatewayError, type Logger } from '@llm-proxy-auth/plugin';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { echoable, envelope, newRequestId } from './envelope.ts';
import { closeBehind } from './linger.ts';
import { type AnyRequest, type AnyResponse, isHttp2, sever } from './sever.ts';
import { readUnambiguous } from './unambiguous.ts';

/** A Fastify application that is handed raw pairs and never listens. */
export interface App {
  readonly fastify: FastifyInstance;
  /** `id` when the request has one already. */
  handle(request: AnyRequest, response: AnyResponse, id?: string): void;
  close(): Promise<void>;
}
const BODY_LIMIT = 1024 * 1024;
const MAX_DEPTH = 32;
/** Time a client has for each step of taking an answer. */
const STALL_MS = 60_000;

/** Codes for what Fastify itself refuses, by status. */
const REFUSED: Readonly<Record<number, readonly [code: keyof typeof CODES, message: string]>> = Object.freeze({
  400: ['invalid_request', 'The request is not valid.'],
  413: ['body_too_large', 'The request body is too large.'],
  414: ['invalid_target', 'The request target is too long.'],
  415: ['unsupported_media_type', 'Send application/json in UTF-8, without content-encoding.'],
});
const asError = (error: unknown, failed: (error: unknown) => void): GatewayError => {
  if (isGatewayError(error)) return error;
  const status = (error as { statusCode?: unknown }).statusCode;
  const refused = typeof status === 'number' ? REFUSED[status] : undefined;
  if (refused !== undefined) return new GatewayError(refused[0], refused[1]);
  failed(error);
  return new GatewayError('internal_error', 'The gateway failed on this request; the operator finds it in the log by its request id.', { cause: error });
};

/** Answers with the envelope outside dialects (contract.md §5). */
export const replyError = (reply: FastifyReply, error: GatewayError): FastifyReply => {
  const { status, headers, body } = envelope(error, reply.request.id);
  for (let i = 0; i < headers.length; i += 2) {
    const [name = '', value = ''] = headers.slice(i, i + 2);
    const before = name === 'www-authenticate' ? reply.getHeader(name) : undefined;
    reply.header(name, before === undefined ? value : [before, value].flat());
  }
  return reply.code(status).send(body);
};
export const replyJson = (reply: FastifyReply, status: number, value: unknown): FastifyReply =>
  reply.code(status).header('content-type', 'application/json').send(JSON.stringify(value));

const CONTENT_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i;
const unsupported = (): GatewayError => new GatewayError('unsupported_media_type', 'Send application/json in UTF-8, without content-encoding.');

interface Served {
  readonly method: string;
  readonly path: RegExp;
}
/** 405 with `allow` where another method is served, else 404. */
const notFound = (served: readonly Served[], url: string): GatewayError => {
  const path = url.split('?', 1)[0] ?? '';
  const allow = [...new Set(served.filter((route) => route.path.test(path)).map((route) => route.method))].join(', ');
  if (allow === '') return new GatewayError('unknown_route', 'There is nothing under this path.');
  return new GatewayError('method_not_allowed', `This path takes ${allow}.`, { headers: ['allow', allow] });
};

/** Schemas are checked by typebox, where they stand: without Fastify's own compilers some 150 modules are never loaded. */
const noSchemas = (): never => {
  throw new Error('Routes of Fastify have no schema here: what they are given is checked where it is read.');
};
const NO_SCHEMAS = { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } };
/** Fastify with our errors, our request ids and a strict JSON body; nothing of a method override or a cookie is looked at. */
export const createApp = (options: {
  readonly log?: Logger | undefined;
  readonly bodyLimit?: number | undefined;
  /** Milliseconds; 60 s if absent. */
  readonly stall?: number | undefined;
  readonly routes: (fastify: FastifyInstance) => void;
}): App => {
  const ids = new WeakMap<object, string>();
  const failed = (id: string) => (error: unknown) => options.log?.error({ request: id, error }, 'a request failed');
  const fastify = Fastify({
    logger: false,
    bodyLimit: options.bodyLimit ?? BODY_LIMIT,
    requestIdHeader: false,
    genReqId: (raw) => ids.get(raw) ?? newRequestId(),
    exposeHeadRoutes: true,
    schemaController: NO_SCHEMAS,
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: (error, request, reply) => {
      reply.header('x-request-id', request.id);
      void replyError(reply as unknown as FastifyReply, asError(error, failed(request.id)));
    },
  });
  fastify.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id).header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
    const clientId = echoable(request.headers['x-client-request-id'] ?? request.headers['x-request-id']);
    if (clientId !== undefined) reply.header('x-client-request-id', clientId);
  });
  fastify.addHook('preParsing', async (request) => {
    const { 'content-type': type, 'content-encoding': encoding } = request.headers;
    if (encoding !== undefined || (type !== undefined && !CONTENT_TYPE.test(type))) throw unsupported();
  });
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: FastifyRequest, body: Buffer) =>
    body.length === 0 ? undefined : readUnambiguous([body], MAX_DEPTH),
  );
  fastify.setErrorHandler((error, request, reply) => {
    const refused = asError(error, failed(request.id));
    // Fastify closes the connection of such a request: with unread bytes that takes the answer from the client.
    if (refused.code === 'body_too_large' && !request.raw.complete && !isHttp2(reply.raw)) closeBehind(request.raw, reply.raw);
    return replyError(reply, refused);
  });
  const served: Served[] = [];
  fastify.addHook('onRoute', ({ method, url }) => {
    const path = new RegExp(`^${url.replaceAll('.', '\\.').replaceAll(/:[a-z]+/g, '[^/]+')}$`);
    for (const each of [method].flat()) served.push({ method: each, path });
  });
  fastify.addHook('onSend', async (_request, { raw }) => {
    raw.setTimeout(options.stall ?? STALL_MS, () => sever(raw, true));
  });
  options.routes(fastify);
  // Behind the hooks of the routes, which serve pages and ask who calls; before the body is looked at, of which nothing could be said that helps.
  fastify.addHook('onRequest', async (request, reply) => (request.is404 ? replyError(reply, notFound(served, request.url)) : undefined));
  let ready = false;
  const starting = fastify.ready().then(() => {
    ready = true;
  });
  const route = (request: AnyRequest, response: AnyResponse): void => fastify.routing(request as never, response as never);
  return {
    fastify,
    handle(request, response, id) {
      if (id !== undefined) ids.set(request, id);
      if (ready) route(request, response);
      else
        starting.then(
          () => route(request, response),
          () => response.destroy(),
        );
    },
    close: async () => {
      await fastify.close();
    },
  };
};
