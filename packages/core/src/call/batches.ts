import { type EmbedReply, type EmbedRequest, GatewayError, type Usage } from '@llm-proxy-auth/plugin';

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

/** Replies of the parts as one: vectors in the order of the inputs, usage added. Throws `upstream_bad_response` when a vector is missing. */
export const joinReplies = (parts: readonly EmbedRequest[], replies: readonly EmbedReply[]): EmbedReply => {
  const [first, ...others] = replies;
  if (first === undefined || replies.some((r, i) => r.vectors.length !== parts[i]?.inputs.length))
    throw new GatewayError('upstream_bad_response', 'The provider answered with another number of embeddings than it was asked for.');
  return { ...first, vectors: replies.flatMap((r) => r.vectors), usage: others.reduce((usage, r) => sum(usage, r.usage), first.usage) };
};
