import type { ChatReply, ChatRequest, Choice, Part, TextPart, Tool, Turn } from './conversation.ts';
import { LEAVES } from './leaves.ts';

/** A liberty that the laws of translation allow: two requests (replies) are the same when their normal forms are. */
export interface NormalRule {
  readonly name: string;
  readonly what: string;
}
export const NORMAL_RULES: readonly NormalRule[] = Object.freeze([
  {
    name: 'absent',
    what: 'A member that is undefined, or an optional one that is an empty list or record (rest, citations, logprobs, stop, sampling, reasoning), is left out.',
  },
  { name: 'empty-text', what: 'A text or refusal part that is empty and carries nothing else is left out, inside tool results too.' },
  {
    name: 'merge-text',
    what: 'In a reply adjacent text parts that carry nothing but text, or text and logprobs, are one part. Those of a request stay apart.',
  },
  { name: 'results-first', what: 'In a user turn tool results stand before the other parts; both keep their order.' },
  {
    name: 'results-apart',
    what: 'Tool results stand in a turn of their own, and adjacent turns of nothing but tool results are one; other parts keep the name, origin, rest and cache of the turn.',
  },
  { name: 'reasoning-on', what: 'Reasoning that is said not to be off is reasoning of which nothing is said.' },
  { name: 'no-penalty', what: 'A penalty of 0 is left out: it is what happens where nobody asks for one.' },
  { name: 'not-strict', what: 'A function that is said not to be held to its schema is one of which nothing is said.' },
  { name: 'answers-together', what: 'Adjacent assistant turns that carry nothing but parts are one.' },
  { name: 'tool-choice', what: 'Where there are tools and no choice is made, the choice is auto.' },
  { name: 'choices-by-index', what: 'Choices of a reply stand in the order of their indexes.' },
]);

const OPTIONAL: ReadonlySet<string> = new Set(['rest', 'citations', 'logprobs', 'stop', 'sampling', 'reasoning', 'logitBias', 'fields']);
const PENALTIES: ReadonlySet<string> = new Set(['frequencyPenalty', 'presencePenalty']);
const empty = (value: unknown): boolean => typeof value === 'object' && value !== null && Object.keys(value).length === 0;
/** Rule `absent`, at every level of the model and not inside foreign JSON. */
const present = <T>(value: T, leaf = false): T => {
  if (leaf || typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => present(item)) as T;
  const kept: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const inner = key === 'rest' ? presentRest(member) : present(member as unknown, LEAVES.has(key));
    if (inner !== undefined && !(OPTIONAL.has(key) && empty(inner)) && !(PENALTIES.has(key) && inner === 0)) kept[key] = inner;
  }
  return kept as T;
};
/** Fields by name, or `Rest` with the surface they came from; without fields it is absent. */
const presentRest = (rest: unknown): unknown => {
  if (typeof rest !== 'object' || rest === null) return rest;
  return 'from' in rest && 'fields' in rest && typeof rest.from === 'string' && empty(rest.fields) ? undefined : rest;
};

const joinable = (part: Part | undefined): part is TextPart =>
  part?.kind === 'text' && part.citations === undefined && part.origin === undefined && part.rest === undefined && part.cache === undefined;
const joined = (a: TextPart, b: TextPart): TextPart => {
  const text: TextPart = { kind: 'text', text: a.text + b.text };
  return a.logprobs === undefined ? text : { ...text, logprobs: [...a.logprobs, ...(b.logprobs ?? [])] };
};
/** Rule `empty-text`. */
const silent = (part: Part): boolean => (part.kind === 'text' || part.kind === 'refusal') && part.text === '' && Object.keys(part).length === 2;
/** Rule `empty-text`, inside tool results too. */
const spoken = (parts: readonly Part[]): Part[] =>
  parts.flatMap((part) => (silent(part) ? [] : [part.kind === 'toolResult' ? { ...part, parts: spoken(part.parts) } : part]));
/** Rules `empty-text` and `merge-text`. */
const merged = (parts: readonly Part[]): Part[] => {
  const out: Part[] = [];
  for (const part of spoken(parts)) {
    const last = out.at(-1);
    if (joinable(part) && joinable(last) && (part.logprobs === undefined) === (last.logprobs === undefined)) out[out.length - 1] = joined(last, part);
    else out.push(part);
  }
  return out;
};

const isResult = (part: Part): boolean => part.kind === 'toolResult';
const onlyResults = (turn: Turn | undefined): boolean => turn?.role === 'user' && turn.parts.length > 0 && turn.parts.every(isResult);
const unmarked = ({ role, parts, ...marks }: Turn): boolean => empty(marks);
/** Rules `results-first` and `results-apart`. */
const apart = (turns: readonly Turn[]): Turn[] => {
  const out: Turn[] = [];
  const push = (turn: Turn): void => {
    const last = out.at(-1);
    if (last !== undefined && onlyResults(turn) && onlyResults(last) && unmarked(turn) && unmarked(last))
      out[out.length - 1] = { ...last, parts: [...last.parts, ...turn.parts] };
    else out.push(turn);
  };
  for (const turn of turns) {
    const results = turn.role === 'user' ? turn.parts.filter(isResult) : [];
    if (results.length === 0 || results.length === turn.parts.length) push(turn);
    else {
      push({ role: 'user', parts: results });
      push({ ...turn, parts: turn.parts.filter((part) => !isResult(part)) });
    }
  }
  return out;
};

/** Rule `answers-together`. */
const together = (turns: readonly Turn[]): Turn[] => {
  const out: Turn[] = [];
  for (const turn of turns) {
    const last = out.at(-1);
    if (last?.role === 'assistant' && turn.role === 'assistant' && unmarked(last) && unmarked(turn))
      out[out.length - 1] = { ...last, parts: [...last.parts, ...turn.parts] };
    else out.push(turn);
  }
  return out;
};

/** Rule `not-strict`. */
const unheld = (tool: Tool): Tool => {
  if (tool.kind !== 'function' || tool.strict !== false) return tool;
  const { strict: _strict, ...others } = tool;
  return others;
};

/** The normal form of a request; the rules are `NORMAL_RULES`, and applying them again changes nothing. */
export const normal = (request: ChatRequest): ChatRequest => {
  const compact = present(request);
  const turns = together(apart(compact.turns)).map((turn) => ({ ...turn, parts: spoken(turn.parts) }));
  const { off, ...thought } = compact.reasoning ?? {};
  const { reasoning: _reasoning, ...others } = compact;
  const reasoning = off === true ? { ...thought, off } : thought;
  const choice = compact.tools.length > 0 && compact.toolChoice === undefined ? { toolChoice: 'auto' as const } : {};
  return { ...others, tools: compact.tools.map(unheld), turns, ...(empty(reasoning) ? {} : { reasoning }), ...choice };
};
/** The normal form of a reply. */
export const normalReply = (reply: ChatReply): ChatReply => {
  const compact = present(reply);
  const choices = [...compact.choices].sort((a: Choice, b: Choice) => a.index - b.index).map((choice) => ({ ...choice, parts: merged(choice.parts) }));
  return { ...compact, choices };
};
