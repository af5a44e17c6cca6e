import { type ChatRequest, normal, type Part, parseJson, stringifyJson, type Tool, type Turn } from '@llm-proxy-auth/plugin';

type Media = Extract<Part, { readonly media: unknown }>;
const TYPES: Readonly<Record<Media['kind'], string>> = { image: 'image/png', audio: 'audio/wav', video: 'video/mp4', document: 'application/pdf' };
const real = (origin: { readonly dialect: string; readonly model?: string | undefined }, payload: object) => ({
  dialect: origin.dialect,
  payload: { json: stringifyJson(payload) },
});
/** Values as clients hold them: bytes instead of URLs, which are refused, and proofs that look like the vendor's. */
const realPart = (part: Part): Part => {
  if (part.kind === 'toolResult') return { ...part, parts: part.parts.map(realPart) };
  if ('media' in part) {
    const base64 = 'base64' in part.media ? part.media.base64 : 'AAEC';
    return { ...part, media: { base64, type: 'base64' in part.media ? part.media.type : TYPES[part.kind] } } as Part;
  }
  if (part.kind === 'thinking' && part.origin !== undefined)
    return { ...part, origin: real(part.origin, part.redacted ? { redactedContent: 'AAEC' } : { signature: 'c2ln' }) };
  if (part.kind === 'text' && part.citations !== undefined)
    return { ...part, citations: part.citations.map((one) => (one.origin === undefined ? one : { title: 'T', origin: real(one.origin, { title: 'T' }) })) };
  return part.kind === 'opaque' ? { ...part, origin: real(part.origin, { toolAddition: { tool: { name: 'x' } } }) } : part;
};
export const realRequest = (request: ChatRequest): ChatRequest => ({
  ...request,
  choices: 1,
  logprobs: undefined,
  webSearch: undefined,
  tools: request.tools.flatMap((tool): readonly Tool[] => {
    if (tool.kind !== 'server') return [tool];
    return tool.origin.dialect === 'converse' ? [{ ...tool, origin: real(tool.origin, { systemTool: { name: 'nova_grounding' } }) }] : [];
  }),
  turns: request.turns.map((turn) => ({ ...turn, parts: turn.parts.map(realPart) })),
});

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value) && !('rawJSON' in value);
const inputOf = (input: Extract<Part, { kind: 'toolCall' }>['input']): { readonly json: string } => {
  if ('text' in input) return { json: stringifyJson({ input: input.text }) };
  if (input.json.trim() === '') return { json: '{}' };
  const value = parseJson(input.json);
  return { json: stringifyJson(isObject(value) ? value : { rawInvalidInput: input.json }) };
};
const carriedText = (part: Extract<Part, { kind: 'text' | 'refusal' }>): readonly Part[] => {
  if (part.text.trim() === '') return [];
  const own = part.kind === 'text' ? (part.citations ?? []).filter((one) => one.origin?.dialect === 'converse') : [];
  return [{ kind: 'text', text: part.text, ...(own.length > 0 ? { citations: own } : {}) }];
};
const carriedMedia = (part: Media): Part => {
  if (part.kind !== 'document') return { kind: part.kind, media: part.media };
  const { media, context, cite } = part;
  return { kind: 'document', media, ...(context === undefined ? {} : { context }), ...(cite === undefined ? {} : { cite }) };
};
const carriedPart = (part: Part, user: boolean): readonly Part[] => {
  if (part.kind === 'text' || part.kind === 'refusal') return carriedText(part);
  if (part.kind === 'toolCall') return [{ kind: 'toolCall', id: part.id, name: part.name, input: inputOf(part.input) }];
  if (part.kind === 'thinking')
    return part.origin?.dialect === 'converse' ? [{ kind: 'thinking', text: part.text, redacted: part.redacted, origin: part.origin }] : [];
  if (part.kind === 'opaque') return part.origin.dialect === 'converse' ? [{ kind: 'opaque', origin: part.origin }] : [];
  return 'media' in part && user ? [carriedMedia(part)] : [];
};
const RESULT: ReadonlySet<string> = new Set(['text', 'refusal', 'image', 'document', 'video']);
interface Sides {
  readonly results: readonly Part[];
  readonly others: readonly Part[];
}
const sides = (turn: Turn, inside: boolean): Sides => {
  const results: Part[] = [];
  const others: Part[] = [];
  for (const part of turn.parts) {
    if (part.kind !== 'toolResult') {
      others.push(...carriedPart(part, turn.role === 'user'));
      continue;
    }
    const inner = part.parts.filter((one) => RESULT.has(one.kind)).flatMap((one) => carriedPart(one, true));
    const kept = inside ? inner : inner.filter((one) => one.kind === 'text');
    results.push({
      kind: 'toolResult',
      id: part.id,
      parts: kept.map((one) => (one.kind === 'text' ? { kind: 'text', text: one.text } : one)),
      failed: part.failed && inside && kept.length > 0,
    });
    if (!inside) others.push(...inner.filter((one) => one.kind !== 'text'));
  }
  return { results, others };
};
/**
 * What Converse carries of a conversation, thought out apart from the code that writes it: one system turn first, roles that alternate,
 * results before what is said. `inside`: media may stand in results.
 */
export const carriedTurns = (turns: readonly Turn[], inside: boolean, told: readonly string[] = []): readonly Turn[] => {
  const system = turns.filter(({ role }) => role === 'system').flatMap(({ parts }) => parts.flatMap((part) => (part.kind === 'text' ? carriedText(part) : [])));
  const words = told.map((text): Part => ({ kind: 'text', text }));
  const out: { readonly role: Turn['role']; readonly sides: Sides }[] = [];
  for (const turn of turns) {
    if (turn.role === 'system') continue;
    const own = sides(turn, inside);
    if (own.results.length + own.others.length === 0) continue;
    const last = out.at(-1);
    if (last?.role === turn.role)
      out[out.length - 1] = { role: last.role, sides: { results: [...last.sides.results, ...own.results], others: [...last.sides.others, ...own.others] } };
    else out.push({ role: turn.role, sides: own });
  }
  const first: readonly Turn[] = system.length + words.length === 0 ? [] : [{ role: 'system', parts: [...system, ...words] }];
  const all = [...first, ...out.map(({ role, sides: both }): Turn => ({ role, parts: [...both.results, ...both.others] }))];
  return normal({ turns: all, tools: [], choices: 1 }).turns;
};
