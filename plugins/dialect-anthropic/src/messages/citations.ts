import { asText, type Citation, type Fields, isObject, type Json, look, parseJson, some, stringifyJson } from '@llm-proxy-auth/plugin';
import { ANTHROPIC } from '../wire.ts';

/** A citation of the vendor: what others can show of it, and the whole of it. Only places in characters are places in a text. */
export const readCitation = (wire: Json): Citation => {
  const c: Fields = isObject(wire) ? wire : {};
  return {
    ...some('url', asText(c.url)),
    ...some('title', asText(c.title) ?? asText(c.document_title)),
    ...some('quote', asText(c.cited_text)),
    origin: { dialect: ANTHROPIC, payload: { json: stringifyJson(wire) } },
  };
};
/** True for a citation that this vendor issued. */
export const isOwn = (citation: Citation): boolean => citation.origin?.dialect === ANTHROPIC;
/**
 * A citation as its vendor made it. Others become results of a web search, where they name a page: `encrypted_index` is empty, and
 * so they are not sent to the vendor when a client brings them back.
 */
export const writeCitation = (citation: Citation): Json | undefined => {
  if (citation.origin?.dialect === ANTHROPIC) {
    look(citation); // what others can show of it stands in the payload
    return parseJson(citation.origin.payload.json);
  }
  if (citation.url === undefined) return undefined;
  return {
    type: 'web_search_result_location',
    url: citation.url,
    title: citation.title ?? null,
    cited_text: citation.quote ?? '',
    encrypted_index: '',
  };
};
/** Written by us for a citation of another vendor; undefined for one of this vendor. */
export const readForeign = (wire: Json): Citation | undefined => {
  if (!isObject(wire) || wire.type !== 'web_search_result_location' || wire.encrypted_index !== '') return undefined;
  return { ...some('url', asText(wire.url)), ...some('title', asText(wire.title)), ...some('quote', asText(wire.cited_text) || undefined) };
};
