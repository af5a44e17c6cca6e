import { type EmbedReply, type EmbedRequest, GatewayError, type Usage } from '@llm-proxy-auth/plugin';
import type { Candidate } from '../routing/resolve.ts';
import type { Exchange } from './exchange.ts';

/** An embeddings request in parts of at most `most` inputs, in order; the request itself when it is small enough. */
export const partsOf = (request: EmbedRequest, most: number | undefined): readonly EmbedRequest[] => {
  const { inputs } = request;
  if (most === undefined || inputs.length <= most) return [request];
  return Array.from({ length: Math.ceil(inputs.length / most) }, (_, i) => ({ ...request, inputs: inputs.slice(i * most, (i + 1) * most) }));
};

// The provider's own usage object speaks of one part only, so it is left out.
const sum = (a: Usage, b: Usage): Usage => ({
  input: a.input + b.input,
  output: a.output + b.output,
  cacheRead: a.cacheRead + b.cacheRead,
  cacheWrite: a.cacheWrite + b.cacheWrite,
  reasoning: a.reasoning + b.reasoning,
  estimated: a.estimated || b.estimated,
});

interface Answered {
  readonly candidate: Candidate;
  readonly replies: EmbedReply[];
}
const answered = new WeakMap<Exchange, Answered>();
/** Replies of the parts so far. They are kept for another try at the same target, and for no other: its vectors would not fit to them. */
export const repliesAt = (x: Exchange, candidate: Candidate, parts: readonly EmbedRequest[]): EmbedReply[] => {
  const known = answered.get(x);
  if (known?.candidate === candidate && known.replies.length < parts.length) return known.replies;
  const made: Answered = { candidate, replies: [] };
  answered.set(x, made);
  return made.replies;
};
/** The reply of a part. Throws `upstream_bad_response` when a vector is missing. */
export const wholePart = (part: EmbedRequest, reply: EmbedReply): EmbedReply => {
  if (reply.vectors.length === part.inputs.length) return reply;
  throw new GatewayError('upstream_bad_response', 'The provider answered with another number of embeddings than it was asked for.');
};

/** Replies of the parts as one: vectors in the order of the inputs, usage added. */
export const joinReplies = (replies: readonly EmbedReply[]): EmbedReply => {
  const [first, ...others] = replies;
  if (first === undefined) throw new GatewayError('internal_error', 'There is no reply to join.');
  return { ...first, vectors: replies.flatMap((r) => r.vectors), usage: others.reduce((usage, r) => sum(usage, r.usage), first.usage) };
};
