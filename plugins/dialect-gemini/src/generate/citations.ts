import { Buffer } from 'node:buffer';
import { asList, asNumber, asObject, asText, type Citation, type Fields, type Json, some, stringifyJson } from '@llm-proxy-auth/plugin';
import { GEMINI } from '../wire.ts';

/** Places are counted in bytes of UTF-8 on the wire, in characters in the conversation. */
const place = (text: string, bytes: Json): number | undefined => {
  const at = asNumber(bytes);
  return at === undefined ? undefined : Buffer.from(text).subarray(0, Math.max(0, at)).toString().length;
};
const bytesTo = (text: string, at: number): number => Buffer.byteLength(text.slice(0, at));
const own = (wire: Json): Citation['origin'] => ({ dialect: GEMINI, payload: { json: stringifyJson(wire) } });

const quoted = (wire: Json, text: string): Citation => {
  const o = asObject(wire) ?? {};
  return {
    ...some('start', place(text, o.startIndex)),
    ...some('end', place(text, o.endIndex)),
    ...some('url', asText(o.uri)),
    ...some('title', asText(o.title)),
    origin: own(wire),
  };
};
const grounded = (support: Fields, chunks: readonly Json[], text: string): readonly Citation[] => {
  const segment = asObject(support.segment) ?? {};
  return asList(support.groundingChunkIndices).flatMap((index): readonly Citation[] => {
    const chunk = asObject(chunks[asNumber(index) ?? -1]);
    const source = asObject(chunk?.web ?? chunk?.retrievedContext ?? chunk?.maps ?? chunk?.image);
    if (source === undefined) return [];
    return [
      {
        ...some('start', place(text, segment.startIndex ?? 0)),
        ...some('end', place(text, segment.endIndex)),
        ...some('url', asText(source.uri) ?? asText(source.sourceUri)),
        ...some('title', asText(source.title)),
        ...some('quote', asText(segment.text)),
        origin: own({ support, chunk }),
      },
    ];
  });
};
/** What a candidate says about the sources of its text; the candidate itself keeps how it said it. */
export const readCitations = (candidate: Fields, text: string): readonly Citation[] => {
  const cited = asObject(candidate.citationMetadata) ?? {};
  const grounding = asObject(candidate.groundingMetadata) ?? {};
  const chunks = asList(grounding.groundingChunks);
  return [
    ...asList(cited.citations ?? cited.citationSources).map((wire) => quoted(wire, text)),
    ...asList(grounding.groundingSupports).flatMap((support) => grounded(asObject(support) ?? {}, chunks, text)),
  ];
};
/** A citation of another vendor; undefined for one of this vendor, which stands in the candidate. */
export const writeCitation = (citation: Citation, text: string): Fields | undefined => {
  if (citation.origin?.dialect === GEMINI) return undefined;
  const { start, end, url, title } = citation;
  return {
    ...some('startIndex', start === undefined ? undefined : bytesTo(text, start)),
    ...some('endIndex', end === undefined ? undefined : bytesTo(text, end)),
    ...some('uri', url),
    ...some('title', title),
  };
};
