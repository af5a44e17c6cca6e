import type { Claim, Usage } from '@llm-proxy-auth/plugin';
import { TOKENS } from '../access/claims.ts';
import { costOf, knownOf, NANO } from '../access/prices.ts';
import type { Exchange } from './exchange.ts';

/**
 * Bytes of a cut stream that are taken for one token: those of the densest framing (many tokens an event). A caller who leaves before
 * the provider's count came is charged rather more than less, and never more than was reserved.
 */
const STREAMED_BYTES_PER_TOKEN = 12;

const count = (n: number): number => (Number.isFinite(n) && n > 0 ? n : 0);
/** What a provider says it counted; undefined: nothing, or what counts as nothing. */
const said = (usage: Usage | undefined): Usage | undefined => {
  if (usage === undefined || (usage.estimated && count(usage.input) + count(usage.output) === 0)) return undefined;
  const { input, output, cacheRead, cacheWrite } = usage;
  const whole = count(input) === input && count(output) === output && count(cacheRead) === cacheRead && count(cacheWrite) === cacheWrite;
  return whole ? usage : { ...usage, input: count(input), output: count(output), cacheRead: count(cacheRead), cacheWrite: count(cacheWrite) };
};
const guess = (input: number, output: number): Usage => ({ input, output, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: true });

/** What was used, as far as it is known when the call has ended; undefined: nothing, or nothing is known. */
const usedBy = (x: Exchange): Usage | undefined => {
  const usage = said(x.usage);
  const { estimate } = x;
  if (estimate === undefined) return usage;
  if (x.dispatchedAt === 0) return undefined;
  const cut = x.streamOutcome === 'truncated' || x.streamOutcome === 'client' || x.streamOutcome === 'failed';
  if (cut) {
    const output = Math.min(estimate.output, Math.ceil(x.bytesOut / STREAMED_BYTES_PER_TOKEN));
    if (usage === undefined) return guess(estimate.input, output);
    return output > usage.output ? { ...usage, output, estimated: true } : usage;
  }
  if (usage !== undefined) return usage;
  const answered = x.status >= 200 && x.status < 300;
  // Who leaves before an answer came may have had it made all the same.
  return answered || (x.gone && x.status === 0) ? guess(estimate.input, estimate.output) : undefined;
};

const tokensOf = (usage: Usage | undefined): number => (usage === undefined ? 0 : usage.input + usage.output);
/** What limits that reserved tokens or money are told: what was used, never less than nothing. */
const actualOf = (reserved: readonly Claim[], usage: Usage | undefined, cost: number): readonly { readonly key: string; readonly amount: number }[] =>
  reserved.flatMap(({ key, kind }) => (kind === 'budget' ? [{ key, amount: cost }] : key.endsWith(TOKENS) ? [{ key, amount: tokensOf(usage) }] : []));

/** Ends the counting of a call, once: `usage` and `cost` are final, and its lease is told. */
export const reckon = (x: Exchange): void => {
  if (x.usage !== undefined || x.estimate !== undefined) x.usage = usedBy(x);
  let cost = 0;
  if (x.usage !== undefined && x.instance !== undefined && x.upstreamModel !== undefined) {
    const { price } = knownOf(x.instance, x.upstreamModel);
    if (price !== undefined) {
      cost = costOf(price, x.usage);
      x.cost = cost / NANO;
    }
  }
  if (x.lease === '') return;
  const settling = x.plan.graph.counters.settle(x.lease, actualOf(x.reserved, x.usage, cost));
  // A lease that cannot be settled stays charged in full.
  if (settling instanceof Promise) settling.catch((error: unknown) => x.plan.report(error, x.id));
};
