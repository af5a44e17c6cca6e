import {
  asObject,
  type Call,
  defined,
  type EmbedReply,
  type EmbedRequest,
  type Fields,
  flagField,
  GatewayError,
  type Inbound,
  invalid,
  type Json,
  type Lost,
  lostTo,
  numberField,
  objectField,
  remainderOf,
  restore,
  type Surface,
  some,
  stringifyJson,
  textField,
  type UpstreamReply,
  unknownFields,
  unsupported,
  type Written,
} from '@llm-proxy-auth/plugin';
import { formOf, formOn, withForm } from '../form.ts';
import { furtherModels } from '../further-models.ts';
import { replyObject } from '../generate/reply.ts';
import { unheard } from '../lost.ts';
import { checkModel } from '../model-name.ts';
import { INFERENCE, operation } from '../routes.ts';
import { camelCased } from '../snake.ts';
import { jsonTap } from '../tap-json.ts';
import { NO_USAGE, readUsage } from '../usage.ts';
import { noteCut, numbersOf, ownAnswer, readInput, readPurpose, readTruncate, vectorOf, writeInput, writeOptions } from './input.ts';
import { names } from './names.ts';

const EMBED = 'gemini.embed';
const OPTIONS: readonly string[] = ['taskType', 'title', 'outputDimensionality', 'autoTruncate'];
const OWN: readonly string[] = ['model', 'content', 'embedContentConfig', ...OPTIONS];

/** The options stand in the body, and on Vertex in `embedContentConfig`. */
const read = (inbound: Inbound): EmbedRequest => {
  const body = asObject(camelCased(inbound.body));
  if (body === undefined) throw invalid('body', 'The body must be a JSON object.');
  checkModel(body.model, inbound, 'model');
  const config = objectField(body, 'embedContentConfig');
  const options = config ?? body;
  const within = config === undefined ? '' : 'embedContentConfig.';
  const dimensions = numberField(options, 'outputDimensionality', `${within}outputDimensionality`);
  const purpose = readPurpose(textField(options, 'taskType', `${within}taskType`));
  const rest = {
    ...unknownFields(body, config === undefined ? OWN : ['model', 'content', 'embedContentConfig']),
    ...Object.fromEntries(Object.entries(unknownFields(config ?? {}, OPTIONS) ?? {}).map(([key, v]) => [`embedContentConfig.${key}`, v])),
  };
  const request: EmbedRequest = {
    inputs: [readInput(body.content, 'content')],
    encoding: 'float',
    ...some('dimensions', dimensions),
    ...some('purpose', purpose),
    ...some('title', textField(options, 'title', `${within}title`)),
    ...some('truncate', readTruncate(flagField(options, 'autoTruncate', `${within}autoTruncate`))),
    ...some('rest', Object.keys(rest).length > 0 ? { from: EMBED, fields: rest } : undefined),
  };
  const form = { surface: 'embed' as const, wrapped: config !== undefined };
  const ours = ownBody(withForm(request, form), form.wrapped);
  return withForm(request, { ...form, ...some('left', remainderOf(bare(ours), bare(body))) });
};
/** The content without its parts, which are read and written each. */
const bare = (body: Fields): Fields => {
  const content = asObject(body.content);
  return content === undefined ? body : { ...body, content: { ...content, parts: [] } };
};
const filledIn = (body: Fields, input: EmbedRequest['inputs'][number]): Fields => ({
  ...body,
  content: { ...asObject(body.content), ...writeInput(input, true, unheard) },
});
const optionsOf = (r: EmbedRequest, mine: boolean, lost: Lost): Fields => {
  const { task, title, truncate } = writeOptions(r, mine, lost);
  return defined({ taskType: task, title, outputDimensionality: r.dimensions, autoTruncate: truncate });
};
const ownBody = (r: EmbedRequest, wrapped: boolean): Fields => {
  const fields = r.rest?.from === EMBED ? r.rest.fields : {};
  const inner = Object.entries(fields).filter(([key]) => key.startsWith('embedContentConfig.'));
  const beside = Object.fromEntries(Object.entries(fields).filter(([key]) => !key.startsWith('embedContentConfig.')));
  const options = { ...optionsOf(r, true, unheard), ...Object.fromEntries(inner.map(([key, v]) => [key.slice('embedContentConfig.'.length), v])) };
  const [input] = r.inputs;
  return { ...(input === undefined ? {} : { content: writeInput(input, true, unheard) }), ...(wrapped ? { embedContentConfig: options } : options), ...beside };
};
const write = (r: EmbedRequest, call: Call): { readonly body: Json } => {
  const form = formOn(r, 'embed');
  const [input, more] = r.inputs;
  if (input === undefined || more !== undefined) throw unsupported('inputs', 'The provider embeds one input at a time.');
  if (form !== undefined) return { body: filledIn(restore(bare(ownBody(r, form.wrapped === true)), form.left), input) };
  if (r.rest?.from === EMBED) return { body: ownBody(r, false) };
  const lost = lostTo(call.ledger);
  const mine = formOf(r) !== undefined;
  const options = optionsOf(r, mine, lost);
  const vertex = call.endpoint.profile !== undefined;
  const configured = Object.keys(options).length === 0 ? {} : { embedContentConfig: options };
  return { body: { content: writeInput(input, mine, lost), ...(vertex ? configured : options) } };
};
const readReply = (reply: UpstreamReply, call: Call): EmbedReply => {
  const o = replyObject(reply);
  const vector = vectorOf(asObject(o.embedding)?.values);
  if (vector === undefined) throw new GatewayError('upstream_bad_response', 'The provider answered without an embedding.');
  if (o.truncated === true) noteCut(call.ledger);
  const read: EmbedReply = { model: call.model, vectors: [vector], usage: readUsage(o.usageMetadata) ?? NO_USAGE };
  return withForm(read, { answer: { surface: 'embed', wire: o } });
};
const writeReply = (reply: EmbedReply, call: Call): Written => {
  if (reply.vectors.length > 1) call.ledger.note('ignored', 'vectors', 'an answer is one vector here');
  const [vector] = reply.vectors;
  const usage = reply.usage.estimated ? {} : { usageMetadata: { promptTokenCount: reply.usage.input, totalTokenCount: reply.usage.input } };
  return {
    headers: ['content-type', 'application/json; charset=UTF-8'],
    body: ownAnswer(reply, 'embed') ?? stringifyJson({ embedding: { values: vector === undefined ? [] : numbersOf(vector) }, ...usage }),
  };
};

/** `:embedContent`: one content, one vector. */
export const embed: Surface<'embeddings'> = Object.freeze({
  name: 'embed',
  operation: 'embeddings',
  routes: operation('embedContent', false),
  body: ['json'],
  governed: { model: 'path', stream: 'route' },
  reach: INFERENCE,
  framing: 'json',
  client: { names, read, write: writeReply },
  provider: { write, read: readReply },
  furtherModels,
  tap: jsonTap,
} satisfies Surface<'embeddings'>);
