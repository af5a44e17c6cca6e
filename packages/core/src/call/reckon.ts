import type { Claim, Price, Usage } from '@llm-proxy-auth/plugin';
import { TOKENS } from '../access/claims.ts';
import { costOf, knownOf, NANO } from '../access/prices.ts';
import { amount } from '../usage/totals.ts';
import { sum } from './batches.ts';
import type { Exchange } from './exchange.ts';
import { BYTES_PER_TOKEN } from './limits.ts';

/** Bytes of a stream that are taken for one token, framing and all. */
const STREAMED_BYTES_PER_TOKEN = 12;
/** Bytes that an event says beside its text, for streams that say much in one event; rather few than many. */
const FRAMING_BYTES = 256;
/** Lines of an event: its data and a blank one. */
const EVENT_LINES = 2;
/**
 * Tokens that a stream brought, rather more than fewer: one an event at least, and what its bytes come to, whether they are mostly
 * framing or mostly text.
 */
const streamed = ({ stream, bytesOut, linesOut }: Exchange): number => {
  if (!stream) return 0;
  const events = Math.ceil(linesOut / EVENT_LINES);
  return Math.max(events, Math.ceil(bytesOut / STREAMED_BYTES_PER_TOKEN), Math.ceil((bytesOut - events * FRAMING_BYTES) / BYTES_PER_TOKEN));
};

/** What a provider says it counted; undefined: nothing, or what counts as nothing. */
const said = (usage: Usage | undefined): Usage | undefined => {
  if (usage === undefined || (usage.estimated && amount(usage.input) + amount(usage.output) === 0)) return undefined;
  const { input, output, cacheRead, cacheWrite } = usage;
  const whole = amount(input) === input && amount(output) === output && amount(cacheRead) === cacheRead && amount(cacheWrite) === cacheWrite;
  return whole ? usage : { ...usage, input: amount(input), output: amount(output), cacheRead: amount(cacheRead), cacheWrite: amount(cacheWrite) };
};
const guess = (input: number, output: number): Usage => ({ input, output, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: true });

/** Nobody was answered, and a provider may have worked nevertheless: the client went, time was up, or the answer was cut. */
const isUnanswered = ({ gone, status, worked }: Exchange): boolean => (gone && status === 0) || (worked && (status === 0 || status >= 300));
/** The answer ended before its end: its client went, it was cut, or the provider failed in the midst of it. */
const isBroken = (x: Exchange): boolean => isUnanswered(x) || isCut(x);
const isCut = ({ streamOutcome, firstByteAt }: Exchange): boolean =>
  streamOutcome === 'client' || (firstByteAt !== 0 && (streamOutcome === 'truncated' || streamOutcome === 'failed'));
/**
 * What was used, as far as it is known when the call has ended; undefined: nothing, or nothing is known. What is hidden (reasoning, an
 * answer that nobody waited for) stands in no bytes: without the provider's last word it is never less than what was reserved.
 */
const usedBy = (x: Exchange): Usage | undefined => {
  const usage = said(x.usage);
  const { estimate } = x;
  if (estimate === undefined) return usage;
  if (x.dispatchedAt === 0) return undefined;
  const unanswered = isUnanswered(x);
  if (x.status >= 300 && !unanswered) return usage;
  const broken = unanswered || isCut(x);
  if (usage !== undefined && !broken) return usage;
  if (!broken && x.status === 0) return undefined;
  const output = Math.max(estimate.output, streamed(x));
  if (usage === undefined) return guess(estimate.input, output);
  // What was said may speak of a part alone.
  const input = unanswered ? Math.max(usage.input, estimate.input) : usage.input;
  return { ...usage, input, output: Math.max(usage.output, output), estimated: true };
};

/** What the model costs that was asked last; undefined while none was, and where no price is known. */
const priceOf = ({ instance, upstreamModel }: Exchange): Price | undefined =>
  instance === undefined || upstreamModel === undefined ? undefined : knownOf(instance, upstreamModel).price;
/** Tokens and USD. */
export interface Spent {
  readonly input: number;
  readonly output: number;
  readonly cost: number;
}
const tokensOf = (usage: Usage | undefined): number => (usage === undefined ? 0 : usage.input + usage.output);
/** What limits that reserved tokens or money are told: what was used, never less than nothing. */
const actualOf = (reserved: readonly Claim[], usage: Usage | undefined, cost: number): readonly { readonly key: string; readonly amount: number }[] =>
  reserved.flatMap(({ key, kind }) => (kind === 'budget' ? [{ key, amount: cost }] : key.endsWith(TOKENS) ? [{ key, amount: tokensOf(usage) }] : []));

/** What an open call has used by now as far as bytes tell; undefined while no provider was asked. The prompt is charged from the start. */
export const soFar = (x: Exchange): Spent | undefined => {
  if (x.dispatchedAt === 0) return undefined;
  // Lines are counted only where something is reserved.
  const output = x.estimate === undefined && x.stream ? Math.ceil(x.bytesOut / STREAMED_BYTES_PER_TOKEN) : streamed(x);
  const usage = guess(x.estimate?.input ?? Math.ceil(x.bytesIn / BYTES_PER_TOKEN), output);
  const price = priceOf(x);
  return { input: usage.input, output: usage.output, cost: price === undefined ? 0 : costOf(price, usage) / NANO };
};
/** Ends the counting of a call, once: `usage` and `cost` are final, and its lease is told. */
export const reckon = (x: Exchange): void => {
  const unsaid = said(x.usage) === undefined || isUnanswered(x);
  if (x.usage !== undefined || x.estimate !== undefined) x.usage = usedBy(x);
  let cost = 0;
  const price = x.usage === undefined ? undefined : priceOf(x);
  if (x.usage !== undefined && price !== undefined) {
    // A broken answer whose usage nobody said costs what was reserved, at the price at which it was.
    const least = unsaid && isBroken(x) ? (x.estimate?.cost ?? 0) : 0;
    cost = Math.max(costOf(price, x.usage), least);
    x.cost = cost / NANO;
  }
  const { givenUp } = x;
  if (givenUp !== undefined) {
    x.usage = x.usage === undefined ? givenUp.usage : sum(x.usage, givenUp.usage);
    cost += givenUp.cost;
    if (cost > 0) x.cost = cost / NANO;
  }
  if (x.lease === '') return;
  const settling = x.plan.graph.counters.settle(x.lease, actualOf(x.reserved, x.usage, cost));
  // A lease that cannot be settled stays charged in full.
  if (settling instanceof Promise) settling.catch((error: unknown) => x.plan.report(error, x.id));
};
