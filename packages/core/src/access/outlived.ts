import type { Principal } from '@llm-proxy-auth/plugin';
import type { Exchange } from '../call/exchange.ts';
import type { Strategy } from '../graph.ts';
import type { Plan } from '../plan.ts';
import { holderOf } from './holder.ts';

/** How often calls under way are held against their credentials, ms. */
const EVERY_MS = 1_000;

/** Whether a credential would still let in. A strategy that does not know its credentials again can tell of their end alone. */
const letsIn = async (strategies: readonly Strategy[], principal: Principal, now: number): Promise<boolean> => {
  if (principal.expires !== undefined && now >= principal.expires) return false;
  const own = strategies.filter(({ kind }) => kind === principal.strategy);
  if (own.some(({ strategy }) => strategy.current === undefined)) return true;
  return (await holderOf(own, principal)) !== undefined;
};
const endOutlived = async (serving: Plan, plans: Iterable<Plan>): Promise<void> => {
  const { strategies } = serving.graph;
  const byPrincipal = new Map<Principal, Exchange[]>();
  for (const plan of plans) {
    plan.open.each((x) => {
      if (x.principal === undefined || x.revoked) return;
      const others = byPrincipal.get(x.principal);
      if (others === undefined) byPrincipal.set(x.principal, [x]);
      else others.push(x);
    });
  }
  for (const [principal, calls] of byPrincipal) {
    // Who cannot say now is asked again; a store that is away ends no call.
    if (await letsIn(strategies, principal, serving.now()).catch(() => true)) continue;
    for (const x of calls) x.revoke();
  }
};

/**
 * Ends calls whose credential has expired or was revoked meanwhile, where `stream.outliveCredential` is false: by the configuration that
 * serves now, also those that began under one before it. The result stops it.
 */
export const endWithCredentials = (serving: () => Plan, plans: () => Iterable<Plan>): (() => void) => {
  let busy = false;
  const timer = setInterval(() => {
    const plan = serving();
    const { settings, strategies } = plan.graph;
    if (busy || settings.stream.outliveCredential || strategies.length === 0) return;
    busy = true;
    endOutlived(plan, plans())
      .catch((error: unknown) => plan.report(error, 'credentials'))
      .finally(() => {
        busy = false;
      });
  }, EVERY_MS).unref();
  return () => clearInterval(timer);
};
