import { type Call, type EmbedReply, type EmbedRequest, GatewayError, type Json, type ProviderHalf, type UpstreamReply } from '@llm-proxy-auth/plugin';
import { baseOf, contentOf, dimensionsOf, onlyInput, ownLength, textOf } from './embed-input.ts';
import { replyFields, usageOf, vectorOf } from './embed-reply.ts';

/** Lengths of vectors. https://docs.aws.amazon.com/bedrock/latest/userguide/titan-embedding-models.html */
const TEXT_V2 = Object.freeze([256, 512, 1024]);
const IMAGE = Object.freeze([256, 384, 1024]);

const imageBody = (r: EmbedRequest): Json => {
  const { text, images } = contentOf(onlyInput(r));
  const length = dimensionsOf(r.dimensions, IMAGE);
  const [image, ...others] = images;
  if (others.length > 0) throw new GatewayError('unsupported_parameter', 'Titan embeds one text and one picture a call.', { param: 'input' });
  return {
    ...(text === undefined ? {} : { inputText: text }),
    ...(image === undefined ? {} : { inputImage: image.base64 }),
    ...(length === undefined ? {} : { embeddingConfig: { outputEmbeddingLength: length } }),
  };
};
const textBody = (r: EmbedRequest, first: boolean): Json => {
  const inputText = textOf(onlyInput(r));
  if (first) {
    ownLength(r.dimensions, 1536);
    return { inputText };
  }
  const dimensions = dimensionsOf(r.dimensions, TEXT_V2);
  return { inputText, ...(dimensions === undefined ? {} : { dimensions }), normalize: true };
};
const write = (r: EmbedRequest, call: Call): { readonly body: Json } => {
  const base = baseOf(call);
  // Floats are all that is asked for; the client half writes what its client wants.
  void r.encoding;
  return { body: base.includes('image') ? imageBody(r) : textBody(r, /embed-(?:g1-)?text-(?:v1|01|02)/.test(base)) };
};
const read = (reply: UpstreamReply): EmbedReply => {
  const { embedding, inputTextTokenCount } = replyFields(reply);
  return { vectors: [vectorOf(embedding)], usage: usageOf(inputTextTokenCount, reply) };
};
export const titan: ProviderHalf<'embeddings'> = Object.freeze({ write, read });
