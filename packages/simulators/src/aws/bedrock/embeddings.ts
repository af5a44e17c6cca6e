import { createHash } from 'node:crypto';
import { type Fields, fieldsOf, listOf, textOf } from '../../openai/check.ts';
import { ranked } from '../../openai/rerank.ts';
import { count } from '../../openai/tokens.ts';
import type { Invoked } from './invoke.ts';
import type { Model } from './models.ts';
import { refuse } from './refusal.ts';

const malformed = (what: string) => refuse.validation(`Malformed input request: ${what}, please reformat your input and try again.`);

/** A unit vector that only this text has. */
const vector = (text: string, size: number): number[] => {
  const numbers: number[] = [];
  for (let block = 0; numbers.length < size; block += 1) {
    const bytes = createHash('sha256').update(`${block} ${text}`).digest();
    for (let at = 0; at < 32 && numbers.length < size; at += 4) numbers.push(bytes.readInt32BE(at) / 0x80000000);
  }
  const length = Math.hypot(...numbers);
  return numbers.map((one) => one / length);
};

const oneOf = (value: unknown, allowed: readonly number[], absent: number, name: string): number => {
  if (value === undefined) return absent;
  if (typeof value === 'number' && allowed.includes(value)) return value;
  throw malformed(`#/${name}: ${String(value)} is not a valid enum value`);
};

const onlyKeys = (body: Fields, allowed: readonly string[]): void => {
  const extraneous = Object.keys(body).find((key) => !allowed.includes(key));
  if (extraneous !== undefined) throw malformed(`#: extraneous key [${extraneous}] is not permitted`);
};

const titan = (model: Model, body: Fields): Invoked => {
  const image = model.id.includes('image');
  const second = model.id.includes('v2');
  onlyKeys(body, image ? ['inputText', 'inputImage', 'embeddingConfig'] : second ? ['inputText', 'dimensions', 'normalize', 'embeddingTypes'] : ['inputText']);
  const text = body.inputText;
  if (typeof text !== 'string' && !(image && typeof body.inputImage === 'string')) throw malformed('#: required key [inputText] not found');
  if (text === '') throw malformed('expected minLength: 1, actual: 0');
  const size = image
    ? oneOf(fieldsOf(body.embeddingConfig).outputEmbeddingLength, [256, 384, 1024], 1024, 'embeddingConfig/outputEmbeddingLength')
    : second
      ? oneOf(body.dimensions, [256, 512, 1024], 1024, 'dimensions')
      : 1536;
  const embedding = vector(textOf(text) + textOf(body.inputImage), size);
  const input = count(textOf(text));
  const types = Array.isArray(body.embeddingTypes) ? body.embeddingTypes.map(String) : ['float'];
  const byType = { float: embedding, binary: embedding.map((one) => (one > 0 ? 1 : 0)) };
  const embeddingsByType = Object.fromEntries(Object.entries(byType).filter(([name]) => types.includes(name)));
  return { body: { embedding, ...(second ? { embeddingsByType } : {}), inputTextTokenCount: input }, input, output: 0 };
};

const inputTypes = ['search_document', 'search_query', 'classification', 'clustering', 'image'];

const cohere = (model: Model, body: Fields): Invoked => {
  const fourth = model.id.includes('v4');
  const known = ['texts', 'images', 'input_type', 'truncate', 'embedding_types'];
  onlyKeys(body, fourth ? [...known, 'inputs', 'output_dimension', 'max_tokens'] : known);
  if (!inputTypes.includes(textOf(body.input_type))) throw malformed('#: required key [input_type] not found');
  const inputs = listOf(body.inputs).map((one) =>
    listOf(one.content)
      .map((part) => textOf(part.text))
      .join('\n'),
  );
  const texts = Array.isArray(body.texts) ? body.texts.map(String) : [...inputs, ...(Array.isArray(body.images) ? body.images.map(String) : [])];
  if (texts.length === 0) throw malformed('#: required key [texts] not found');
  if (texts.length > 96) throw malformed(`#/texts: expected maximum item count: 96, found: ${texts.length}`);
  const size = fourth ? oneOf(body.output_dimension, [256, 512, 1024, 1536], 1536, 'output_dimension') : 1024;
  const vectors = texts.map((text) => vector(text, size));
  const types = Array.isArray(body.embedding_types) ? body.embedding_types.map(String) : undefined;
  const typed = (type: string) => (type === 'float' ? vectors : vectors.map((one) => one.map((number) => Math.round(number * 127))));
  const embeddings = types === undefined ? vectors : Object.fromEntries(types.map((type) => [type, typed(type)]));
  const id = createHash('sha256').update(texts.join()).digest('hex').slice(0, 32);
  const input = texts.reduce((sum, text) => sum + count(text), 0);
  return { body: { id, texts, embeddings, response_type: types === undefined ? 'embeddings_floats' : 'embeddings_by_type' }, input, output: 0 };
};

const nova = (body: Fields): Invoked => {
  if (body.taskType !== 'SINGLE_EMBEDDING') throw malformed('#/taskType: SINGLE_EMBEDDING is the only possible value');
  const given = fieldsOf(body.singleEmbeddingParams);
  const text = fieldsOf(given.text).value;
  if (typeof text !== 'string') throw malformed('#/singleEmbeddingParams: required key [text] not found');
  if (typeof given.embeddingPurpose !== 'string') throw malformed('#/singleEmbeddingParams: required key [embeddingPurpose] not found');
  const size = oneOf(given.embeddingDimension, [256, 384, 1024, 3072], 3072, 'singleEmbeddingParams/embeddingDimension');
  return { body: { embeddings: [{ embeddingType: 'TEXT', embedding: vector(text, size) }] }, input: count(text), output: 0 };
};

export const embed = (model: Model, body: Fields): Invoked => {
  if (model.family === 'titan-embed') return titan(model, body);
  return model.family === 'cohere-embed' ? cohere(model, body) : nova(body);
};

/** Members of a rerank body by maker. Amazon's has no more than these: `max_tokens_per_doc` is refused; Cohere's names are those of its second API. */
const rankMembers = { cohere: ['api_version', 'query', 'documents', 'top_n', 'max_tokens_per_doc'], amazon: ['query', 'documents'] } as const;

/** Rerank of Cohere and of Amazon: texts in order, the best first. */
export const rerank = (model: Model, body: Fields): Invoked => {
  const cohere = model.family === 'cohere-rerank';
  onlyKeys(body, rankMembers[cohere ? 'cohere' : 'amazon']);
  const { query, documents, api_version: version, top_n: top, max_tokens_per_doc: most } = body;
  if (typeof query !== 'string') throw malformed('#: required key [query] not found');
  if (!Array.isArray(documents) || documents.length === 0) throw malformed('#: required key [documents] not found');
  const wrong = documents.findIndex((one) => typeof one !== 'string');
  if (wrong >= 0) throw malformed(`#/documents/${wrong}: expected type: String, found: ${Array.isArray(documents[wrong]) ? 'JSONArray' : 'JSONObject'}`);
  if (cohere && version !== 2) throw malformed('#/api_version: 2 is the only possible value');
  for (const [name, value] of [
    ['top_n', top],
    ['max_tokens_per_doc', most],
  ] as const)
    if (value !== undefined && !(Number.isInteger(value) && Number(value) > 0)) throw malformed(`#/${name}: ${String(value)} is not greater or equal to 1`);
  return { body: { results: ranked(query, documents.map(String), typeof top === 'number' ? top : documents.length) }, input: count(query), output: 0 };
};
