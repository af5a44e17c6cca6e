import { ANSWER_TOOL, type ChatRequest, fitSchema, normal, type Part, parseJson, stringifyJson, type Tool, type Turn } from '@llm-proxy-auth/plugin';
import type { Family } from '../src/families.ts';
import type { Note } from './support.ts';

type Members = Readonly<Record<string, unknown>>;
const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
/** The value without the member at a path; lists on the way are passed through. */
const without = (value: unknown, [key, ...more]: readonly string[]): unknown => {
  if (Array.isArray(value)) return value.map((item) => without(item, [key ?? '', ...more]));
  if (key === undefined || !isMembers(value) || !(key in value)) return value;
  const { [key]: inner, ...others } = value;
  return more.length === 0 ? others : { ...others, [key]: without(inner, more) };
};
const inTurns = (request: ChatRequest, change: (turn: Turn) => Turn): ChatRequest => ({ ...request, turns: request.turns.map(change) });
const inParts = (request: ChatRequest, change: (part: Part) => readonly Part[]): ChatRequest => {
  const all = (parts: readonly Part[]): readonly Part[] =>
    parts.flatMap(change).map((part) => (part.kind === 'toolResult' ? { ...part, parts: all(part.parts) } : part));
  return inTurns(request, (turn) => ({ ...turn, parts: all(turn.parts) }));
};

/** A rule of what comes of a request of another dialect, and the note that tells of it. */
export interface Change {
  readonly note: string;
  readonly make: (request: ChatRequest) => ChatRequest;
}
const DROPPED: ReadonlySet<Part['kind']> = new Set(['thinking', 'opaque']);
const drop = (kind: Part['kind']): Change => ({
  note: `turns.parts.${kind}`,
  make: (request) => inParts(request, (part) => (part.kind === kind ? [] : [part])),
});
const textOf = (part: Part): string => (part.kind === 'text' ? part.text : '');
const isBlank = (part: Part): boolean => part.kind === 'text' && part.text.trim() === '';
const isPlain = (part: Part | undefined): boolean => part?.kind === 'text' && Object.keys(part).length === 2;
/** Texts of white space join a neighbour on which nothing hangs, or are left out. */
const spoken = (parts: readonly Part[]): readonly Part[] => {
  const out: Part[] = [];
  for (const part of parts) {
    const last = out.at(-1);
    if (last !== undefined && isPlain(part) && isPlain(last) && (isBlank(part) || isBlank(last)))
      out[out.length - 1] = { kind: 'text', text: textOf(last) + textOf(part) };
    else out.push(part.kind === 'toolResult' ? { ...part, parts: spoken(part.parts) } : part);
  }
  return out.filter((part) => !isBlank(part));
};
const isResult = (part: Part): boolean => part.kind === 'toolResult';
/** Neighbours of one role are one turn; system turns are one prompt, unless they may stay where they are. */
const joined = (request: ChatRequest, midSystem: boolean): ChatRequest => {
  const turns: Turn[] = [];
  const prompt: Part[] = [];
  for (const turn of request.turns.filter(({ parts }) => parts.length > 0)) {
    const last = turns.at(-1);
    if (turn.role === 'system' && !(midSystem && turns.length > 0)) prompt.push(...turn.parts);
    else if (last?.role === turn.role && turn.role !== 'system') {
      const all = [...last.parts, ...turn.parts];
      turns[turns.length - 1] = { ...last, parts: [...all.filter(isResult), ...all.filter((part) => !isResult(part))] };
    } else turns.push(turn);
  }
  return { ...request, turns: prompt.length > 0 ? [{ role: 'system', parts: prompt }, ...continued(turns)] : continued(turns) };
};
const wrapped = (part: Part): Part =>
  part.kind === 'toolCall' && 'text' in part.input ? { ...part, input: { json: JSON.stringify({ input: part.input.text }) } } : part;
const FREE = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'], additionalProperties: false };
const asFunction = (tool: Tool): Tool => {
  if (tool.kind !== 'custom') return tool;
  const { grammar: _grammar, ...others } = tool;
  return { ...others, kind: 'function', schema: FREE } as Tool;
};
const fitted = (tool: Tool): Tool => (tool.kind === 'function' && tool.strict === true ? { ...tool, schema: fitSchema(tool.schema).schema } : tool);
const inTools = (change: (tool: Tool) => Tool) => (request: ChatRequest) => ({ ...request, tools: request.tools.map(change) });

export const CHANGES: readonly Change[] = [
  ...[...DROPPED].map(drop),
  {
    note: 'turns.parts.refusal',
    make: (request) => inParts(request, (part) => [part.kind === 'refusal' ? { kind: 'text', text: part.text } : part]),
  },
  {
    note: 'turns.parts.name',
    make: (request) =>
      inParts(request, (part) => {
        if (part.kind !== 'document' && part.kind !== 'toolResult') return [part];
        const { name, ...others } = part;
        return [part.kind === 'document' && name !== undefined && part.title === undefined ? ({ ...others, title: name } as Part) : (others as Part)];
      }),
  },
  { note: 'turns.parts.input', make: (request) => inParts(request, (part) => [wrapped(part)]) },
  { note: 'turns.parts.citations', make: (request) => inParts(request, (part) => [without(part, ['citations']) as Part]) },
  { note: 'turns.parts.text', make: (request) => inTurns(request, (turn) => ({ ...turn, parts: spoken(turn.parts) })) },
  { note: 'tools', make: (request) => ({ ...request, tools: request.tools.filter(({ kind }) => kind !== 'server') }) },
  { note: 'tools', make: inTools(asFunction) },
];
/** An answer that is to be continued does not end with white space. */
const continued = (turns: readonly Turn[]): readonly Turn[] => {
  const last = turns.at(-1);
  const part = last?.parts.at(-1);
  if (last?.role !== 'assistant' || part?.kind !== 'text') return turns;
  return [...turns.slice(0, -1), { ...last, parts: [...last.parts.slice(0, -1), { ...part, text: part.text.trimEnd() }] }];
};
/** Changes that need no note because the laws allow them, or because they change nothing of what is meant. */
const silent = (request: ChatRequest): ChatRequest => {
  const choosing = request.tools.length > 0;
  const { toolChoice, parallelTools, ...others } = inTools((tool) =>
    tool.kind !== 'server' && tool.description === '' ? (without(tool, ['description']) as Tool) : tool,
  )(request);
  const one = parallelTools === false && toolChoice !== 'none';
  return { ...others, ...(choosing && toolChoice !== undefined ? { toolChoice } : {}), ...(choosing && one ? { parallelTools } : {}) };
};
/** JSON as it is written again. */
const rewritten = (request: ChatRequest): ChatRequest =>
  inParts(request, (part) => [
    part.kind === 'toolCall' && 'json' in part.input ? { ...part, input: { json: stringifyJson(parseJson(part.input.json)) } } : part,
  ]);

/** Members that a note stands for, with what stands beside them where one is put for another. */
const pathOf = (param: string): readonly string[] => {
  if (param.startsWith('reasoning')) return ['reasoning'];
  if (param.startsWith('output')) return ['output'];
  return param.split('.');
};
/** Notes of which the changes above have made what they say. */
const DONE: ReadonlySet<string> = new Set(['turns', 'turns.parts', 'tools', 'turns.cache', ...CHANGES.map(({ note }) => note)]);
const stripped = (request: ChatRequest, notes: readonly Note[]): ChatRequest =>
  notes
    .filter(({ param, kind }) => !DONE.has(param) || (param === 'turns.parts.name' && kind === 'ignored'))
    .flatMap(({ param }) => [pathOf(param), pathOf(param.replace('turns.parts.', 'turns.parts.parts.')), pathOf(param.replace('parts.parts.', 'parts.'))])
    .reduce<unknown>(without, request) as ChatRequest;
const JSON_ONLY = 'Reply with a single JSON object only';
/** The prompt that asks for the form of an answer. */
const unasked = (request: ChatRequest): ChatRequest => {
  const { toolChoice, ...others } = request;
  const answers = typeof toolChoice === 'object' && toolChoice.name === ANSWER_TOOL;
  const bare: ChatRequest = answers ? { ...others, tools: [] } : request;
  return inParts(bare, (part) => {
    if (part.kind !== 'text' || !part.text.includes(JSON_ONLY)) return [part];
    const text = part.text.slice(0, part.text.indexOf(JSON_ONLY));
    return text === '' ? [] : [{ ...part, text }];
  });
};
const ones = (request: ChatRequest): ChatRequest => {
  const { temperature, topP, ...others } = request.sampling ?? {};
  return { ...request, sampling: { ...others, ...(temperature === 1 ? {} : { temperature }), ...(topP === 1 ? {} : { topP }) } };
};
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
/** What is compared: the request without what the notes say is lost or put another way. */
export const left = (asked: ChatRequest, notes: readonly Note[], { midSystem, off }: Pick<Family, 'midSystem' | 'off'>): unknown => {
  // Where there is no thinking there is none to switch off.
  const request = off === 'absent' && asked.reasoning?.off === true ? (without(asked, ['reasoning']) as ChatRequest) : asked;
  const cached = notes.some(({ param }) => param === 'turns.parts.cache' || param === 'turns.cache' || param.endsWith('parts.parts.cache'));
  const bare = cached
    ? (without(without(without(request, ['turns', 'parts', 'cache']), ['turns', 'parts', 'parts', 'cache']), ['tools', 'cache']) as ChatRequest)
    : request;
  const told = stripped(ones(silent(unasked(rewritten(bare)))), notes);
  const uncached = cached ? (without(told, ['turns', 'cache']) as ChatRequest) : told;
  return plain(normal(joined(normal({ ...uncached, tools: uncached.tools ?? [], choices: 1 }), midSystem)));
};
/** The request as the rules make it; with the notes that were missing. */
export const expected = (
  request: ChatRequest,
  notes: readonly Note[],
  native: boolean,
): { readonly request: ChatRequest; readonly missing: readonly string[] } => {
  const missing: string[] = [];
  const changes = [...CHANGES, ...(native ? [{ note: 'tools.schema', make: inTools(fitted) }] : [])];
  const made = changes.reduce((before, { note, make }) => {
    const after = make(before);
    if (
      JSON.stringify(normal(after)) !== JSON.stringify(normal(before)) &&
      !notes.some(({ param }) => param === note || (note === 'turns.parts.name' && param.endsWith('.name')))
    )
      missing.push(note);
    return after;
  }, request);
  return { request: made, missing };
};
/** Foreign fields that say nothing, which nobody misses. */
const telling = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(telling);
  if (!isMembers(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, key === 'rest' && isMembers(inner) ? toldOf(inner) : telling(inner)]));
};
const toldOf = (rest: Members): Members => {
  if (isMembers(rest.fields)) return { ...rest, fields: toldOf(rest.fields) };
  return Object.fromEntries(Object.entries(rest).filter(([, inner]) => inner !== null && !(Array.isArray(inner) && inner.length === 0)));
};
/** A request without what is refused by name: stored files of other vendors, further choices, log probabilities. */
export const takeable = (request: ChatRequest): ChatRequest => {
  const { logprobs: _logprobs, webSearch: _web, ...asked } = request;
  const others = { ...asked, tools: asked.tools.filter((tool) => tool.kind !== 'server' || tool.origin.dialect === 'anthropic') };
  const own = inParts({ ...(telling(others) as typeof others), choices: 1 }, (part) => {
    // What hangs on a text that says nothing goes with it.
    if (part.kind === 'text' && part.text === '') return [];
    if (part.kind !== 'image' && part.kind !== 'document') return [part];
    return ['file' in part.media ? { ...part, media: { file: `file_${part.media.file}` } } : part];
  });
  return own;
};
