import type { Edit, Mutant } from './mutants.ts';

const edit = (file: string, from: string, to: string): Edit => ({ file, from, to });
const core = (file: string, from: string, to: string): Edit => edit(`packages/core/src/${file}`, from, to);
const of = (rule: string, named: string, ...edits: readonly Edit[]): Mutant => ({ rule, edits, test: 'tests/limits-and-budgets.test.ts', named });

const LIMITS = 'call/limits.ts';
/** Rules of limits and budgets. */
export const money: readonly Mutant[] = [
  of(
    'output is reserved',
    'tokens are reserved before and settled after',
    core(LIMITS, 'Math.ceil(each * Math.min(bounds.choices, MOST_OUTPUT)) : 0', '0 : 0'),
  ),
  of('each answer that is wanted is reserved', 'what is larger than the whole limit', core(LIMITS, 'Math.min(bounds.choices, MOST_OUTPUT)', '1')),
  of('the dearest candidate is reserved', 'the dearest candidate is what is reserved', core(LIMITS, 'Math.max(...prices.map', 'Math.min(...prices.map')),
  of(
    'what has no price is not served under a budget',
    'a model without a price',
    core('access/claims.ts', "if (cost === undefined && !shadow && unpriced === 'deny')", 'if (false)'),
  ),
  of('a budget that observes never refuses', 'a budget that observes', core('access/claims.ts', "const shadow = mode === 'observe';", 'const shadow = false;')),
  of('a budget refuses', 'A131 budget race', core('access/claims.ts', "const shadow = mode === 'observe';", 'const shadow = true;')),
  of('what was used replaces what was reserved', 'a budget pays for what was used', core('call/reckon.ts', 'actualOf(x.reserved, x.usage, cost)', '[]')),
  of(
    'an answer without usage is charged',
    'an answer without usage is charged by the estimate',
    core('call/reckon.ts', 'return answered || (x.gone && x.status === 0) ?', 'return (x.gone && x.status === 0) ?'),
  ),
  of('what came of a cut stream is charged', 'a stream that is cut, or left', core('call/reckon.ts', 'Math.ceil(x.bytesOut / STREAMED_BYTES_PER_TOKEN)', '0')),
  of(
    'a cut stream is charged within its reservation',
    'a stream that is cut, or left',
    core('call/reckon.ts', 'Math.min(estimate.output, Math.ceil(', 'Math.max(estimate.output, Math.ceil('),
  ),
  of(
    'a body that does not fit the head is measured',
    'a large body is measured before it goes out',
    core('call/transparent.ts', '|| explained || measured ||', '|| explained ||'),
  ),
  of(
    'a settled call frees what it did not use',
    'what the provider refuses costs nothing',
    edit('packages/plugin/src/memory-counters.ts', 'if (used !== undefined) correct(', 'if (false) correct('),
  ),
  of(
    'a budget ends with its window',
    'a budget that is used up begins anew',
    core('access/window.ts', "if (window === 'day') return now - (now % DAY) + DAY;", "if (window === 'day') return now - (now % DAY) + 2 * DAY;"),
  ),
  {
    rule: 'a budget is its owner’s, whatever the key',
    edits: [core('access/claims.ts', 'return `principal:${principal.owner}`;', 'return `principal:${principal.credential}`;')],
    test: 'tests/budgets-of-keys.test.ts',
    named: 'A024 rotation',
  },
  {
    rule: 'what is too much is refused',
    edits: [core('gateway.ts', 'if (refused !== undefined) return fail(x, refused);', '')],
    test: 'tests/overload.test.ts',
    named: 'F56 five times what it may carry',
  },
];
