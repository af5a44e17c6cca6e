import type { Exchange } from './exchange.ts';

/** Log, metrics, counters: once per request, at its end, whatever happened. */
export const settle = (x: Exchange): void => {
  if (x.settled) return;
  x.settled = true;
  const { plan } = x;
  plan.leave(x);
  if (x.lease !== '') void plan.graph.counters.settle(x.lease, []);
  if (x.gone && x.code === '') x.code = 'client_closed';
  x.counted?.end();
  const status = x.gone && x.status === 0 ? 499 : x.status || x.response.statusCode;
  plan.observe(x, status);
};
