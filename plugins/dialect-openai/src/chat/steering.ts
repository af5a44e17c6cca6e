import {
  asList,
  asObject,
  asText,
  type Building,
  type ChatRequest,
  type Fields,
  type Json,
  type Lost,
  type Place,
  some,
  unknownFields,
  type WebSearch,
} from '@llm-proxy-auth/plugin';
import { readMetadata } from '../metadata.ts';

/** What steers an answer beside the conversation, and is not what other surfaces spell the same way. */
type Steering = Pick<ChatRequest, 'verbosity' | 'metadata' | 'prediction' | 'webSearch'>;

const only = (o: Fields | undefined, ...names: readonly string[]): o is Fields => o !== undefined && unknownFields(o, new Set(names)) === undefined;
const textPart = (part: Json): string | undefined => {
  const o = asObject(part);
  return only(o, 'type', 'text') && o.type === 'text' ? asText(o.text) : undefined;
};
/** `{"type":"content","content":…}`, the content text or a list of texts. */
const readPrediction = (wire: Json): string | undefined => {
  const o = asObject(wire);
  if (!only(o, 'type', 'content') || o.type !== 'content') return undefined;
  if (typeof o.content === 'string') return o.content;
  const texts = asList(o.content).map(textPart);
  return texts.length > 0 && texts.every((text) => text !== undefined) ? texts.join('') : undefined;
};
const PLACE = ['city', 'region', 'country', 'timezone'] as const;
const readPlace = (wire: Json): Place | undefined => {
  const o = asObject(wire);
  const place = asObject(o?.approximate);
  if (!only(o, 'type', 'approximate') || o.type !== 'approximate' || !only(place, ...PLACE)) return undefined;
  const texts = PLACE.map((name) => [name, place[name] ?? undefined] as const);
  return texts.every(([, value]) => value === undefined || typeof value === 'string')
    ? (Object.fromEntries(texts.filter(([, value]) => value !== undefined)) as Place)
    : undefined;
};
const readSearch = (wire: Json): WebSearch | undefined => {
  const o = asObject(wire);
  if (!only(o, 'search_context_size', 'user_location')) return undefined;
  const size = o.search_context_size ?? undefined;
  const location = readPlace(o.user_location);
  if ((size !== undefined && typeof size !== 'string') || ((o.user_location ?? undefined) !== undefined && location === undefined)) return undefined;
  return { ...some('size', size), ...some('location', location) };
};
/** Members of a chat request by the names they have on the wire. */
const NAMES: Readonly<Record<keyof Steering, string>> = Object.freeze({
  verbosity: 'verbosity',
  metadata: 'metadata',
  prediction: 'prediction',
  webSearch: 'web_search_options',
});
/** What the conversation can say of them; what is written in another way than the vendor documents stays a member of this surface alone. */
export const readSteering = (body: Fields): Steering => ({
  ...some('verbosity', asText(body.verbosity)),
  ...some('metadata', readMetadata(body)),
  ...some('prediction', readPrediction(body.prediction)),
  ...some('webSearch', readSearch(body.web_search_options)),
});
/** Names on the wire of what was read. */
export const steeringNames = (read: Steering): readonly string[] => (Object.keys(read) as (keyof Steering)[]).map((name) => NAMES[name]);

const writeSearch = ({ size, location }: WebSearch): Fields => ({
  ...some('search_context_size', size),
  ...some('user_location', location === undefined ? undefined : { type: 'approximate', approximate: { ...location } }),
});
/** Chats are stored only where their client asks for it, and the vendor files `metadata` with what it stores alone. */
const filed = (r: ChatRequest, mine: boolean, lost: Lost): ChatRequest['metadata'] => {
  if (mine || r.metadata === undefined) return r.metadata;
  lost('metadata', 'it is filed with answers that are stored, and this one is not');
  return undefined;
};
/** The same as members of a body. */
export const writeSteering = (r: ChatRequest, mine: boolean, lost: Lost): Building => ({
  verbosity: r.verbosity,
  metadata: filed(r, mine, lost),
  prediction: r.prediction === undefined ? undefined : { type: 'content', content: r.prediction },
  web_search_options: r.webSearch === undefined ? undefined : writeSearch(r.webSearch),
});
