import type { Principal } from '@llm-proxy-auth/plugin';
import { type Admitted, admit } from '../access/admit.ts';
import type { Exchange } from './exchange.ts';

const keep = (x: Exchange, { lease, limit, refused }: Admitted): void => {
  x.lease = lease;
  x.limit = limit;
  if (refused !== undefined) throw refused;
};
/** Takes the call's share of its policy's limits; throws 429 when one is used up. A promise only where the counters are one. */
export const takeLimits = (x: Exchange, principal: Principal, instance: string, model: string): void | Promise<void> => {
  if (x.policy === undefined) return;
  const taken = admit(x.plan.graph.counters, x.policy, principal, instance, model, x.plan.now());
  return taken instanceof Promise ? taken.then((admitted) => keep(x, admitted)) : keep(x, taken);
};
