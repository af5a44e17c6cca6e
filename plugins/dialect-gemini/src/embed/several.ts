import {
  asList,
  asObject,
  asText,
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
  listField,
  lostTo,
  numberField,
  remainderOf,
  restore,
  type Surface,
  some,
  stringifyJson,
  textField,
  type UpstreamReply,
  unknownFields,
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
import { common, numbersOf, ownAnswer, readInput, readPurpose, readTruncate, vectorOf, writeInput, writeOptions } from './input.ts';
import { names } from './names.ts';

const BATCH = 'gemini.batch_embed';
const KNOWN: readonly string[] = ['model', 'content', 'taskType', 'outputDimensionality'];
const MOST = 100;
/** What all requests of a batch say alike; one that says otherwise is refused, as a call has one purpose and size. */
const alike = <T>(list: readonly T[], param: string): T | undefined => {
  const [first] = list;
  if (list.some((one) => one !== first)) throw invalid(param, `'${param}' must be the same in all requests of a batch.`);
  return first;
};
const read = (inbound: Inbound): EmbedRequest => {
  const body = asObject(camelCased(inbound.body));
  const requests = body === undefined ? undefined : listField(body, 'requests');
  if (requests === undefined || requests.length === 0) throw invalid('requests', "'requests' must be a list of at least one request.");
  if (requests.length > MOST) throw invalid('requests', `'requests' holds ${MOST} requests at most.`);
  const each = requests.map((one, i) => {
    const o = asObject(one);
    if (o === undefined) throw invalid(`requests[${i}]`, `'requests[${i}]' must be an object.`);
    checkModel(o.model, inbound, `requests[${i}].model`);
    return o;
  });
  const title = common(each.map((one, i) => textField(one, 'title', `requests[${i}].title`)));
  const auto = common(each.map((one, i) => flagField(one, 'autoTruncate', `requests[${i}].autoTruncate`)));
  const known = [...KNOWN, ...(title === undefined ? [] : ['title']), ...(auto === undefined ? [] : ['autoTruncate'])];
  const rest = Object.assign({}, ...each.map((one) => unknownFields(one, known))) as Fields;
  const request: EmbedRequest = {
    inputs: each.map((one, i) => readInput(one.content, `requests[${i}].content`)),
    encoding: 'float',
    ...some(
      'dimensions',
      alike(
        each.map((one, i) => numberField(one, 'outputDimensionality', `requests[${i}].outputDimensionality`)),
        'outputDimensionality',
      ),
    ),
    ...some(
      'purpose',
      alike(
        each.map((one, i) => readPurpose(textField(one, 'taskType', `requests[${i}].taskType`))),
        'taskType',
      ),
    ),
    ...some('title', title),
    ...some('truncate', readTruncate(auto)),
    ...some('rest', Object.keys(rest).length > 0 ? { from: BATCH, fields: rest } : undefined),
  };
  // The model of each request is the one of the path.
  const actual = { ...body, requests: each.map(({ model: _model, ...one }) => bare(one)) };
  const ours = { requests: bodies(request, true, unheard).map(bare) };
  return withForm(request, {
    surface: 'batch_embed',
    ...some('left', remainderOf(ours, actual)),
    wrapped: each.some(({ model }) => asText(model) !== undefined),
  });
};
/** The content without its parts, which are read and written each. */
const bare = (one: Fields): Fields => ({ ...one, content: { ...asObject(one.content), parts: [] } });
const bodies = (r: EmbedRequest, mine: boolean, lost: Lost): readonly Fields[] => {
  const { task, title, truncate } = writeOptions(r, mine, lost);
  const options = defined({ taskType: task, title, outputDimensionality: r.dimensions, autoTruncate: truncate });
  return r.inputs.map((input) => ({ content: writeInput(input, mine, lost), ...options, ...(mine && r.rest?.from === BATCH ? r.rest.fields : {}) }));
};
const write = (r: EmbedRequest, call: Call): { readonly body: Json } => {
  const form = formOn(r, 'batch_embed');
  const mine = formOf(r) !== undefined || r.rest?.from === BATCH;
  const requests = bodies(r, mine, lostTo(call.ledger));
  const restored = asList(restore({ requests: requests.map(bare) }, form?.left).requests);
  const named = form === undefined || form.wrapped === true ? { model: `models/${call.model}` } : {};
  return {
    body: {
      requests: requests.map((one, i) => ({
        ...named,
        ...(asObject(restored[i]) ?? one),
        content: { ...asObject(asObject(restored[i])?.content), ...asObject(one.content) },
      })),
    },
  };
};
const readReply = (reply: UpstreamReply, call: Call): EmbedReply => {
  const o = replyObject(reply);
  const vectors = asList(o.embeddings).map((one) => vectorOf(asObject(one)?.values));
  if (!Array.isArray(o.embeddings) || vectors.includes(undefined)) throw new GatewayError('upstream_bad_response', 'The provider answered without embeddings.');
  const read: EmbedReply = { model: call.model, vectors: vectors.filter((v) => v !== undefined), usage: readUsage(o.usageMetadata) ?? NO_USAGE };
  return withForm(read, { answer: { surface: 'batch_embed', wire: o } });
};
const writeReply = (reply: EmbedReply): Written => {
  const usage = reply.usage.estimated ? {} : { usageMetadata: { promptTokenCount: reply.usage.input, totalTokenCount: reply.usage.input } };
  return {
    headers: ['content-type', 'application/json; charset=UTF-8'],
    body: ownAnswer(reply, 'batch_embed') ?? stringifyJson({ embeddings: reply.vectors.map((vector) => ({ values: numbersOf(vector) })), ...usage }),
  };
};

/** `:batchEmbedContents`: as many vectors as requests. */
export const batchEmbed: Surface<'embeddings'> = Object.freeze({
  name: 'batch_embed',
  operation: 'embeddings',
  routes: operation('batchEmbedContents', false),
  body: ['json'],
  governed: { model: 'path', stream: 'route' },
  reach: INFERENCE,
  framing: 'json',
  client: { names: { ...names, inputs: 'requests' }, read, write: writeReply },
  provider: { write, read: readReply },
  furtherModels,
  tap: jsonTap,
} satisfies Surface<'embeddings'>);
