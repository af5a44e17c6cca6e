import type { Exchange } from './exchange.ts';
import { reckon } from './reckon.ts';

/** Usage, cost, counters, log, metrics: once per request, at its end, whatever happened. */
export const settle = (x: Exchange): void => {
  if (x.settled) return;
  x.settled = true;
  x.ended = performance.now();
  const { plan } = x;
  plan.leave(x);
  reckon(x);
  if (x.gone && x.code === '') x.code = 'client_closed';
  x.counted?.end();
  const status = x.gone && x.status === 0 ? 499 : x.status || x.response.statusCode;
  plan.observe(x, status);
};
