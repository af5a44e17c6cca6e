import { createHash } from 'node:crypto';
import { type Fields, fieldsOf, isFields, listOf, textOf } from '../../openai/check.ts';
import { count } from '../../openai/tokens.ts';
import { partsOf } from './contents.ts';
import { type Context, invalid, noModel } from './context.ts';
import { embedders } from './models.ts';
import { camelised, onlyMembers } from './request.ts';

/** A vector that only this text has. */
const vector = (text: string, size: number): number[] => {
  const numbers: number[] = [];
  for (let block = 0; numbers.length < size; block += 1) {
    const bytes = createHash('sha256').update(`${block} ${text}`).digest();
    for (let at = 0; at < 32 && numbers.length < size; at += 4) numbers.push(bytes.readInt32BE(at) / 0x80000000);
  }
  const length = Math.hypot(...numbers);
  return numbers.map((one) => one / length);
};
const TASKS = new Set([
  'SEMANTIC_SIMILARITY',
  'CLASSIFICATION',
  'CLUSTERING',
  'RETRIEVAL_DOCUMENT',
  'RETRIEVAL_QUERY',
  'QUESTION_ANSWERING',
  'FACT_VERIFICATION',
  'CODE_RETRIEVAL_QUERY',
]);
const checkTask = (task: unknown, title: unknown): void => {
  if (task !== undefined && !TASKS.has(String(task))) throw invalid(`The value '${String(task)}' is not a valid task_type.`);
  if (title !== undefined && task !== 'RETRIEVAL_DOCUMENT') throw invalid("Title can only be specified with task_type 'RETRIEVAL_DOCUMENT'.");
};
const sizeOf = (wanted: unknown, most: number): number => {
  if (wanted === undefined) return most;
  if (typeof wanted !== 'number' || !Number.isInteger(wanted) || wanted < 1 || wanted > most)
    throw invalid(`Unable to submit request because outputDimensionality must be between 1 and ${most}.`);
  return wanted;
};
const modelOf = (call: Context, id: string) => {
  const found = Object.hasOwn(embedders, id) ? embedders[id] : undefined;
  if (found === undefined) throw noModel(`projects/${call.project}/locations/${call.location}/publishers/google/models/${id}`);
  return found;
};

/** `:predict` of the older text models; parameters are camelCase, members of instances are not. */
export const predict = (call: Context, id: string, body: Fields): Fields => {
  const model = modelOf(call, id);
  if (model.content) throw invalid(`${id} is not supported by this method. Use embedContent.`);
  onlyMembers(body, new Set(['instances', 'parameters', 'labels']), '');
  const instances = listOf(body.instances);
  const parameters = fieldsOf(body.parameters);
  if (instances.length === 0) throw invalid('List of found errors:\t1.Field: instances; Message: Required field is not set.');
  if (instances.length > model.most)
    throw invalid(`${instances.length} instance(s) is allowed per prediction. Actual: ${instances.length}`.replace(/^\d+/, String(model.most)));
  const size = sizeOf(parameters.outputDimensionality, model.size);
  const texts = instances.map((one) => {
    if (typeof one.content !== 'string' || one.content === '') throw invalid('The text content is empty.');
    checkTask(one.task_type, one.title);
    return one.content;
  });
  return {
    predictions: texts.map((text) => ({ embeddings: { statistics: { truncated: false, token_count: count(text) }, values: vector(text, size) } })),
    metadata: { billableCharacterCount: texts.join('').replace(/\s/g, '').length },
  };
};
/** `:embedContent` of the newer ones: one input a call. */
export const embedContent = (call: Context, id: string, given: Fields): Fields => {
  const model = modelOf(call, id);
  if (!model.content) throw invalid(`${id} is not supported by this method. Use predict.`);
  const body = fieldsOf(camelised(given));
  onlyMembers(body, new Set(['content', 'embedContentConfig', 'model', 'title', 'taskType', 'outputDimensionality', 'autoTruncate']), '');
  if (!isFields(body.content)) throw invalid('Unable to submit request because content is required.');
  const config = fieldsOf(body.embedContentConfig);
  onlyMembers(
    config,
    new Set(['taskType', 'title', 'outputDimensionality', 'autoTruncate', 'documentOcr', 'audioTrackExtraction', 'mimeType']),
    'embed_content_config',
  );
  checkTask(config.taskType ?? body.taskType, config.title ?? body.title);
  const text = partsOf(body.content)
    .map((part) => textOf(part.text))
    .join('\n');
  if (text === '') throw invalid('The text content is empty.');
  const values = vector(text, sizeOf(config.outputDimensionality ?? body.outputDimensionality, model.size));
  const tokens = count(text);
  return { embedding: { values }, usageMetadata: { promptTokenCount: tokens, totalTokenCount: tokens }, truncated: false };
};
