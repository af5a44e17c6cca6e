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
import { baseOf, type Content, contentOf, dimensionsOf, ownLength } from './embed-input.ts';
import { fieldsOf, replyFields, usageOf, vectorsOf } from './embed-reply.ts';

/** https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html */
const LENGTHS = Object.freeze([256, 512, 1024, 1536]);
const TYPES: Readonly<Record<Purpose, string>> = Object.freeze({
  query: 'search_query',
  document: 'search_document',
  classification: 'classification',
  clustering: 'clustering',
});
/** The field must be there. Vectors are made to be stored before they are asked for, so that `search_document` is the default. */
const inputType = (r: EmbedRequest, call: Call): string => {
  const known = purposeOf(r.purpose);
  if (known !== undefined) return TYPES[known];
  if (r.purpose === undefined) call.ledger.note('defaulted', 'purpose', 'Cohere must be told; search_document is used');
  else call.ledger.note('ignored', 'purpose', 'Cohere has no such input type; search_document is used');
  return 'search_document';
};
const blocks = ({ text, images }: Content): Json => ({
  content: [
    ...(text === undefined ? [] : [{ type: 'text', text }]),
    ...images.map(({ base64, type }) => ({ type: 'image_url', image_url: `data:${type};base64,${base64}` })),
  ],
});
const inputs = (r: EmbedRequest, fourth: boolean): Readonly<Record<string, Json>> => {
  const contents = r.inputs.map(contentOf);
  if (contents.every(({ text, images }) => text !== undefined && images.length === 0)) return { texts: contents.map(({ text }) => text) };
  if (fourth) return { inputs: contents.map(blocks) };
  throw new GatewayError('unsupported_parameter', 'This model embeds text only.', { param: 'input' });
};
const write = (r: EmbedRequest, call: Call): { readonly body: Json } => {
  const fourth = !/embed-(?:english|multilingual)-v3/.test(baseOf(call));
  void r.encoding;
  const dimension = fourth ? dimensionsOf(r.dimensions, LENGTHS) : ownLength(r.dimensions, 1024);
  return {
    body: {
      ...inputs(r, fourth),
      input_type: inputType(r, call),
      embedding_types: ['float'],
      ...(r.truncate === undefined ? {} : { truncate: r.truncate.toUpperCase() }),
      ...(dimension === undefined ? {} : { output_dimension: dimension }),
    },
  };
};
const read = (reply: UpstreamReply): EmbedReply => {
  const { embeddings } = replyFields(reply);
  const list = Array.isArray(embeddings) ? embeddings : fieldsOf(embeddings).float;
  return { vectors: vectorsOf(list), usage: usageOf(undefined, reply) };
};
export const cohere: ProviderHalf<'embeddings'> = Object.freeze({ write, read });
