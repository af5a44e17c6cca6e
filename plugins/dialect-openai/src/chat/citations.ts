import { asNumber, asObject, asText, type Citation, type Fields, type Json, parseJson, stringifyJson, unknownFields } from '@llm-proxy-auth/plugin';
import { OPENAI } from '../wire.ts';

const KNOWN: ReadonlySet<string> = new Set(['start_index', 'end_index', 'url', 'title']);
const since = (v: Json, from: number): number | undefined => {
  const n = asNumber(v);
  return n === undefined ? undefined : n - from;
};
/** An entry of `annotations`; `from`: where its part begins in the content. One this model cannot hold whole keeps its source for this dialect. */
export const readCitation = (wire: Json, from: number): Citation => {
  const o = asObject(wire) ?? {};
  const c = asObject(o.url_citation);
  const whole = c !== undefined && unknownFields(c, KNOWN) === undefined && unknownFields(o, ['type', 'url_citation']) === undefined;
  const origin = whole ? {} : { origin: { dialect: OPENAI, payload: { json: stringifyJson(o) } } };
  const [start, end, url, title] = [since(c?.start_index, from), since(c?.end_index, from), asText(c?.url), asText(c?.title)];
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
