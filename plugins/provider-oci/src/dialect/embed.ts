import {
  asNumber,
  asObject,
  type Call,
  type EmbedReply,
  type EmbedRequest,
  type Fields,
  GatewayError,
  type Json,
  type ProviderHalf,
  type Purpose,
  purposeOf,
  some,
  type UpstreamReply,
  unsupported,
} from '@llm-proxy-auth/plugin';
import { readUsage } from './usage.ts';
import { replyObject } from './whole.ts';

const TYPES: Readonly<Record<Purpose, string>> = Object.freeze({
  query: 'SEARCH_QUERY',
  document: 'SEARCH_DOCUMENT',
  classification: 'CLASSIFICATION',
  clustering: 'CLUSTERING',
});
/** The models of the second generation know no types. */
const WITHOUT = /embed-(?:english|multilingual)(?:-light)?-v2/;
/** Lengths of vectors are chosen with the fourth generation alone. */
const FOURTH = /embed-v(?:[4-9]|[1-9][0-9])/;
const THIRD = /embed-(?:english|multilingual)/;
/** Vectors are made to be stored before they are asked for, so that `SEARCH_DOCUMENT` is the default. */
const inputType = (r: EmbedRequest, call: Call): string | undefined => {
  if (WITHOUT.test(call.model)) return undefined;
  const known = purposeOf(r.purpose);
  if (known !== undefined) return TYPES[known];
  if (r.purpose === undefined) call.ledger.note('defaulted', 'purpose', 'the provider must be told; SEARCH_DOCUMENT is used');
  else call.ledger.note('ignored', 'purpose', 'the provider has no such input type; SEARCH_DOCUMENT is used');
  return 'SEARCH_DOCUMENT';
};
type Input = EmbedRequest['inputs'][number];
/** What an input says: text, and pictures as data URLs. */
const contentsOf = (input: Input): readonly Fields[] => {
  if ('text' in input) return [{ type: 'TEXT', text: input.text }];
  if ('tokens' in input) throw unsupported('input', 'OCI embeds text, not tokens.');
  return input.parts.map((part) => {
    if (part.kind === 'text') return { type: 'TEXT', text: part.text };
    if (part.kind !== 'image' || !('base64' in part.media)) throw unsupported('input', 'OCI embeds text, and pictures that are sent along.');
    return { type: 'IMAGE', imageUrl: { url: `data:${part.media.type};base64,${part.media.base64}` } };
  });
};
/** Texts as texts, one picture as the older models take it, anything else as contents of the fourth generation. */
const inputsOf = (r: EmbedRequest, type: string | undefined): Fields => {
  const contents = r.inputs.map(contentsOf);
  const one = contents.map((list) => (list.length === 1 ? list[0] : undefined));
  if (one.every((content) => content?.type === 'TEXT')) return { inputs: one.map((content) => content?.text), ...some('inputType', type) };
  const [only] = one;
  if (one.length === 1 && only !== undefined) return { inputs: [asObject(only.imageUrl)?.url], inputType: 'IMAGE' };
  if (one.every((content) => content !== undefined)) return { embedContents: one, ...some('inputType', type) };
  throw unsupported('input', 'An input is one text or one picture at OCI.');
};
/** Vectors of another length than was asked for break whoever stores them. What an endpoint of a cluster has is the service's to say. */
const lengthOf = ({ dimensions }: EmbedRequest, { model }: Call): number | undefined => {
  if (dimensions === undefined || !THIRD.test(model) || FOURTH.test(model)) return dimensions;
  const length = /-light-/.test(model) ? 384 : 1024;
  if (dimensions !== length) throw unsupported('dimensions', `The vectors of this model have ${length} numbers.`);
  return undefined;
};
const write = (r: EmbedRequest, call: Call): { readonly body: Json } => {
  void r.encoding;
  return { body: { ...inputsOf(r, inputType(r, call)), ...some('outputDimensions', lengthOf(r, call)), ...some('truncate', r.truncate?.toUpperCase()) } };
};
const bad = (): GatewayError => new GatewayError('upstream_bad_response', 'OCI answered without embeddings.');
const vectorOf = (v: Json): Float32Array => {
  if (!Array.isArray(v) || v.length === 0) throw bad();
  return Float32Array.from(v, (n: Json) => asNumber(n) ?? Number.NaN);
};
const read = (reply: UpstreamReply): EmbedReply => {
  const o = replyObject(reply);
  const list = Array.isArray(o.embeddings) && o.embeddings.length > 0 ? o.embeddings : asObject(o.embeddingsByType)?.float;
  if (!Array.isArray(list)) throw bad();
  const vectors = list.map(vectorOf);
  if (vectors.some((vector) => vector.some(Number.isNaN))) throw bad();
  const counts = Array.isArray(o.inputTextTokenCounts) ? o.inputTextTokenCounts.reduce<number>((sum, n: Json) => sum + (asNumber(n) ?? 0), 0) : undefined;
  const counted = { input: counts ?? 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: counts === undefined };
  return { ...some('model', typeof o.modelId === 'string' ? o.modelId : undefined), vectors, usage: readUsage(o.usage) ?? counted };
};
/** `embedText`. */
export const embed: ProviderHalf<'embeddings'> = Object.freeze({ write, read });
