import { asList, asObject, asText, type Citation, type Fields, type Json, look, parseJson, some, stringifyJson } from '@llm-proxy-auth/plugin';
import { CONVERSE } from '../wire.ts';

/** A citation of the vendor; its source text stands in `origin`, because places in documents have no form in the conversation. */
export const readCitation = (wire: Json): Citation => {
  const c = asObject(wire) ?? {};
  const web = asObject(asObject(c.location)?.web);
  const quote = asList(c.sourceContent)
    .map((piece) => asText(asObject(piece)?.text) ?? '')
    .join('');
  return {
    ...some('url', asText(web?.url)),
    ...some('title', asText(c.title)),
    ...some('quote', quote === '' ? undefined : quote),
    origin: { dialect: CONVERSE, payload: { json: stringifyJson(c) } },
  };
};
export const ownCitation = (citation: Citation): Fields | undefined => {
  if (citation.origin?.dialect !== CONVERSE) return undefined;
  look(citation); // what others can show of it stands in the payload
  return asObject(parseJson(citation.origin.payload.json));
};
/** A citation in this vendor's words; undefined when nothing is left of it. */
export const writeCitation = (citation: Citation): Fields | undefined => {
  const own = ownCitation(citation);
  if (own !== undefined) return own;
  const { url, title, quote } = citation;
  const fields = {
    ...some('title', title),
    ...some('sourceContent', quote === undefined ? undefined : [{ text: quote }]),
    ...some('location', url === undefined ? undefined : { web: { url } }),
  };
  return Object.keys(fields).length === 0 ? undefined : fields;
};
