import { kindNamed, pathsNamed } from '@llm-proxy-auth/contract-tests';
import {
  type ChatReply,
  type ChatRequest,
  normal,
  normalReply,
  type Origin,
  type Part,
  parseJson,
  stringifyJson,
  type TokenLogprob,
  type Tool,
  type Turn,
} from '@llm-proxy-auth/plugin';
import type { Note } from './support.ts';

type Record_ = Readonly<Record<string, unknown>>;
/** Members whose value is one whole. */
const LEAVES: ReadonlySet<string> = new Set(['schema', 'grammar', 'origin', 'input', 'logitBias', 'raw', 'metadata', 'webSearch']);
const isRecord = (value: unknown): value is Record_ => typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

/** The value without the member at a path; lists on the way are passed through, and an opaque part is nothing without its origin. */
const without = (value: unknown, [key, ...more]: readonly string[]): unknown => {
  if (Array.isArray(value)) return value.map((item) => without(item, [key ?? '', ...more]));
  if (
    key === undefined ||
    !isRecord(value) ||
    !(key in value) ||
    (key === 'origin' && (value.kind === 'opaque' || value.kind === 'server')) ||
    (key === 'name' && value.kind === 'toolCall') ||
    (key === 'type' && 'base64' in value)
  )
    return value;
  const { [key]: inner, ...others } = value;
  const left = more.length === 0 ? undefined : without(inner, more);
  return left === undefined || (isRecord(left) && Object.keys(left).length === 0) ? others : { ...others, [key]: left };
};
/** The part kind that a note names; `turns.parts.text` is the field of a part. */
const kindOf = (param: string): Part['kind'] | undefined => (param.endsWith('parts.text') ? undefined : kindNamed(param));
export interface Losses {
  readonly notes: readonly Note[];
  /** Of the surface, and of chat, whose rules for families of models serve all. */
  readonly names: readonly Readonly<Record<string, string>>[];
}
const lostKinds = ({ notes }: Losses): ReadonlySet<string> => new Set(notes.flatMap(({ kind, param }) => (kind === 'ignored' ? (kindOf(param) ?? []) : [])));
const partsWithout = (parts: readonly Part[], kinds: ReadonlySet<string>): readonly Part[] =>
  parts.flatMap((part): readonly Part[] => {
    if (kinds.has(part.kind)) return [];
    return part.kind === 'toolResult' ? [{ ...part, parts: partsWithout(part.parts, kinds) }] : [part];
  });
export const fieldsWithout = <T>(value: T, { notes, names }: Losses): T =>
  notes
    // What was put in place of something else is the test's to put there.
    .filter(({ kind, param }) => kind !== 'emulated' || !param.startsWith('turns') || param === 'turns.parts.name')
    .flatMap(({ param }) => (kindOf(param) === undefined ? [...new Set([param, ...names.flatMap((one) => pathsNamed(param, one))])] : []))
    // Media of a result may have been moved out of it.
    .flatMap((path) => [path, path.replace('parts.parts.', 'parts.')])
    // One member may stand for another of the same object: an effort for a budget.
    .map((path) => (path === 'reasoning.budget' || path === 'reasoning.off' ? 'reasoning' : path))
    .reduce<unknown>((left, path) => without(left, path.split('.')), value) as T;

const saysSomething = (fields: unknown): boolean => isRecord(fields) && Object.keys(telling(fields, true) as object).length > 0;
/** Foreign fields without those that say nothing, which nobody misses. */
export const telling = (value: unknown, inRest = false): unknown => {
  if (Array.isArray(value)) return value.map((item) => telling(item));
  if (!isRecord(value)) return value;
  const bare = Object.entries(value).filter(([key, inner]) => key !== 'rest' || !isRecord(inner) || !('from' in inner) || saysSomething(inner.fields));
  const fields = bare.filter(([, inner]) => !(inRest && (inner === null || (Array.isArray(inner) && inner.length === 0))));
  return Object.fromEntries(
    fields.map(([key, inner]) => [
      key,
      LEAVES.has(key) ? inner : inRest ? inner : telling(inner, key === 'fields' || (key === 'rest' && !(isRecord(inner) && 'from' in inner))),
    ]),
  );
};
/** Turns of which nothing is left are gone. */
const said = (turns: readonly Turn[]): readonly Turn[] => turns.filter((turn) => turn.parts.length > 0);
/** The vendor's tokens have bytes, which are those of the token where nobody said others. */
const withBytes = (entry: TokenLogprob): TokenLogprob => ({ ...entry, bytes: entry.bytes ?? [...Buffer.from(entry.token)], top: entry.top.map(withBytes) });
/** A citation of a web page has all its members on the wire. */
const whole = (part: Part): Part =>
  part.kind !== 'text' || part.citations === undefined
    ? part
    : { ...part, citations: part.citations.map((one) => (one.origin === undefined && one.url !== undefined ? { start: 0, end: 0, title: '', ...one } : one)) };
/** Parts with the members that the wire demands, at their defaults. */
const filled = (parts: readonly Part[]): readonly Part[] =>
  parts.map((part) => ('logprobs' in part && part.logprobs !== undefined ? { ...part, logprobs: part.logprobs.map(withBytes) } : part)).map(whole);
/** A request without what was reported as lost, in normal form. */
export const requestLeft = (request: ChatRequest, losses: Losses): ChatRequest => {
  const kinds = lostKinds(losses);
  const turns = request.turns.map((turn) => ({ ...turn, parts: filled(partsWithout(turn.parts, kinds)) }));
  const left = { tools: [], choices: 1, ...(telling(fieldsWithout({ ...request, turns }, losses)) as Partial<ChatRequest>) };
  const once = normal({ ...left, turns: left.turns ?? [] });
  return normal({ ...once, turns: said(once.turns) });
};
/** The same for a reply. */
export const replyLeft = (reply: ChatReply, losses: Losses): ChatReply => {
  const kinds = lostKinds(losses);
  const choices = reply.choices.map((choice) => ({ ...choice, parts: filled(partsWithout(choice.parts, kinds)) }));
  return normalReply(fieldsWithout({ ...reply, choices }, losses));
};
/** Parts of kinds that were reported as lost and are there all the same: none of them may be invented. */
export const leftOver = (turns: readonly { readonly parts: readonly Part[] }[], losses: Losses): readonly string[] => {
  const kinds = lostKinds(losses);
  const inside = (part: Part): readonly Part[] => (part.kind === 'toolResult' ? [part, ...part.parts.flatMap(inside)] : [part]);
  return turns.flatMap(({ parts }) => parts.flatMap(inside)).flatMap((part) => (kinds.has(part.kind) ? [mediaOf(part)] : []));
};
const mediaOf = (part: Part): string => JSON.stringify([part.kind, 'media' in part ? part.media : 'text' in part ? part.text : ''], ['base64', 'url', 'file']);

/** Values as their vendor's clients hold them: JSON text without white space of its own, grammars of the two members they have. */
const GRAMMAR = { json: '{"syntax":"lark","definition":"start: \\"a\\""}' };
const realTool = (tool: Tool): Tool => {
  if (tool.kind === 'custom') return tool.grammar === undefined ? tool : { ...tool, grammar: GRAMMAR };
  if (tool.kind === 'function') return tool;
  return {
    ...tool,
    origin: { dialect: tool.origin.dialect, payload: { json: stringifyJson({ type: 'web_search', ...(parseJson(tool.origin.payload.json) as Record_) }) } },
  };
};
export type Vendor = (payload: Record_) => Record_;
const realOrigin = ({ dialect, payload }: Origin, vendor: Vendor): Origin => ({
  dialect,
  payload: { json: stringifyJson(vendor(parseJson(payload.json) as Record_)) },
});
/** Nothing here lives for five minutes alone. */
const realLife = (part: Part): Part => (part.cache?.ttl === '5m' ? { ...part, cache: {} } : part);
const realPart =
  (vendor: Vendor) =>
  (generated: Part): Part => {
    const part = realLife(generated);
    if (part.kind === 'toolResult') return { ...part, parts: part.parts.map(realPart(vendor)) };
    // An origin holds the whole annotation.
    if (part.kind === 'text' && part.citations !== undefined)
      return {
        ...part,
        citations: part.citations.map((one) =>
          one.origin?.dialect === 'openai' ? { origin: realOrigin(one.origin, (payload) => ({ type: 'file_citation', ...payload })) } : one,
        ),
      };
    if (part.kind === 'thinking' && part.origin?.dialect === 'openai') {
      const { text } = part;
      const summary = text === '' ? [] : [{ type: 'summary_text', text }];
      return {
        ...part,
        redacted: false,
        origin: realOrigin(part.origin, (payload) => ({ id: 'rs_1', type: 'reasoning', summary, encrypted_content: 'gAAA', ...payload })),
      };
    }
    if (part.kind !== 'opaque') return part;
    return { ...part, origin: realOrigin(part.origin, vendor) };
  };
/** `vendor`: the item that an opaque part of this surface holds. */
export const realRequest = (request: ChatRequest, vendor: Vendor): ChatRequest => ({
  ...request,
  tools: request.tools.map(realTool),
  turns: request.turns.map((turn) => ({ ...turn, parts: turn.parts.map(realPart(vendor)) })),
});
