import { type Citation, type Json, parseJson, stringifyJson } from '@llm-proxy-auth/plugin';
import { asNumber, asObject, asText, type Fields, OPENAI, unknownFields } from '../wire.ts';

const KNOWN: ReadonlySet<string> = new Set(['start_index', 'end_index', 'url', 'title']);
/** An entry of `annotations`. One this model cannot hold whole keeps its source for this dialect. */
export const readCitation = (wire: Json): Citation => {
  const o = asObject(wire) ?? {};
  const c = asObject(o.url_citation);
  const whole = c !== undefined && unknownFields(c, KNOWN) === undefined && unknownFields(o, new Set(['type', 'url_citation'])) === undefined;
  const origin = whole ? {} : { origin: { dialect: OPENAI, payload: { json: stringifyJson(o) } } };
  const [start, end, url, title] = [asNumber(c?.start_index), asNumber(c?.end_index), asText(c?.url), asText(c?.title)];
  return {
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    ...(url === undefined ? {} : { url }),
    ...(title === undefined ? {} : { title }),
    ...origin,
  };
};
/** `from`: where the cited text begins in the whole content, `length`: how long it is. Undefined: without a URL it has no form here. */
export const writeCitation = (c: Citation, from: number, length: number): Fields | undefined => {
  if (c.origin?.dialect === OPENAI) return asObject(parseJson(c.origin.payload.json));
  if (c.url === undefined) return undefined;
  return { type: 'url_citation', url_citation: { start_index: from + (c.start ?? 0), end_index: from + (c.end ?? length), url: c.url, title: c.title ?? '' } };
};
