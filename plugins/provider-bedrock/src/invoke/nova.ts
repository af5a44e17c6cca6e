import {
  type Call,
  type EmbedReply,
  type EmbedRequest,
  GatewayError,
  type Json,
  type ProviderHalf,
  type Purpose,
  purposeOf,
  type UpstreamReply,
} from '@llm-proxy-auth/plugin';
import { contentOf, dimensionsOf, onlyInput } from './embed-input.ts';
import { fieldsOf, replyFields, usageOf, vectorOf } from './embed-reply.ts';

/** https://docs.aws.amazon.com/nova/latest/userguide/nova-embeddings.html */
const LENGTHS = Object.freeze([256, 384, 1024, 3072]);
const PURPOSE: Readonly<Record<Purpose, string>> = Object.freeze({
  query: 'GENERIC_RETRIEVAL',
  document: 'GENERIC_INDEX',
  classification: 'CLASSIFICATION',
  clustering: 'CLUSTERING',
});
/** The model's own words pass. */
const OWN = /^[A-Z]+(?:_[A-Z]+)+$|^(?:CLASSIFICATION|CLUSTERING)$/;
const purpose = (r: EmbedRequest, call: Call): string => {
  const known = purposeOf(r.purpose);
  if (known !== undefined) return PURPOSE[known];
  if (r.purpose !== undefined && OWN.test(r.purpose)) return r.purpose;
  if (r.purpose !== undefined) call.ledger.note('ignored', 'purpose', 'Nova has no such purpose; GENERIC_INDEX is used');
  return 'GENERIC_INDEX';
};
const FORMATS: Readonly<Record<string, string>> = Object.freeze({ 'image/png': 'png', 'image/jpeg': 'jpeg', 'image/gif': 'gif', 'image/webp': 'webp' });
const content = (r: EmbedRequest): Json => {
  const { text, images } = contentOf(onlyInput(r));
  const [image, ...others] = images;
  if (image === undefined) return { text: { truncationMode: r.truncate?.toUpperCase() ?? 'END', value: text ?? '' } };
  const format = FORMATS[image.type];
  if (text !== undefined || others.length > 0 || format === undefined)
    throw new GatewayError('unsupported_parameter', 'Nova embeds one text or one picture (png, jpeg, gif, webp) a call.', { param: 'input' });
  return { image: { format, source: { bytes: image.base64 } } };
};
const write = (r: EmbedRequest, call: Call): { readonly body: Json } => {
  void r.encoding;
  const embeddingDimension = dimensionsOf(r.dimensions, LENGTHS);
  const params = { embeddingPurpose: purpose(r, call), ...(embeddingDimension === undefined ? {} : { embeddingDimension }), ...(content(r) as object) };
  return { body: { taskType: 'SINGLE_EMBEDDING', singleEmbeddingParams: params } };
};
const read = (reply: UpstreamReply): EmbedReply => {
  const { embeddings, inputTokenCount } = replyFields(reply);
  const first: Json = Array.isArray(embeddings) ? embeddings[0] : undefined;
  return { vectors: [vectorOf(fieldsOf(first).embedding)], usage: usageOf(inputTokenCount, reply) };
};
export const nova: ProviderHalf<'embeddings'> = Object.freeze({ write, read });
