import {
  asList,
  asNumber,
  asObject,
  asText,
  type Building,
  type Call,
  type EmbedReply,
  type EmbedRequest,
  type Fields,
  GatewayError,
  type Inbound,
  invalid,
  isObject,
  type Json,
  Late,
  numberField,
  remainderOf,
  restore,
  type Surface,
  stringifyJson,
  textField,
  type UpstreamReply,
  unknownFields,
  type Written,
} from '@llm-proxy-auth/plugin';
import { formsOf } from '../chat/form.ts';
import { replyObject } from '../chat/read-reply.ts';
import { ownUsage } from '../chat/usage.ts';
import { INFERENCE, route } from '../routes.ts';
import { jsonTap } from '../tap-json.ts';
import { noUsage, readUsage } from '../usage.ts';
import { readFurther, writeFurther } from './further.ts';
import { decodeVector, encodeVector, isAsAsked } from './vector.ts';

const EMBEDDINGS = 'openai.embeddings';
const { withForm, formOf } = formsOf('openai.embeddings.form');
const KNOWN: readonly string[] = ['model', 'input', 'dimensions', 'encoding_format', 'user'];
/** Most inputs of one call [spec]. */
const MOST_INPUTS = 2048;
const names: Readonly<Record<string, string>> = Object.freeze({
  inputs: 'input',
  'inputs.text': 'input',
  'inputs.tokens': 'input',
  'inputs.parts': 'input',
  dimensions: 'dimensions',
  encoding: 'encoding_format',
  user: 'user',
  purpose: 'input_type',
  title: 'title',
  truncate: 'truncate',
});

const isTokens = (v: Json): v is readonly number[] => Array.isArray(v) && v.length > 0 && v.every((n) => Number.isSafeInteger(n));
const inputOf = (v: Json, i: number): EmbedRequest['inputs'][number] => {
  if (typeof v === 'string' && v !== '') return { text: v };
  if (isTokens(v)) return { tokens: v };
  throw invalid('input', `'input' holds an empty or unsuitable element at index ${i}.`);
};
const inputsOf = (input: Json): EmbedRequest['inputs'] => {
  const list = Array.isArray(input) && !isTokens(input) ? input : [input];
  if (list.length === 0) throw invalid('input', "'input' must not be empty.");
  if (list.length > MOST_INPUTS) throw invalid('input', `'input' has more than ${MOST_INPUTS} elements.`);
  return list.map(inputOf);
};
const encodingOf = (body: Fields): EmbedRequest['encoding'] => {
  const format = textField(body, 'encoding_format') ?? 'float';
  if (format !== 'float' && format !== 'base64') throw invalid('encoding_format', "'encoding_format' is float or base64.");
  return format;
};
const read = (inbound: Inbound): EmbedRequest => {
  const body = asObject(inbound.body);
  if (body === undefined) throw invalid('body', 'The body must be a JSON object.');
  const { read: further, names: found } = readFurther(body);
  const fields = unknownFields(body, KNOWN, found);
  const dimensions = numberField(body, 'dimensions');
  const user = textField(body, 'user');
  const request: EmbedRequest = {
    inputs: inputsOf(body.input),
    encoding: encodingOf(body),
    ...(dimensions === undefined ? {} : { dimensions }),
    ...(user === undefined ? {} : { user }),
    ...further,
    ...(fields === undefined ? {} : { rest: { from: EMBEDDINGS, fields } }),
  };
  return withForm(request, { left: new Late(() => remainderOf({ model: body.model, ...bodyOf(request), ...writeFurther(request) }, body)) });
};
const writeInputs = (inputs: EmbedRequest['inputs']): Json => {
  const written = inputs.map((input): Json => {
    if ('text' in input) return input.text;
    if ('tokens' in input) return input.tokens;
    throw new GatewayError('unsupported_parameter', 'An input of this provider is one text, or tokens.', { param: 'input' });
  });
  return written.length === 1 ? written[0] : written;
};
const bodyOf = (r: EmbedRequest): Building => ({
  input: writeInputs(r.inputs),
  ...(r.dimensions === undefined ? {} : { dimensions: r.dimensions }),
  encoding_format: r.encoding,
  ...(r.user === undefined ? {} : { user: r.user }),
  ...(r.rest?.from === EMBEDDINGS ? r.rest.fields : {}),
});
/** The members that OpenAI's API has not go back where they came from, and to nobody else. */
const write = (r: EmbedRequest, call: Call): { readonly body: Json } => {
  const form = formOf(r);
  const own = form === undefined ? {} : writeFurther(r);
  return { body: restore({ model: call.model, ...bodyOf(r), ...own }, form?.left?.value) };
};

const readReply = (reply: UpstreamReply): EmbedReply => {
  const o = replyObject(reply);
  const data = asList(o.data).map((item, i) => ({ at: asNumber(asObject(item)?.index) ?? i, vector: decodeVector(asObject(item)?.embedding) }));
  if (!Array.isArray(o.data)) throw new GatewayError('upstream_bad_response', 'The provider answered without embeddings.');
  const model = asText(o.model);
  return {
    ...(model === undefined ? {} : { model }),
    vectors: data.sort((a, b) => a.at - b.at).map((d) => d.vector),
    usage: (isObject(o.usage) ? readUsage(o.usage, stringifyJson(o.usage)) : undefined) ?? noUsage,
  };
};
/** Base64 exactly when it was asked for: the SDKs ask, and one of them reads floats as base64. */
const writeReply = (reply: EmbedReply, call: Call): Written => {
  const base64 = asObject(call.inbound.body)?.encoding_format === 'base64';
  const data = reply.vectors.map((v, index) => ({ object: 'embedding', index, embedding: base64 ? encodeVector(v) : Array.from(v) }));
  const usage = ownUsage(reply.usage) ?? { prompt_tokens: reply.usage.input, total_tokens: reply.usage.input };
  return { headers: ['content-type', 'application/json'], body: stringifyJson({ object: 'list', data, model: call.requestedModel, usage }) };
};

/** `POST /embeddings`. */
export const embeddings: Surface<'embeddings'> = Object.freeze({
  name: 'embeddings',
  operation: 'embeddings',
  routes: route('POST', '/embeddings', { stream: false }),
  body: ['json'],
  governed: { model: ['model'], stream: 'route' },
  reach: INFERENCE,
  framing: 'json',
  client: { names, read, write: writeReply },
  provider: { write, read: readReply },
  fits: isAsAsked,
  tap: jsonTap,
} satisfies Surface<'embeddings'>);
