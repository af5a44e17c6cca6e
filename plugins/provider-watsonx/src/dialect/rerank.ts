import {
  asList,
  asNumber,
  asObject,
  asText,
  type Call,
  type Fields,
  isObject,
  type Json,
  type ProviderHalf,
  type RankedDocument,
  type RerankReply,
  type RerankRequest,
  stringifyJson,
  type UpstreamReply,
} from '@llm-proxy-auth/plugin';
import { answerOf, inputUsage, missing, noteWarnings } from './answer.ts';
import { addedMembers } from './rest.ts';

/** Documents of the request, where the answer is to repeat them. */
type Memo = readonly RankedDocument[] | undefined;

const fieldText = (value: Json): string => (typeof value === 'string' ? value : stringifyJson(value));
/** The text that is ranked: of an object the fields wanted, else the whole as JSON. */
const textOf = (document: RankedDocument, fields: readonly string[] | undefined): string => {
  if ('text' in document) return document.text;
  const { fields: object } = document;
  if (fields === undefined || !isObject(object)) return stringifyJson(object);
  return fields.flatMap((name) => (object[name] === undefined ? [] : [fieldText(object[name])])).join('\n');
};
const parametersOf = (r: RerankRequest, call: Call): Fields => {
  const added = addedMembers(r.rest, ['truncate_input_tokens']);
  if (r.maxTokensPerDocument !== undefined) call.ledger.note('emulated', 'maxTokensPerDocument', 'the limit counts the query too');
  const limit = r.maxTokensPerDocument === undefined ? {} : { truncate_input_tokens: r.maxTokensPerDocument };
  const options = r.topN === undefined ? {} : { return_options: { top_n: r.topN } };
  return { ...limit, ...added, ...options };
};
const write = (r: RerankRequest, call: Call): { readonly body: Json; readonly memo: Memo } => {
  const parameters = parametersOf(r, call);
  if (r.documents.some((document) => !('text' in document))) call.ledger.note('emulated', 'documents', 'the fields of an object are ranked as one text');
  const inputs = r.documents.map((document) => ({ text: textOf(document, r.rankFields) }));
  const body = { model_id: call.model, inputs, query: r.query };
  return { body: Object.keys(parameters).length === 0 ? body : { ...body, parameters }, memo: r.returnDocuments === true ? r.documents : undefined };
};
const resultOf =
  (documents: Memo) =>
  (wire: Json): RerankReply['results'][number] => {
    const result = asObject(wire);
    const index = asNumber(result?.index);
    const score = asNumber(result?.score);
    if (index === undefined || score === undefined) throw missing('a score');
    const document = documents?.[index];
    return { index, score, ...(document === undefined ? {} : { document }) };
  };
const read = (reply: UpstreamReply, call: Call, memo: unknown): RerankReply => {
  const body = answerOf(reply);
  if (!Array.isArray(body.results)) throw missing('scores');
  noteWarnings(body, call);
  const model = asText(body.model_id);
  const results = asList(body.results).map(resultOf(memo as Memo));
  return { ...(model === undefined ? {} : { model }), results: results.toSorted((a, b) => b.score - a.score), usage: inputUsage(body.input_token_count) };
};
/** `text/rerank`. */
export const rerank: ProviderHalf<'rerank'> = Object.freeze({ write, read });
