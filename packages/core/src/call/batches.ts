import { type ChatReply, type EmbedReply, type EmbedRequest, GatewayError, type Usage } from '@llm-proxy-auth/plugin';
import { costOf, knownOf } from '../access/prices.ts';
import type { Candidate } from '../routing/resolve.ts';
import type { Exchange } from './exchange.ts';

/** An embeddings request in parts of at most `most` inputs, in order; the request itself when it is small enough. */
export const partsOf = (request: EmbedRequest, most: number | undefined): readonly EmbedRequest[] => {
  const { inputs } = request;
  if (most === undefined || inputs.length <= most) return [request];
  return Array.from({ length: Math.ceil(inputs.length / most) }, (_, i) => ({ ...request, inputs: inputs.slice(i * most, (i + 1) * most) }));
};

// The provider's own usage object speaks of one part only, so it is left out.
export const sum = (a: Usage, b: Usage): Usage => ({
  input: a.input + b.input,
  output: a.output + b.output,
  cacheRead: a.cacheRead + b.cacheRead,
  cacheWrite: a.cacheWrite + b.cacheWrite,
  reasoning: a.reasoning + b.reasoning,
  estimated: a.estimated || b.estimated,
});

/** What all of them used; there is one at least. */
export const usageOf = (replies: readonly { readonly usage: Usage }[]): Usage => replies.map(({ usage }) => usage).reduce(sum);

interface Answered {
  readonly candidate: Candidate;
  readonly replies: { readonly usage: Usage }[];
}
const answered = new WeakMap<Exchange, Answered>();
/** Replies of the parts so far. They are kept for another try at the same target, and for no other: its vectors would not fit to them. */
export const repliesAt = <R extends { readonly usage: Usage }>(x: Exchange, candidate: Candidate, parts: readonly unknown[]): R[] => {
  const known = answered.get(x);
  if (known?.candidate === candidate && known.replies.length < parts.length) return known.replies as unknown as R[];
  const replies: R[] = [];
  answered.set(x, { candidate, replies });
  return replies;
};
/** Parts that another target answered are paid for, though its answer is not used. */
export const giveUpParts = (x: Exchange, candidate: Candidate): void => {
  const known = answered.get(x);
  if (known === undefined || known.candidate === candidate || known.replies.length === 0) return;
  answered.delete(x);
  const usage = usageOf(known.replies);
  const { price } = knownOf(known.candidate.instance, known.candidate.model);
  const before = x.givenUp;
  x.givenUp = {
    usage: before === undefined ? usage : sum(before.usage, usage),
    cost: (before?.cost ?? 0) + (price === undefined ? 0 : costOf(price, usage)),
  };
  x.usage = undefined;
};
/** The reply of a part. Throws `upstream_bad_response` when a vector is missing. */
export const wholePart = (part: EmbedRequest, reply: EmbedReply): EmbedReply => {
  if (reply.vectors.length === part.inputs.length) return reply;
  throw new GatewayError('upstream_bad_response', 'The provider answered with another number of embeddings than it was asked for.');
};

const firstOf = <R extends { readonly usage: Usage }>(replies: readonly R[]): R => {
  const [first] = replies;
  if (first === undefined) throw new GatewayError('internal_error', 'There is no reply to join.');
  return { ...first, usage: usageOf(replies) };
};
/** Replies of the parts as one: vectors in the order of the inputs, usage added. */
export const joinVectors = (replies: readonly EmbedReply[]): EmbedReply => ({ ...firstOf(replies), vectors: replies.flatMap((r) => r.vectors) });
/** The same of answers: choices in the order of what was asked, counted on. */
export const joinChoices = (replies: readonly ChatReply[]): ChatReply => ({
  ...firstOf(replies),
  choices: replies.flatMap((r) => r.choices).map((choice, index) => ({ ...choice, index })),
});
