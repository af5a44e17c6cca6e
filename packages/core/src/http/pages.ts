import { GatewayError, type Pages } from '@llm-proxy-auth/plugin';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { replyError } from './app.ts';
import { typeOfPage } from './page-type.ts';

/** What a page may do: run its own scripts, ask its own listener, and be nobody's frame. */
const HEADERS: Readonly<Record<string, string>> = Object.freeze({
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'x-frame-options': 'DENY',
});
const PATH = /^\/([a-z][a-z0-9-]*)(?:\/([^/?]*))?(?:\?|$)/;

/** Answers where the path is that of a file of a page: to whoever asks, because it holds nothing that is anybody's. Undefined: there is no such file. */
export const servePage = (pages: ReadonlyMap<string, Pages>, { url, method }: FastifyRequest, reply: FastifyReply): FastifyReply | undefined => {
  const [, kind = '', written = ''] = PATH.exec(url) ?? [];
  const name = written === '' ? 'index.html' : written;
  const files = pages.get(kind)?.files ?? {};
  const [body, type] = [files[name], typeOfPage(name)];
  if (body === undefined || type === undefined) return undefined;
  if (method !== 'GET' && method !== 'HEAD')
    return replyError(reply, new GatewayError('method_not_allowed', 'This path takes GET, HEAD.', { headers: ['allow', 'GET, HEAD'] }));
  return reply
    .code(200)
    .headers(HEADERS)
    .header('content-type', type)
    .send(typeof body === 'string' ? body : Buffer.from(body));
};
