import { GatewayError, type Host, type UpstreamReply } from '@llm-proxy-auth/plugin';
import { type Dispatcher, request as send } from 'undici';

const MAX_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

const flat = (headers: Readonly<Record<string, string | string[] | undefined>>): readonly string[] =>
  Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : Array.isArray(value) ? value.flatMap((v) => [name, v]) : [name, value]));
const bodyOf = async (body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<Uint8Array> => {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    size += piece.length;
    // Leaving the loop destroys the body and its connection.
    if (size > maxBytes) throw new GatewayError('upstream_bad_response', `The answer is larger than ${maxBytes} bytes.`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
};

/** Connections by the authorities their servers are known by; undefined: the well-known ones. */
export type Dispatchers = (ca: string | undefined) => Dispatcher;

/**
 * Sends one request of a plugin: whole answer, at most 16 MiB and 30 s, redirects not followed.
 * Throws GatewayError `operation_not_allowed` for a host that the plugin does not declare, `upstream_timeout`,
 * `upstream_unreachable`, `upstream_bad_response`.
 */
export const createFetch = (name: string, allowed: (origin: string) => boolean, dispatcherOf: Dispatchers, lifetime: AbortSignal): Host['fetch'] => {
  return async (request, signal, { ca, maxBytes = MAX_BYTES } = {}): Promise<UpstreamReply> => {
    if (!allowed(request.origin)) throw new GatewayError('operation_not_allowed', `Plugin ${name} asked for a host that its manifest does not name.`);
    if (!request.path.startsWith('/')) throw new GatewayError('invalid_target', `Plugin ${name} asked for a path that does not begin with a slash.`);
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const signals = [timeout, lifetime, ...(signal === undefined ? [] : [signal])];
    try {
      const reply = await send(`${request.origin}${request.path}`, {
        method: request.method as Dispatcher.HttpMethod,
        headers: request.headers,
        body: request.body === undefined ? null : Buffer.concat(request.body),
        dispatcher: dispatcherOf(ca),
        signal: AbortSignal.any(signals),
      });
      return { status: reply.statusCode, headers: flat(reply.headers), body: await bodyOf(reply.body, Math.min(maxBytes, MAX_BYTES)) };
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause;
      if (timeout.aborted) throw new GatewayError('upstream_timeout', `The service that plugin ${name} asked did not answer in time.`, { cause });
      throw new GatewayError('upstream_unreachable', `The service that plugin ${name} asked cannot be reached.`, { cause });
    }
  };
};
