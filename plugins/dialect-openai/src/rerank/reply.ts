import {
  asList,
  asNumber,
  asObject,
  asText,
  type Building,
  type Call,
  type Fields,
  GatewayError,
  isObject,
  type Json,
  Late,
  type RankedDocument,
  type RerankReply,
  remainderOf,
  restore,
  some,
  stringifyJson,
  type UpstreamReply,
  unknownFields,
  type Written,
} from '@llm-proxy-auth/plugin';
import { formsOf } from '../chat/form.ts';
import { replyObject } from '../chat/read-reply.ts';
import { ownUsage } from '../chat/usage.ts';
import { RERANK } from './request.ts';
import { usageOf } from './usage.ts';

type Result = RerankReply['results'][number];
const { withForm, formOf } = formsOf('openai.rerank.answer');
const KNOWN: ReadonlySet<string> = new Set(['id', 'model', 'results', 'usage', 'error']);

const bad = (why: string): GatewayError => new GatewayError('upstream_bad_response', `The provider answered ${why}.`);
/** Servers repeat a document as text, as `{"text"}` (some with empty members beside it), or as the object it was. */
const documentOf = (wire: Json): RankedDocument | undefined => {
  if (typeof wire === 'string') return { text: wire };
  if (!isObject(wire)) return undefined;
  const said = Object.entries(wire).filter(([, value]) => value !== null);
  const [only] = said;
  return said.length === 1 && only?.[0] === 'text' && typeof only[1] === 'string' ? { text: only[1] } : { fields: wire };
};
const resultOf = (wire: Json): Result => {
  const one = asObject(wire);
  const index = asNumber(one?.index);
  const score = asNumber(one?.relevance_score);
  if (index === undefined || !Number.isSafeInteger(index) || index < 0 || score === undefined) throw bad('with a result that has no index or no score');
  return { index, score, ...some('document', documentOf(one?.document)) };
};
/** Throws `upstream_bad_response` for an answer without results, or the error that came under the 200. */
export const read = (reply: UpstreamReply): RerankReply => {
  const o = replyObject(reply);
  if (!Array.isArray(o.results)) throw bad('without results');
  const fields = unknownFields(o, KNOWN);
  const answer: RerankReply = {
    ...some('id', asText(o.id)),
    ...some('model', asText(o.model)),
    results: asList(o.results)
      .map(resultOf)
      .sort((a, b) => b.score - a.score),
    usage: usageOf(o),
    ...some('rest', fields === undefined ? undefined : { from: RERANK, fields }),
  };
  return withForm(answer, { left: new Late(() => remainderOf(bodyOf(answer, { id: o.id, model: o.model }), o)) });
};

const wireOf = (document: RankedDocument): Json => ('text' in document ? { text: document.text } : document.fields);
/** `documents`: those of the request, where the client wants them and the provider did not repeat them. */
const resultsOf = (results: readonly Result[], documents: readonly Json[], wanted: boolean | undefined): readonly Fields[] =>
  results.map(({ index, score, document }) => {
    const sent = documents[index];
    const own = wanted === true && sent !== undefined ? documentOf(sent) : undefined;
    const shown = wanted === false ? undefined : (document ?? own);
    return { index, relevance_score: score, ...some('document', shown === undefined ? undefined : wireOf(shown)) };
  });
const usageMember = ({ usage }: RerankReply): Fields | undefined =>
  usage.estimated || (usage.raw === undefined && usage.input === 0)
    ? undefined
    : (ownUsage(usage) ?? { prompt_tokens: usage.input, total_tokens: usage.input + usage.output });
const bodyOf = (reply: RerankReply, head: Fields, documents: readonly Json[] = [], wanted?: boolean): Building => ({
  ...head,
  results: resultsOf(reply.results, documents, wanted),
  ...some('usage', usageMember(reply)),
  ...(reply.rest?.from === RERANK ? reply.rest.fields : {}),
});
/** An answer of this surface as it came, under the name the client sent; usage nobody counted is left out. */
export const write = (reply: RerankReply, call: Call): Written => {
  const form = formOf(reply);
  const asked = asObject(call.inbound.body);
  const wanted = typeof asked?.return_documents === 'boolean' ? asked.return_documents : undefined;
  const body =
    form === undefined
      ? bodyOf(reply, { id: reply.id ?? `rerank-${call.id}`, model: call.requestedModel }, asList(asked?.documents), wanted)
      : restore(bodyOf(reply, { id: reply.id, model: reply.model === undefined ? undefined : call.requestedModel }), form.left?.value);
  return { headers: ['content-type', 'application/json'], body: stringifyJson(body) };
};
