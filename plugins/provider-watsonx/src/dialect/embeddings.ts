import {
  asList,
  asObject,
  type Call,
  type EmbedReply,
  type EmbedRequest,
  type Json,
  type ProviderHalf,
  type UpstreamReply,
  unsupported,
} from '@llm-proxy-auth/plugin';
import { answerOf, inputUsage, missing } from './answer.ts';
import { addedMembers } from './rest.ts';

const textOf = (input: EmbedRequest['inputs'][number]): string => {
  if ('text' in input) return input.text;
  if ('tokens' in input) throw unsupported('inputs', 'watsonx.ai embeds text, not token ids; send the text itself.');
  return input.parts
    .map((part) => {
      if (part.kind === 'text') return part.text;
      throw unsupported('inputs', `watsonx.ai embeds text, not ${part.kind}.`);
    })
    .join('\n');
};
const write = (r: EmbedRequest, call: Call): { readonly body: Json } => {
  // Floats are all there is; the client half writes what its client wants.
  void r.encoding;
  if (r.dimensions !== undefined) throw unsupported('dimensions', 'The vectors of watsonx.ai have the length of their model.');
  const parameters = addedMembers(r.rest, ['truncate_input_tokens']);
  const body = { model_id: call.model, inputs: r.inputs.map(textOf) };
  return { body: Object.keys(parameters).length === 0 ? body : { ...body, parameters } };
};
const vectorOf = (wire: Json): Float32Array => {
  const vector = asObject(wire)?.embedding;
  if (!Array.isArray(vector) || vector.length === 0 || vector.some((n) => typeof n !== 'number')) throw missing('a vector');
  return Float32Array.from(vector as number[]);
};
const read = (reply: UpstreamReply): EmbedReply => {
  const body = answerOf(reply);
  if (!Array.isArray(body.results)) throw missing('embeddings');
  return { vectors: asList(body.results).map(vectorOf), usage: inputUsage(body.input_token_count) };
};
/** `text/embeddings`. */
export const embeddings: ProviderHalf<'embeddings'> = Object.freeze({ write, read });
