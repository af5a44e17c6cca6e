import { type Fields, fieldsOf, isFields, textOf } from '../../openai/check.ts';
import { GoogleRefusal } from '../refusal.ts';
import { checkContents } from './contents.ts';
import { type Context, invalid } from './context.ts';
import { tokensOf } from './generate-check.ts';
import { geminiOf } from './models.ts';
import { camelised, onlyMembers } from './request.ts';

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
const lastOf = (name: string): string => name.replace(/^.*\//, '');
const notFound = (what: string): GoogleRefusal => new GoogleRefusal(404, 'NOT_FOUND', `Not found: ${what}.`);
/** Fewest tokens of a cache. */
const LEAST = 16;

/** `POST …/cachedContents`. */
export const createCache = (call: Context, given: Fields): Fields => {
  const body = fieldsOf(camelised(given));
  onlyMembers(body, new Set(['model', 'displayName', 'contents', 'systemInstruction', 'tools', 'toolConfig', 'ttl', 'expireTime', 'kmsKeyName']), '');
  const model = geminiOf(lastOf(textOf(body.model)));
  if (model === undefined) throw invalid(`Invalid model name: ${textOf(body.model)}`);
  if (body.contents !== undefined) checkContents(body.contents, model);
  const total = tokensOf([body.contents, body.systemInstruction, body.tools]);
  if (total < LEAST) throw invalid(`The cached content is of ${total} tokens. The minimum token count to start caching is ${LEAST}.`);
  const seconds = Number(/^(\d+(?:\.\d+)?)s$/.exec(textOf(body.ttl))?.[1] ?? 3600);
  const id = call.number();
  const made = {
    name: `projects/${call.projectNumber}/locations/${call.location}/cachedContents/${id}`,
    model: `projects/${call.project}/locations/${call.location}/publishers/google/models/${model.id}`,
    createTime: iso(call.now()),
    updateTime: iso(call.now()),
    expireTime: iso(call.now() + seconds * 1000),
    ...(body.displayName === undefined ? {} : { displayName: body.displayName }),
    usageMetadata: { totalTokenCount: total, textCount: total * 4 },
  };
  call.caches.set(id, made);
  return made;
};
export const listOf = (all: ReadonlyMap<string, Fields>, member: string): Fields => (all.size === 0 ? {} : { [member]: [...all.values()] });
export const find = (all: ReadonlyMap<string, Fields>, id: string, what: string): Fields => {
  const found = all.get(id);
  if (found === undefined) throw notFound(`${what} ${id}`);
  return found;
};
/** `PATCH …/cachedContents/{id}`: only its end can be moved. */
export const moveCache = (call: Context, id: string, given: Fields): Fields => {
  const body = fieldsOf(camelised(given));
  const seconds = Number(/^(\d+(?:\.\d+)?)s$/.exec(textOf(body.ttl))?.[1] ?? Number.NaN);
  const changed = {
    ...find(call.caches, id, 'cached content'),
    updateTime: iso(call.now()),
    expireTime: Number.isNaN(seconds) ? body.expireTime : iso(call.now() + seconds * 1000),
  };
  call.caches.set(id, changed);
  return changed;
};
/** `POST …/batchPredictionJobs`. */
export const createJob = (call: Context, body: Fields): Fields => {
  const { displayName, model, inputConfig, outputConfig } = body;
  if (typeof model !== 'string' || !isFields(inputConfig) || !isFields(outputConfig))
    throw invalid('List of found errors:\t1.Field: batch_prediction_job; Message: Required field is not set.');
  const id = call.number();
  const made = {
    name: `projects/${call.projectNumber}/locations/${call.location}/batchPredictionJobs/${id}`,
    displayName,
    model,
    inputConfig,
    outputConfig,
    state: 'JOB_STATE_PENDING',
    createTime: iso(call.now()),
    updateTime: iso(call.now()),
  };
  call.jobs.set(id, made);
  return made;
};
export const cancelJob = (call: Context, id: string): Fields => {
  call.jobs.set(id, { ...find(call.jobs, id, 'batch prediction job'), state: 'JOB_STATE_CANCELLED', updateTime: iso(call.now()) });
  return {};
};
