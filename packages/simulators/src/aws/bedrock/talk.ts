import { longThought } from '../../long-thought.ts';
import { type Fields, isFields } from '../../openai/check.ts';
import { count } from '../../openai/tokens.ts';
import { type Tool, type Turn, turn } from '../../openai/turn.ts';
import type { Model } from './models.ts';
import { prefixOf, redact, sign } from './thinking.ts';

/** One content block, whichever API it came by. */
export type Block =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'media'; readonly media: string }
  | { readonly kind: 'call'; readonly id: string; readonly name: string; readonly input: unknown }
  | { readonly kind: 'result'; readonly id: string; readonly text: string }
  | { readonly kind: 'reasoning'; readonly text: string; readonly signature: string }
  | { readonly kind: 'redacted'; readonly data: string }
  | { readonly kind: 'other'; readonly name: string };

export type Message = { readonly role: 'user' | 'assistant' | 'system'; readonly blocks: readonly Block[] };

/** A request to a chat model, once read from Converse or from Messages. */
export type Talk = {
  readonly model: Model;
  readonly system: string;
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly choice: 'none' | 'auto' | 'required';
  readonly forced: string | undefined;
  readonly parallel: boolean;
  readonly maxTokens: number | undefined;
  readonly stop: readonly string[];
  readonly thinks: boolean;
  /** A JSON schema that the text must fit. */
  readonly schema: unknown;
  /** Tokens up to the last cache mark; 0 without one. */
  readonly marked: number;
};

export type Usage = { readonly input: number; readonly output: number; readonly cacheRead: number; readonly cacheWrite: number };

/** What the model says, before either API puts it into its own words. */
export type Answer = {
  readonly reasoning: { readonly text: string; readonly signature: string } | undefined;
  /** Instead of `reasoning`, where the prompt says `think in secret`. */
  readonly redacted: string | undefined;
  readonly text: string | undefined;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly input: Fields }[];
  readonly finish: 'end' | 'tools' | 'length' | 'stop' | 'filtered' | 'refused';
  readonly stopSequence: string | undefined;
  readonly usage: Usage;
};

export const textsOf = (blocks: readonly Block[]): string =>
  blocks
    .map((block) => (block.kind === 'text' ? block.text : ''))
    .filter((text) => text !== '')
    .join('\n');

const resultOf = (blocks: readonly Block[]): string | undefined => {
  const results = blocks.flatMap((block) => (block.kind === 'result' ? [block.text] : []));
  return results.length === 0 ? undefined : results.join('\n');
};

const weight = (block: Block): number => {
  if (block.kind === 'text' || block.kind === 'reasoning' || block.kind === 'result') return count(block.text);
  if (block.kind === 'call') return count(block.name) + count(JSON.stringify(block.input));
  return block.kind === 'media' ? 258 : 1;
};

/** Tokens of the whole prompt as this package counts them. */
export const promptTokens = ({ system, messages, tools }: Pick<Talk, 'system' | 'messages' | 'tools'>): number =>
  messages.reduce((sum, { blocks }) => sum + 3 + blocks.reduce((inner, block) => inner + weight(block), 0), count(system)) +
  tools.reduce((sum, tool) => sum + count(tool.name) + count(JSON.stringify(tool.schema)), 0);

const promptFor = (talk: Talk, stop: readonly string[]): Turn => {
  const last = talk.messages.at(-1)?.blocks ?? [];
  const tools = talk.forced === undefined ? talk.tools : talk.tools.filter(({ name }) => name === talk.forced);
  return turn({
    text: textsOf(last),
    toolResult: resultOf(last),
    media: last.flatMap((block) => (block.kind === 'media' ? [block.media] : [])),
    inputTokens: 0,
    tools,
    choice: talk.forced === undefined ? talk.choice : 'required',
    parallel: talk.parallel,
    format: talk.schema === undefined ? { kind: 'text' } : { kind: 'json_schema', schema: talk.schema },
    maxTokens: talk.maxTokens,
    stop,
    reasoning: talk.thinks ? 16 : 0,
  });
};

const finishes = { stop: 'end', length: 'length', tool_calls: 'tools', content_filter: 'filtered' } as const;

const inputOf = (json: string): Fields => {
  const value: unknown = JSON.parse(json);
  return isFields(value) ? value : {};
};

/** What the cache did: a prefix that was seen before is read, any other is written. */
const cacheOf = (talk: Talk, seen: Set<string>): Pick<Usage, 'cacheRead' | 'cacheWrite'> => {
  if (talk.marked === 0) return { cacheRead: 0, cacheWrite: 0 };
  const key = `${talk.model.id} ${talk.marked} ${prefixOf(talk, 1)}`;
  const known = seen.has(key);
  seen.add(key);
  return known ? { cacheRead: talk.marked, cacheWrite: 0 } : { cacheRead: 0, cacheWrite: talk.marked };
};

/** Makes one answer. `id` gives the ids of tool calls; `seen` is the simulator's memory of cached prefixes. */
export const answer = (talk: Talk, id: () => string, seen: Set<string>): Answer => {
  const said = promptFor(talk, talk.stop);
  const unstopped = talk.stop.length === 0 ? said : promptFor(talk, []);
  const stopSequence = said.text === unstopped.text ? undefined : talk.stop.find((one) => unstopped.text?.slice(said.text?.length).startsWith(one));
  const asked = textsOf(talk.messages.at(-1)?.blocks ?? []);
  const thought = longThought(asked) ?? `Thinking about: ${asked.slice(0, 60) || 'the results'}`;
  const cache = cacheOf(talk, seen);
  const input = Math.max(0, promptTokens(talk) - cache.cacheRead - cache.cacheWrite);
  const refused = said.refusal !== undefined;
  const secret = /\bthink in secret\b/i.test(asked);
  return {
    redacted: talk.thinks && secret ? redact(thought) : undefined,
    reasoning: talk.thinks && !secret ? { text: thought, signature: sign(thought, prefixOf(talk, talk.messages.length)) } : undefined,
    text: said.refusal ?? (said.text === '' ? undefined : said.text),
    calls: said.calls.map((call) => ({ id: id(), name: call.name, input: inputOf(call.input) })),
    finish: refused ? 'refused' : stopSequence !== undefined ? 'stop' : finishes[said.finish],
    stopSequence,
    usage: { input, output: said.outputTokens, ...cache },
  };
};
