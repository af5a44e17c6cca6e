import type { Settings } from '../config/schema.ts';

const OUTLIVED: ReadonlySet<string> = new Set(['day', 'week', 'month']);
/**
 * What is to be said of counters that live in one process: budgets that are enforced over longer than a process lives begin anew
 * with each start. One sentence for each, after the place where the configuration names it.
 */
export const forgottenBudgets = ({
  counters,
  policies,
}: Pick<Settings, 'counters' | 'policies'>): readonly { readonly path: string; readonly what: string }[] =>
  counters.use !== 'memory'
    ? []
    : (policies ?? []).flatMap(({ limits }, i) =>
        (limits ?? []).flatMap(({ budget }, j) =>
          budget?.mode !== 'enforce' || !OUTLIVED.has(budget.window)
            ? []
            : [
                {
                  path: `policies[${i}].limits[${j}].budget`,
                  what: `each start of the gateway forgets what was spent of this ${budget.window}, as counters are kept in memory; configure counters: { use: redis } to keep it`,
                },
              ],
        ),
      );
