import {
  asNumber,
  asObject,
  asText,
  type Call,
  type Fields,
  GatewayError,
  type Json,
  lostTo,
  type ProviderHalf,
  type RankedDocument,
  type RerankReply,
  type RerankRequest,
  some,
  stringifyJson,
  type UpstreamReply,
} from '@llm-proxy-auth/plugin';
import { NO_USAGE } from './usage.ts';
import { replyObject } from './whole.ts';

/** The text of a document: OCI ranks texts, so that objects are the fields that are ranked, as JSON. */
const textOf = (document: RankedDocument, rankFields: readonly string[] | undefined): string => {
  if ('text' in document) return document.text;
  const fields = asObject(document.fields) ?? {};
  const kept =
    rankFields === undefined ? fields : Object.fromEntries(rankFields.filter((name) => Object.hasOwn(fields, name)).map((name) => [name, fields[name]]));
  return stringifyJson(kept);
};
interface Memo {
  readonly documents: readonly RankedDocument[];
}
const write = (r: RerankRequest, call: Call): { readonly body: Json; readonly memo: Memo } => {
  const lost = lostTo(call.ledger);
  if (r.documents.some((document) => !('text' in document))) lost('documents', 'the provider ranks texts; an object is ranked as JSON', 'emulated');
  return {
    body: {
      input: r.query,
      documents: r.documents.map((document) => textOf(document, r.rankFields)),
      ...some('topN', r.topN),
      ...some('isEcho', r.returnDocuments),
      ...some('maxTokensPerDocument', r.maxTokensPerDocument),
    },
    memo: { documents: r.returnDocuments === true ? r.documents : [] },
  };
};
const resultOf = (wire: Json, memo: Memo | undefined): RerankReply['results'][number] => {
  const o = asObject(wire) ?? {};
  const [index, score] = [asNumber(o.index), asNumber(o.relevanceScore)];
  if (index === undefined || score === undefined) throw new GatewayError('upstream_bad_response', 'OCI answered with a rank that lacks its index or score.');
  const text = asText(asObject(o.document)?.text);
  const sent = memo?.documents[index];
  // An object that was sent as text comes back as the object.
  const document = sent !== undefined && !('text' in sent) ? sent : text === undefined ? undefined : { text };
  return { index, score, ...some('document', document) };
};
const KNOWN: ReadonlySet<string> = new Set(['id', 'modelId', 'documentRanks']);
const read = (reply: UpstreamReply, _call: Call, memo: unknown): RerankReply => {
  const o: Fields = replyObject(reply);
  if (!Array.isArray(o.documentRanks)) throw new GatewayError('upstream_bad_response', 'OCI answered without ranks.');
  const left = Object.fromEntries(Object.entries(o).filter(([name]) => !KNOWN.has(name)));
  return {
    ...some('id', asText(o.id)),
    ...some('model', asText(o.modelId)),
    results: o.documentRanks.map((wire: Json) => resultOf(wire, memo as Memo | undefined)),
    usage: NO_USAGE,
    ...(Object.keys(left).length === 0 ? {} : { rest: { from: 'oci.rerank', fields: left } }),
  };
};
/** `rerankText`. */
export const rerank: ProviderHalf<'rerank'> = Object.freeze({ write, read });
