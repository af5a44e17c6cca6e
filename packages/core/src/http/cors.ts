import type { Exchange } from '../call/exchange.ts';

const ALLOWED_METHODS = 'GET, POST, DELETE';
const MAX_AGE_S = '600';
const EXPOSED =
  'x-request-id, x-client-request-id, x-upstream-request-id, x-should-retry, retry-after, retry-after-ms, x-lpa-code, x-lpa-instance, x-lpa-model, x-lpa-fidelity';

/** Headers for a page of an allowed origin; exact match, never `*`, never `null`. Empty for everybody else and when CORS is off. */
export const corsHeaders = (origins: readonly string[], origin: string | undefined): readonly string[] => {
  if (origins.length === 0 || origin === undefined || origin === 'null' || !origins.includes(origin)) return [];
  return ['access-control-allow-origin', origin, 'vary', 'origin', 'access-control-expose-headers', EXPOSED];
};

/** Puts the headers for a page of an allowed origin on an answer that is not made yet. */
export const letPagesRead = ({ plan, request, response }: Exchange): void => {
  const headers = corsHeaders(plan.graph.settings.server.cors.origins, request.headers.origin);
  for (let i = 0; i < headers.length; i += 2)
    (response as { setHeader(name: string, value: string): unknown }).setHeader(headers[i] ?? '', headers[i + 1] ?? '');
};

/** Answers a preflight of an allowed origin; false: it is none, and the request goes its way. */
export const answerPreflight = (x: Exchange): boolean => {
  const { origins } = x.plan.graph.settings.server.cors;
  if (origins.length === 0 || x.request.method !== 'OPTIONS') return false;
  const { headers } = x.request;
  if (headers['access-control-request-method'] === undefined) return false;
  const allowed = corsHeaders(origins, headers.origin);
  if (allowed.length === 0) return false;
  const wanted = headers['access-control-request-headers'];
  const asked = typeof wanted === 'string' && /^[A-Za-z0-9, -]{1,2000}$/.test(wanted) ? ['access-control-allow-headers', wanted] : [];
  x.status = 204;
  const response = x.response as { writeHead(status: number, headers: readonly string[]): unknown; end(): unknown };
  response.writeHead(204, ['x-request-id', x.id, ...allowed, 'access-control-allow-methods', ALLOWED_METHODS, 'access-control-max-age', MAX_AGE_S, ...asked]);
  response.end();
  return true;
};
