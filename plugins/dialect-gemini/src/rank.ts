import {
  asList,
  asNumber,
  asObject,
  asText,
  type Call,
  GatewayError,
  type Json,
  lostTo,
  type RankedDocument,
  type RerankReply,
  type RerankRequest,
  type Surface,
  some,
  stringifyJson,
  type UpstreamReply,
} from '@llm-proxy-auth/plugin';
import { replyObject } from './generate/reply.ts';
import { jsonTap } from './tap-json.ts';
import { NO_USAGE } from './usage.ts';

/** How many documents were sent, and which, where the answer is to repeat them. */
interface Memo {
  readonly count: number;
  readonly documents: readonly RankedDocument[];
}
const UNKNOWN: Memo = Object.freeze({ count: Number.POSITIVE_INFINITY, documents: [] });
/** The text of a document: of an object the fields that are ranked, as JSON. */
const textOf = (document: RankedDocument, rankFields: readonly string[] | undefined): string => {
  if ('text' in document) return document.text;
  const fields = asObject(document.fields);
  if (fields === undefined || rankFields === undefined) return stringifyJson(document.fields);
  return stringifyJson(Object.fromEntries(rankFields.filter((name) => Object.hasOwn(fields, name)).map((name) => [name, fields[name]])));
};
/** Documents are known by their place again, because the service names records by ids of the caller and answers in its own order. */
const write = (r: RerankRequest, call: Call): { readonly body: Json; readonly memo: Memo } => {
  if (r.documents.some((document) => !('text' in document)))
    lostTo(call.ledger)('documents', 'the provider ranks texts; an object is ranked as JSON', 'emulated');
  const records = r.documents.map((document, i) => ({ id: String(i), content: textOf(document, r.rankFields) }));
  return {
    body: { model: call.model, query: r.query, records, ...some('topN', r.topN), ignoreRecordDetailsInResponse: true },
    memo: { count: records.length, documents: r.returnDocuments === true ? r.documents : [] },
  };
};
const resultOf = (wire: Json, { count, documents }: Memo): RerankReply['results'][number] => {
  const o = asObject(wire);
  const id = asText(o?.id) ?? '';
  const index = /^\d{1,9}$/.test(id) ? Number(id) : Number.POSITIVE_INFINITY;
  // JSON of a protocol buffer leaves out a score of nothing.
  const score = o?.score === undefined ? 0 : asNumber(o.score);
  if (!(index < count) || score === undefined)
    throw new GatewayError('upstream_bad_response', 'The provider answered with a record that was not sent or has no score.');
  return { index, score, ...some('document', documents[index]) };
};
const read = (reply: UpstreamReply, call: Call, memo: unknown): RerankReply => {
  const { records } = replyObject(reply);
  if (!Array.isArray(records)) throw new GatewayError('upstream_bad_response', 'The provider answered without records.');
  const sent = (memo as Memo | undefined) ?? UNKNOWN;
  const results = asList(records).map((record) => resultOf(record, sent));
  return { model: call.model, results: results.toSorted((a, b) => b.score - a.score), usage: NO_USAGE };
};

/** `rankingConfigs/{config}:rank` of Google's Discovery Engine, which ranks for Vertex AI; clients of other dialects are carried there. */
export const rank: Surface<'rerank'> = Object.freeze({
  name: 'rank',
  operation: 'rerank',
  routes: [],
  body: ['json'],
  governed: { model: ['model'], stream: 'route' },
  reach: { class: 'inference' },
  framing: 'json',
  provider: { write, read },
  tap: jsonTap,
} satisfies Surface<'rerank'>);
