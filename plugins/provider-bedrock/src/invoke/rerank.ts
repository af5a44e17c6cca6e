import {
  asNumber,
  asObject,
  type Call,
  type Fields,
  GatewayError,
  isObject,
  type Json,
  type ProviderHalf,
  type RankedDocument,
  type RerankReply,
  type RerankRequest,
  stringifyJson,
  type UpstreamReply,
} from '@llm-proxy-auth/plugin';
import { replyFields, usageOf } from './embed-reply.ts';

/** `title: …`, a line each, which is how Cohere advises to write objects for models that rank text. https://docs.cohere.com/docs/rerank-overview */
const linesOf = (fields: Fields, names: readonly string[]): string =>
  names.map((name) => `${name}: ${typeof fields[name] === 'string' ? fields[name] : stringifyJson(fields[name] ?? null)}`).join('\n');
/** `rankFields` is looked at for objects alone, so that the ledger tells of one that nothing has a use for. */
const textOf = (document: RankedDocument, r: RerankRequest): string => {
  if ('text' in document) return document.text;
  const fields = isObject(document.fields) ? document.fields : {};
  return linesOf(fields, r.rankFields?.filter((name) => Object.hasOwn(fields, name)) ?? Object.keys(fields));
};
/** The models rank text; objects are written as text of the fields that count. What the answer repeats is for the client's surface to write. */
const documentsOf = (r: RerankRequest, { ledger }: Call): readonly string[] => {
  void r.returnDocuments;
  if (r.documents.some((one) => 'fields' in one)) ledger.note('emulated', 'documents.fields', 'objects are ranked as text, a line a field');
  return r.documents.map((one) => textOf(one, r));
};
const resultOf = (wire: Json): RerankReply['results'][number] => {
  const index = asNumber(asObject(wire)?.index);
  const score = asNumber(asObject(wire)?.relevance_score);
  if (index === undefined || !Number.isSafeInteger(index) || index < 0 || score === undefined)
    throw new GatewayError('upstream_bad_response', 'Bedrock answered with a result that has no index or no score.');
  return { index, score };
};
/** Tokens stand in the head alone; what AWS bills are queries of up to a hundred documents, which no answer says. */
const read = (reply: UpstreamReply): RerankReply => {
  const { results } = replyFields(reply);
  if (!Array.isArray(results)) throw new GatewayError('upstream_bad_response', 'Bedrock answered without results.');
  return { results: results.map(resultOf).sort((a, b) => b.score - a.score), usage: usageOf(undefined, reply) };
};

/** Cohere Rerank 3.5 has the members of Cohere's second API and must be told so. */
export const cohereRerank: ProviderHalf<'rerank'> = Object.freeze({
  write: (r: RerankRequest, call: Call) => ({
    body: {
      api_version: 2,
      query: r.query,
      documents: documentsOf(r, call),
      ...(r.topN === undefined ? {} : { top_n: r.topN }),
      ...(r.maxTokensPerDocument === undefined ? {} : { max_tokens_per_doc: r.maxTokensPerDocument }),
    },
  }),
  read,
});
/** Amazon Rerank takes a query and documents and puts all of them in order; what is more than was asked for is left out here. */
export const amazonRerank: ProviderHalf<'rerank', number | undefined> = Object.freeze({
  write(r: RerankRequest, call: Call) {
    if (r.topN !== undefined) call.ledger.note('emulated', 'topN', 'the model answers with all of them, of which the best are kept');
    return { body: { query: r.query, documents: documentsOf(r, call) }, memo: r.topN };
  },
  read(reply: UpstreamReply, _call: Call, topN: number | undefined): RerankReply {
    const answer = read(reply);
    return { ...answer, results: answer.results.slice(0, topN) };
  },
});
