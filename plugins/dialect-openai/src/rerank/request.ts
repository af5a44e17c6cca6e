import {
  asObject,
  type Building,
  type Call,
  type Fields,
  flagField,
  type Inbound,
  invalid,
  isObject,
  type Json,
  Late,
  listField,
  numberField,
  type RankedDocument,
  type RerankRequest,
  remainderOf,
  restore,
  some,
  textField,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { formsOf } from '../chat/form.ts';

/** What `Rest.from` says of members that only this surface gets back. */
export const RERANK = 'openai.rerank';
const { withForm, formOf } = formsOf('openai.rerank.form');
const KNOWN: ReadonlySet<string> = new Set(['model', 'query', 'documents', 'top_n', 'return_documents', 'max_tokens_per_doc', 'rank_fields']);
export const names: Readonly<Record<string, string>> = Object.freeze({
  query: 'query',
  documents: 'documents',
  'documents.text': 'documents',
  'documents.fields': 'documents',
  topN: 'top_n',
  returnDocuments: 'return_documents',
  maxTokensPerDocument: 'max_tokens_per_doc',
  rankFields: 'rank_fields',
});

/** A whole number of at least `least`, or absent or null; else 400. */
const wholeField = (body: Fields, name: string, least: number): number | undefined => {
  const value = numberField(body, name);
  if (value !== undefined && (!Number.isSafeInteger(value) || value < least)) throw invalid(name, `'${name}' must be a whole number of at least ${least}.`);
  return value;
};
/** An object that holds nothing but text is text, unless fields are named that it lacks. */
const documentOf = (wire: Json, index: number, byField: boolean): RankedDocument => {
  if (typeof wire === 'string') return { text: wire };
  if (!isObject(wire)) throw invalid('documents', `'documents' holds neither text nor an object at index ${index}.`);
  return !byField && typeof wire.text === 'string' && Object.keys(wire).length === 1 ? { text: wire.text } : { fields: wire };
};
const rankFieldsOf = (body: Fields): readonly string[] | undefined => {
  const list = listField(body, 'rank_fields');
  if (list?.every((name): name is string => typeof name === 'string') === false) throw invalid('rank_fields', "'rank_fields' must be a list of strings.");
  return list as readonly string[] | undefined;
};
/** Throws 400 `invalid_request`. `top_n` of 0 means all of them, as some servers have it. */
export const read = (inbound: Inbound): RerankRequest => {
  const body = asObject(inbound.body);
  if (body === undefined) throw invalid('body', 'The body must be a JSON object.');
  const query = textField(body, 'query');
  if (query === undefined) throw invalid('query', "'query' is missing.");
  const documents = listField(body, 'documents');
  if (documents === undefined || documents.length === 0) throw invalid('documents', "'documents' must not be empty.");
  const rankFields = rankFieldsOf(body);
  const topN = wholeField(body, 'top_n', 0);
  const fields = unknownFields(body, KNOWN);
  const request: RerankRequest = {
    query,
    documents: documents.map((wire, index) => documentOf(wire, index, rankFields !== undefined)),
    ...some('topN', topN === 0 ? undefined : topN),
    ...some('returnDocuments', flagField(body, 'return_documents')),
    ...some('maxTokensPerDocument', wholeField(body, 'max_tokens_per_doc', 1)),
    ...some('rankFields', rankFields),
    ...some('rest', fields === undefined ? undefined : { from: RERANK, fields }),
  };
  return withForm(request, { left: new Late(() => remainderOf({ model: body.model, ...bodyOf(request) }, body)) });
};

const bodyOf = (r: RerankRequest): Building => ({
  query: r.query,
  documents: r.documents.map((one): Json => ('text' in one ? one.text : one.fields)),
  ...some('top_n', r.topN),
  ...some('return_documents', r.returnDocuments),
  ...some('max_tokens_per_doc', r.maxTokensPerDocument),
  ...some('rank_fields', r.rankFields),
  ...(r.rest?.from === RERANK ? r.rest.fields : {}),
});
export const write = (r: RerankRequest, call: Call): { readonly body: Json } => ({
  body: restore({ model: call.model, ...bodyOf(r) }, formOf(r)?.left?.value),
});
