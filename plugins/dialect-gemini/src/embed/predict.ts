import {
  asList,
  asNumber,
  asObject,
  type Call,
  defined,
  type EmbedReply,
  type EmbedRequest,
  type Fields,
  filled,
  flagField,
  GatewayError,
  type Inbound,
  invalid,
  type Json,
  type Lost,
  listField,
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
  type Usage,
  unknownFields,
  unsupported,
  type Written,
} from '@llm-proxy-auth/plugin';
import { formOf, formOn, withForm } from '../form.ts';
import { replyObject } from '../generate/reply.ts';
import { unheard } from '../lost.ts';
import { INFERENCE, operation } from '../routes.ts';
import { jsonTap } from '../tap-json.ts';
import { NO_USAGE } from '../usage.ts';
import { common, noteCut, numbersOf, ownAnswer, readPurpose, readTruncate, textInput, vectorOf, writeOptions } from './input.ts';

const PREDICT = 'gemini.predict';
const MOST = 250;
const names: Readonly<Record<string, string>> = Object.freeze({
  inputs: 'instances',
  'inputs.text': 'instances',
  'inputs.parts': 'instances',
  'inputs.tokens': 'instances',
  dimensions: 'parameters.outputDimensionality',
  purpose: 'instances[].task_type',
  title: 'instances[].title',
  truncate: 'parameters.autoTruncate',
});
/** The text of an instance; the SDK writes a content where the vendor's documents have text. */
const contentOf = (o: Fields, param: string): string => {
  if (typeof o.content === 'string') return o.content;
  const parts = asList(asObject(o.content)?.parts).map((part) => asObject(part) ?? {});
  const [only] = parts;
  if (parts.length !== 1 || typeof only?.text !== 'string') throw unsupported(param, 'Text is all that is embedded here.');
  return only.text;
};
const read = (inbound: Inbound): EmbedRequest => {
  const body = asObject(inbound.body);
  const instances = body === undefined ? undefined : listField(body, 'instances');
  if (body === undefined || instances === undefined || instances.length === 0) throw invalid('instances', "'instances' must be a list of at least one.");
  if (instances.length > MOST) throw invalid('instances', `'instances' holds ${MOST} at most.`);
  const parameters = objectField(body, 'parameters') ?? {};
  const each = instances.map((one, i) => {
    const o = asObject(one);
    if (o === undefined) throw invalid(`instances[${i}]`, `'instances[${i}]' must be an object.`);
    return o;
  });
  const tasks = each.map((one, i) => textField(one, 'task_type', `instances[${i}].task_type`));
  if (tasks.some((task) => task !== tasks[0])) throw invalid('instances[].task_type', "'task_type' must be the same in all instances of a call.");
  const title = common(each.map((one, i) => textField(one, 'title', `instances[${i}].title`)));
  const known = ['content', 'task_type', ...(title === undefined ? [] : ['title'])];
  const rest = {
    ...unknownFields(body, ['instances', 'parameters']),
    ...Object.fromEntries(
      Object.entries(unknownFields(parameters, ['outputDimensionality', 'autoTruncate']) ?? {}).map(([key, v]) => [`parameters.${key}`, v]),
    ),
    ...Object.fromEntries(
      Object.entries(Object.assign({}, ...each.map((one) => unknownFields(one, known))) as Fields).map(([key, v]) => [`instances.${key}`, v]),
    ),
  };
  const request: EmbedRequest = {
    inputs: each.map((one, i) => ({ text: contentOf(one, `instances[${i}].content`) })),
    encoding: 'float',
    ...some('dimensions', numberField(parameters, 'outputDimensionality', 'parameters.outputDimensionality')),
    ...some('purpose', readPurpose(tasks[0])),
    ...some('title', title),
    ...some('truncate', readTruncate(flagField(parameters, 'autoTruncate', 'parameters.autoTruncate'))),
    ...some('rest', Object.keys(rest).length > 0 ? { from: PREDICT, fields: rest } : undefined),
  };
  return withForm(request, { surface: 'predict', ...some('left', remainderOf(bodyOf(request, true, unheard), body)) });
};
const bodyOf = (r: EmbedRequest, mine: boolean, lost: Lost): Fields => {
  const fields = Object.entries(mine && r.rest?.from === PREDICT ? r.rest.fields : {});
  const below = (name: string): Fields =>
    Object.fromEntries(fields.filter(([key]) => key.startsWith(`${name}.`)).map(([key, v]) => [key.slice(name.length + 1), v]));
  const { task, title, truncate } = writeOptions(r, mine, lost);
  const parameters = filled({ outputDimensionality: r.dimensions, autoTruncate: truncate, ...below('parameters') });
  return defined({
    instances: r.inputs.map((input) => {
      if ('tokens' in input) throw unsupported('inputs.tokens', 'The provider embeds text, not tokens.');
      return { content: textInput(input), ...some('task_type', task), ...some('title', title), ...below('instances') };
    }),
    parameters,
    ...Object.fromEntries(fields.filter(([key]) => !key.includes('.'))),
  });
};
const write = (r: EmbedRequest, call: Call): { readonly body: Json } => {
  const mine = formOf(r) !== undefined || r.rest?.from === PREDICT;
  return { body: restore(bodyOf(r, mine, lostTo(call.ledger)), formOn(r, 'predict')?.left) };
};
const usageOf = (predictions: readonly Fields[]): Usage => {
  const counts = predictions.map((one) => asNumber(asObject(asObject(one.embeddings)?.statistics)?.token_count));
  if (counts.length === 0 || counts.includes(undefined)) return NO_USAGE;
  return { ...NO_USAGE, estimated: false, input: counts.reduce<number>((sum, n) => sum + (n ?? 0), 0) };
};
const readReply = (reply: UpstreamReply, call: Call): EmbedReply => {
  const o = replyObject(reply);
  const predictions = asList(o.predictions).map((one) => asObject(one) ?? {});
  const vectors = predictions.map((one) => vectorOf(asObject(one.embeddings)?.values));
  if (!Array.isArray(o.predictions) || vectors.includes(undefined))
    throw new GatewayError('upstream_bad_response', 'The provider answered without embeddings.');
  if (predictions.some((one) => asObject(asObject(one.embeddings)?.statistics)?.truncated === true)) noteCut(call.ledger);
  const read: EmbedReply = { model: call.model, vectors: vectors.filter((v) => v !== undefined), usage: usageOf(predictions) };
  return withForm(read, { answer: { surface: 'predict', wire: o } });
};
/** The count of a call is told with the first vector, as only the vendor counts each. */
const writeReply = (reply: EmbedReply): Written => {
  const predictions = reply.vectors.map((vector, i) => {
    const counted = reply.usage.estimated ? {} : { statistics: { token_count: i === 0 ? reply.usage.input : 0, truncated: false } };
    return { embeddings: { values: numbersOf(vector), ...counted } };
  });
  return { headers: ['content-type', 'application/json; charset=UTF-8'], body: ownAnswer(reply, 'predict') ?? stringifyJson({ predictions }) };
};

/** `:predict` of text embedding models on Vertex. */
export const predict: Surface<'embeddings'> = Object.freeze({
  name: 'predict',
  operation: 'embeddings',
  routes: operation('predict', false),
  body: ['json'],
  governed: { model: 'path', stream: 'route' },
  reach: INFERENCE,
  framing: 'json',
  client: { names, read, write: writeReply },
  provider: { write, read: readReply },
  tap: jsonTap,
} satisfies Surface<'embeddings'>);
