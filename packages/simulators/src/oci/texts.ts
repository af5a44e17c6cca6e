import { createHash } from 'node:crypto';
import { type Fields, listOf as fieldsIn, fieldsOf, textOf } from '../openai/check.ts';
import { ranked } from '../openai/rerank.ts';
import { count } from '../openai/tokens.ts';
import { boolean, integer, listOf, members, object, oneOf, string } from './check.ts';
import { type Envelope, envelope, type Tenancy } from './envelope.ts';
import { refuse } from './refusal.ts';
import type { Context } from './said.ts';

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
const EMBED = {
  inputs: listOf(string),
  embedContents: listOf(object),
  isEcho: boolean,
  embeddingTypes: listOf(oneOf('float', 'int8', 'uint8', 'binary', 'ubinary', 'base64')),
  outputDimensions: integer(1),
  truncate: oneOf('NONE', 'START', 'END'),
  inputType: oneOf('SEARCH_DOCUMENT', 'SEARCH_QUERY', 'CLASSIFICATION', 'CLUSTERING', 'IMAGE'),
} as const;
const MOST_TOKENS = 512;
const sizeOf = (body: Fields, fourth: boolean): number => {
  if (body.outputDimensions === undefined) return fourth ? 1536 : 1024;
  if (!fourth) throw refuse.byModel('outputDimensions is not supported by this model.');
  if (![256, 512, 1024, 1536].includes(Number(body.outputDimensions))) throw refuse.byModel('outputDimensions must be one of 256, 512, 1024, 1536.');
  return Number(body.outputDimensions);
};
const checked = ({ model, body }: Envelope, kind: 'embed' | 'rerank'): Fields => {
  if (model.kind !== kind) throw refuse.byModel(`${model.id} does not support this operation.`);
  const { compartmentId: _compartment, servingMode: _mode, ...rest } = body;
  return rest;
};
/** POST /actions/embedText. */
export const embedText = (call: Context, given: unknown, tenancy: Tenancy): Fields => {
  const asked = envelope(given, Object.keys(EMBED), tenancy);
  const body = checked(asked, 'embed');
  members(EMBED)(body, 'embedTextDetails');
  const fourth = asked.model.id.includes('v4');
  const contents = fieldsIn(body.embedContents).map((one) => (one.type === 'IMAGE' ? textOf(fieldsOf(one.imageUrl).url) : textOf(one.text)));
  const inputs = Array.isArray(body.inputs) ? body.inputs.map(String) : contents;
  if (inputs.length === 0) throw refuse.missing('inputs');
  if (contents.length > 0 && !fourth) throw refuse.byModel('embedContents is not supported by this model.');
  if (inputs.length > 96) throw refuse.byModel('The number of inputs must be at most 96.');
  if (body.inputType === undefined) throw refuse.byModel('inputType must be specified for this model.');
  if (body.inputType === 'IMAGE' && (inputs.length !== 1 || inputs[0]?.startsWith('data:image/') !== true))
    throw refuse.byModel('One image as a data URL is needed for input type IMAGE.');
  const size = sizeOf(body, fourth);
  const long = inputs.find((text) => !text.startsWith('data:') && count(text) > MOST_TOKENS);
  if (long !== undefined && (body.truncate === undefined || body.truncate === 'NONE'))
    throw refuse.byModel(`Input is too long: the maximum number of tokens is ${MOST_TOKENS}.`);
  const promptTokens = inputs.reduce((sum, text) => sum + (text.startsWith('data:') ? 258 : count(text)), 0);
  return {
    id: call.id(),
    ...(body.isEcho === true ? { inputs } : {}),
    embeddings: inputs.map((text) => vector(text, size)),
    modelId: asked.model.id,
    modelVersion: '1.0',
    usage: { promptTokens, completionTokens: 0, totalTokens: promptTokens },
  };
};
const RERANK = {
  input: string,
  documents: listOf(string),
  topN: integer(1),
  isEcho: boolean,
  maxChunksPerDocument: integer(1),
  maxTokensPerDocument: integer(1),
} as const;
/** POST /actions/rerankText. */
export const rerankText = (call: Context, given: unknown, tenancy: Tenancy): Fields => {
  const asked = envelope(given, Object.keys(RERANK), tenancy);
  const body = checked(asked, 'rerank');
  members(RERANK, ['input', 'documents'])(body, 'rerankTextDetails');
  const documents = (body.documents as readonly unknown[]).map(String);
  if (documents.length === 0) throw refuse.missing('documents');
  const best = ranked(textOf(body.input), documents, typeof body.topN === 'number' ? body.topN : documents.length);
  const documentRanks = best.map(({ index, relevance_score: relevanceScore }) => ({
    index,
    relevanceScore,
    ...(body.isEcho === true ? { document: { text: documents[index] ?? '' } } : {}),
  }));
  return { id: call.id(), documentRanks, modelId: asked.model.id, modelVersion: '1.0' };
};
