import {
  asList,
  asNumber,
  asObject,
  asText,
  type Fields,
  isObject,
  type Json,
  type Lost,
  parseJson,
  some,
  stringifyJson,
  type Usage,
} from '@llm-proxy-auth/plugin';
import { GEMINI } from './wire.ts';

const count = (v: Json): number => {
  const n = asNumber(v);
  return n !== undefined && Number.isSafeInteger(n) && n > 0 ? n : 0;
};
type Kind = 'AUDIO' | 'IMAGE';
/** Tokens of one kind among counts by modality: `[{"modality":"AUDIO","tokenCount":6}]`. */
const kindIn = (kind: Kind, most: number, ...lists: readonly Json[]): number | undefined => {
  const entries = lists.flatMap(asList).map((entry) => asObject(entry) ?? {});
  const sum = entries.reduce((so, { modality, tokenCount }) => so + (modality === kind ? count(tokenCount) : 0), 0);
  return Math.min(sum, most) || undefined;
};
const byModality = (all: number, kinds: Readonly<Record<Kind, number | undefined>>): readonly Fields[] | undefined => {
  const counted = Object.entries(kinds).flatMap(([modality, tokenCount]) => (tokenCount === undefined ? [] : [{ modality, tokenCount }]));
  const rest = counted.reduce((left, { tokenCount }) => left - tokenCount, all);
  if (counted.length === 0) return undefined;
  return [...(rest > 0 ? [{ modality: 'TEXT', tokenCount: rest }] : []), ...counted];
};
const COUNTS: readonly string[] = ['promptTokenCount', 'candidatesTokenCount', 'thoughtsTokenCount', 'totalTokenCount'];
/**
 * Reads `usageMetadata`: thoughts stand beside the candidates, results of the vendor's tools beside the prompt, what came from the
 * cache inside it. Undefined where nothing is counted (a stream under way says its kind of traffic alone).
 */
export const readUsage = (wire: Json): Usage | undefined => {
  if (!isObject(wire) || !COUNTS.some((name) => wire[name] !== undefined)) return undefined;
  const reasoning = count(wire.thoughtsTokenCount);
  const input = count(wire.promptTokenCount) + count(wire.toolUsePromptTokenCount);
  const output = count(wire.candidatesTokenCount) + reasoning;
  return {
    input,
    output,
    cacheRead: Math.min(count(wire.cachedContentTokenCount), input),
    cacheWrite: 0,
    reasoning,
    audioIn: kindIn('AUDIO', input, wire.promptTokensDetails, wire.toolUsePromptTokensDetails),
    audioOut: kindIn('AUDIO', output, wire.candidatesTokensDetails),
    imageIn: kindIn('IMAGE', input, wire.promptTokensDetails, wire.toolUsePromptTokensDetails),
    imageOut: kindIn('IMAGE', output, wire.candidatesTokensDetails),
    estimated: false,
    raw: { json: stringifyJson(wire), dialect: GEMINI },
  };
};
/** Kinds of tokens that no other dialect tells apart. */
const OWN_KINDS: Readonly<Record<string, string>> = Object.freeze({ VIDEO: 'usage.video', DOCUMENT: 'usage.document' });
/** Notes tokens that clients of other dialects find in the sums alone. */
export const loseKinds = (wire: Json, lost: Lost): void => {
  const { promptTokensDetails, toolUsePromptTokensDetails, candidatesTokensDetails } = asObject(wire) ?? {};
  const entries = [promptTokensDetails, toolUsePromptTokensDetails, candidatesTokensDetails].flatMap(asList).map((entry) => asObject(entry) ?? {});
  for (const [kind, param] of Object.entries(OWN_KINDS))
    if (entries.some(({ modality, tokenCount }) => modality === kind && count(tokenCount) > 0))
      lost(param, 'tokens of this kind are counted with the others here');
};
const TRAFFIC: Readonly<Record<string, string>> = Object.freeze({ ON_DEMAND: 'default', ON_DEMAND_FLEX: 'flex', ON_DEMAND_PRIORITY: 'priority' });
/** The tier that was used, in the conversation's words; undefined for other kinds of traffic, which the usage itself keeps. */
export const readTraffic = (wire: Json): string | undefined => TRAFFIC[asText(asObject(wire)?.trafficType) ?? ''];
/** The kind of traffic as a member of the usage; a tier that the vendor has not is noted. */
export const writeTraffic = (tier: string | undefined, lost: Lost): Fields => {
  if (tier === undefined) return {};
  const trafficType = Object.entries(TRAFFIC).find(([, ours]) => ours === tier)?.[0];
  if (trafficType === undefined) lost('tier', 'the vendor has no such tier');
  return some('trafficType', trafficType);
};
/** Usage of an answer that carried none. */
export const NO_USAGE: Usage = Object.freeze({ input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: true });
/** Usage of a whole answer, which keeps what the vendor said even where it counts nothing. */
export const usageOf = (wire: Json): Usage =>
  readUsage(wire) ?? (isObject(wire) ? { ...NO_USAGE, raw: { json: stringifyJson(wire), dialect: GEMINI } } : NO_USAGE);
/** Each piece of a stream says how much it is by now, so the last value of each count stands; they are never added up. */
export const mergeUsage = (so: Fields | undefined, more: Json): Fields | undefined => (isObject(more) ? { ...so, ...more } : so);

/** The vendor's own object where it was one, else ours. Notes what it cannot say. */
export const writeUsage = (usage: Usage, tier: string | undefined, lost: Lost): Fields => {
  const raw = usage.raw?.dialect === GEMINI ? asObject(parseJson(usage.raw.json)) : undefined;
  if (raw !== undefined) return raw;
  if (usage.estimated && usage.input + usage.output > 0) lost('usage.estimated', 'usage is written as if it had been counted');
  if (usage.cacheWrite > 0) lost('usage.cacheWrite', 'tokens written to a cache are counted with the prompt here');
  return {
    promptTokenCount: usage.input,
    candidatesTokenCount: usage.output - usage.reasoning,
    totalTokenCount: usage.input + usage.output,
    ...some('cachedContentTokenCount', usage.cacheRead > 0 ? usage.cacheRead : undefined),
    ...some('thoughtsTokenCount', usage.reasoning > 0 ? usage.reasoning : undefined),
    ...some('promptTokensDetails', byModality(usage.input, { AUDIO: usage.audioIn, IMAGE: usage.imageIn })),
    ...some('candidatesTokensDetails', byModality(usage.output - usage.reasoning, { AUDIO: usage.audioOut, IMAGE: usage.imageOut })),
    ...writeTraffic(tier, lost),
  };
};
