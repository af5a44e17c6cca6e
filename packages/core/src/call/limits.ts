import { GatewayError, type Reach } from '@llm-proxy-auth/plugin';
import { type Admitted, admit } from '../access/admit.ts';
import type { Counted, Estimate } from '../access/claims.ts';
import { knownOf, mostOf } from '../access/prices.ts';
import type { Candidate } from '../routing/resolve.ts';
import type { Exchange } from './exchange.ts';
import type { Bounds } from './governed.ts';

/** Bytes of a body that are taken for one token: what English text and JSON come to. */
export const BYTES_PER_TOKEN = 4;
/** Tokens of an answer that the call itself does not bound. */
const UNBOUNDED_OUTPUT = 4_096;
/** No vendor's context is larger; a body that says more says nothing. */
const MOST_OUTPUT = 10_000_000;

/** What a call asks for, as far as limits of tokens and money want to know. */
export interface Asked {
  /** Of the body as the client sent it. */
  readonly bytes: number;
  readonly bounds: Bounds;
  /** The call names its model, so that it can be priced. */
  readonly named: boolean;
}
const ANSWERS_WITH_TOKENS: ReadonlySet<string> = new Set(['chat', 'opaque']);

/** Methods that start nothing. */
const UNPAID: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE']);
/**
 * Whether limits of tokens and money concern the call: what is read, deleted or counted uses none, nor what its table calls free;
 * everything else may start paid work.
 */
export const isMeasured = (x: Exchange, reach: Reach): boolean => {
  if (x.policy?.reserves !== true || UNPAID.has(x.request.method ?? '')) return false;
  return x.operation !== 'countTokens' && x.operation !== 'models' && reach.free !== true;
};
/** Input by the size of the body, output by what the body allows, both within the model; at the dearest candidate's price. */
const estimateOf = (x: Exchange, candidates: readonly Candidate[], { bytes, bounds, named }: Asked): Estimate => {
  const known = named ? candidates.map(({ instance, model }) => knownOf(instance, model)) : [];
  const most = (which: 'context' | 'output'): number =>
    known.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...known.map(({ facts }) => facts[which] ?? Number.POSITIVE_INFINITY));
  const input = Math.min(Math.ceil(bytes / BYTES_PER_TOKEN), most('context'));
  const each = Math.min(bounds.output ?? bounds.usual ?? UNBOUNDED_OUTPUT, most('output'), MOST_OUTPUT);
  const output = ANSWERS_WITH_TOKENS.has(x.operation) ? Math.ceil(each * Math.min(bounds.choices, MOST_OUTPUT)) : 0;
  const prices = known.map(({ price }) => price);
  // Nobody hears what an answer in the background used: only its bound can be paid for.
  const endless = bounds.later && bounds.output === undefined;
  if (endless || prices.length === 0 || prices.includes(undefined)) return { input, output, cost: undefined };
  return { input, output, cost: Math.max(...prices.map((price) => (price === undefined ? 0 : mostOf(price, input, output)))) };
};

const keep = (x: Exchange, { lease, limit, reserved, refused }: Admitted): void => {
  x.lease = lease;
  x.limit = limit;
  x.reserved = reserved;
  if (refused !== undefined) throw refused;
};
/**
 * Takes the call's share of its policy's limits; throws 429 when one is used up. A promise only where the counters are one. `asked` is
 * wanted where `isMeasured` is true.
 */
export const takeLimits = (x: Exchange, counted: Counted, candidates: readonly Candidate[], asked: Asked | undefined): Promise<void> | undefined => {
  if (x.policy === undefined) return undefined;
  x.estimate = asked === undefined ? undefined : estimateOf(x, candidates, asked);
  const taken = admit(x.plan.graph.counters, x.policy, counted, x.estimate, x.plan.now());
  if (taken instanceof Promise) return taken.then((admitted) => keep(x, admitted), unavailable);
  keep(x, taken);
  return undefined;
};
/** Counters that fail count nothing, and nothing uncounted goes out. */
const unavailable = (cause: unknown): never => {
  throw new GatewayError('overloaded', 'The limits of this call cannot be counted right now; try again.', { cause, retryAfterMs: 1_000 });
};
