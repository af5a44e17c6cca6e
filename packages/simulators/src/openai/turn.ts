import { isFields } from './check.ts';
import { instanceOf } from './schema-instance.ts';
import { count, tokens } from './tokens.ts';

export type Tool = { readonly kind: 'function' | 'custom'; readonly name: string; readonly schema: unknown };

/** What chat and responses requests have in common once read. */
export type Prompt = {
  /** Text of the last user message. */
  readonly text: string;
  /** Content of the last message if that is a tool's result. */
  readonly toolResult: string | undefined;
  /** `image`, `audio`, `file` for each such part of the last user message. */
  readonly media: readonly string[];
  readonly inputTokens: number;
  /** The tools that `tool_choice` leaves. */
  readonly tools: readonly Tool[];
  readonly choice: 'none' | 'auto' | 'required';
  readonly parallel: boolean;
  readonly format: { readonly kind: string; readonly schema?: unknown };
  readonly maxTokens: number | undefined;
  readonly stop: readonly string[];
  /** Tokens the model thinks before it speaks. */
  readonly reasoning: number;
};

export type Call = { readonly kind: 'function' | 'custom'; readonly name: string; readonly input: string };

export type Turn = {
  readonly text: string | undefined;
  readonly refusal: string | undefined;
  readonly calls: readonly Call[];
  readonly finish: 'stop' | 'length' | 'tool_calls' | 'content_filter';
  readonly reasoningTokens: number;
  /** Includes `reasoningTokens`. */
  readonly outputTokens: number;
};

/** `name with {json}` in the text, or undefined: the shortest object that parses. */
const givenArguments = (text: string, name: string): string | undefined => {
  const at = text.indexOf(`${name} with {`);
  if (at === -1) return undefined;
  const from = at + name.length + 6;
  for (let end = text.indexOf('}', from); end !== -1; end = text.indexOf('}', end + 1)) {
    const candidate = text.slice(from, end + 1);
    try {
      if (isFields(JSON.parse(candidate))) return candidate;
    } catch {}
  }
  return undefined;
};

const callOf = (tool: Tool, text: string): Call => {
  const given = givenArguments(text, tool.name);
  const made = tool.kind === 'custom' ? `input for ${tool.name}` : JSON.stringify(instanceOf(tool.schema));
  return { kind: tool.kind, name: tool.name, input: given ?? made };
};

const escaped = (name: string): string => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const callsOf = (prompt: Prompt): Call[] => {
  if (prompt.choice === 'none' || prompt.tools.length === 0) return [];
  const spoken = prompt.toolResult === undefined ? prompt.text : '';
  const asked = prompt.tools.filter(({ name }) => new RegExp(`\\bcall\\b.*\\b${escaped(name)}\\b`, 'is').test(spoken));
  const first = prompt.tools[0];
  const chosen = asked.length > 0 ? asked : prompt.choice === 'required' && first !== undefined ? [first] : [];
  return chosen.slice(0, prompt.parallel ? chosen.length : 1).map((tool) => callOf(tool, spoken));
};

const plainText = (prompt: Prompt, choice: number): string => {
  const prefix = choice === 0 ? '' : `(${choice + 1}) `;
  if (prompt.toolResult !== undefined) return `${prefix}The tool said: ${prompt.toolResult}`;
  const exactly = /^say exactly: ([\s\S]*)$/i.exec(prompt.text)?.[1];
  if (exactly !== undefined) return prefix + exactly;
  const words = /\bwrite (\d+) words\b/i.exec(prompt.text)?.[1];
  if (words !== undefined) return prefix + Array.from({ length: Number(words) }, (_, index) => `word${index + 1}`).join(' ');
  const media = prompt.media.length === 0 ? '' : ` [${prompt.media.join(', ')}]`;
  return `${prefix}You said: ${prompt.text}${media}`;
};

const said = (prompt: Prompt, choice: number): string => {
  if (prompt.format.kind === 'json_schema') return JSON.stringify(instanceOf(prompt.format.schema));
  if (prompt.format.kind === 'json_object') return JSON.stringify({ said: plainText(prompt, choice) });
  return plainText(prompt, choice);
};

const stopped = (text: string, stop: readonly string[]): string => {
  const places = stop.map((sequence) => text.indexOf(sequence)).filter((at) => at !== -1);
  return places.length === 0 ? text : text.slice(0, Math.min(...places));
};

/**
 * The model: the same prompt is always answered with the same words. What the last user message says steers it:
 * `call <tool>` (with ` with {…}`: those arguments), `say exactly: …`, `write <n> words`, `please refuse`, `trip the filter`.
 */
export const turn = (prompt: Prompt, choice = 0): Turn => {
  const limit = prompt.maxTokens ?? Number.POSITIVE_INFINITY;
  const reasoningTokens = Math.min(prompt.reasoning, limit);
  const left = limit - reasoningTokens;
  const none = { text: undefined, refusal: undefined, calls: [], reasoningTokens };
  const calls = callsOf(prompt);
  if (calls.length > 0) {
    const spent = calls.reduce((sum, call) => sum + count(call.name) + count(call.input), 0);
    return { ...none, calls, finish: 'tool_calls', outputTokens: reasoningTokens + spent };
  }
  if (/\bplease refuse\b/i.test(prompt.text)) {
    const refusal = "I'm sorry, I can't help with that.";
    return { ...none, refusal, finish: 'stop', outputTokens: reasoningTokens + count(refusal) };
  }
  if (/\btrip the filter\b/i.test(prompt.text)) return { ...none, text: 'You said', finish: 'content_filter', outputTokens: reasoningTokens + 2 };
  const pieces = tokens(stopped(said(prompt, choice), prompt.stop));
  const kept = pieces.slice(0, left);
  return { ...none, text: kept.join(''), finish: kept.length < pieces.length ? 'length' : 'stop', outputTokens: reasoningTokens + kept.length };
};
