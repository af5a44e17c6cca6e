import {
  asList,
  asNumber,
  asObject,
  asText,
  type ChatEvent,
  type Fields,
  type Json,
  jsonText,
  type Part,
  readLogprobs,
  type TokenLogprob,
} from '@llm-proxy-auth/plugin';
import { argumentsOf, logprobsIn, readFinish } from './read.ts';

export type Emit = (e: ChatEvent) => void;
/** A tool call that streams. */
interface Tool {
  readonly id: string;
  name: string;
  /** Index of its part, -1 until it is open. */
  part: number;
  /** Input that waits: for the name, or for its end where the model wrote JSON text as JSON once more. */
  waiting: string;
  /** The input began with a quote: only the whole of it can be read. */
  quoted: boolean;
  said: boolean;
}
type Words = 'text' | 'refusal' | 'thinking';

/** One choice of a stream: the parts it opened and those still open. A class: there is one for each answer. */
export class StreamChoice {
  readonly index: number;
  finished = false;
  readonly #emit: Emit;
  readonly #callId: string;
  /** Calls by their index, which begins anew in each choice. */
  readonly #tools = new Map<number, Tool>();
  #parts = 0;
  #open: { readonly kind: Words; readonly index: number } | undefined;
  constructor(index: number, callId: string, emit: Emit) {
    this.index = index;
    this.#callId = callId;
    this.#emit = emit;
  }
  delta(choice: Fields): void {
    const d = asObject(choice.delta) ?? {};
    const thought = asText(d.reasoning_content);
    if (thought) this.#words('thinking', thought);
    const logprobs = readLogprobs(logprobsIn(choice).content);
    const text = asText(d.content) ?? '';
    if (text !== '' || (logprobs !== undefined && logprobs.length > 0)) this.#words('text', text, logprobs);
    const refusal = asText(d.refusal);
    if (refusal) this.#words('refusal', refusal);
    for (const wire of asList(d.tool_calls)) this.#call(asObject(wire) ?? {});
  }
  finish(reason: Json): void {
    this.finished = true;
    this.#close();
    for (const tool of this.#tools.values()) this.#end(tool);
    this.#emit({ type: 'finish', choice: this.index, reason: readFinish(reason, this.#tools.size > 0) });
  }
  #begin(part: Part): number {
    const index = this.#parts++;
    this.#emit({ type: 'part', choice: this.index, index, part });
    return index;
  }
  #close(): void {
    if (this.#open !== undefined) this.#emit({ type: 'part-end', choice: this.index, index: this.#open.index });
    this.#open = undefined;
  }
  #words(kind: Words, text: string, logprobs?: readonly TokenLogprob[]): void {
    if (this.#open?.kind !== kind) {
      this.#close();
      this.#open = { kind, index: this.#begin(kind === 'thinking' ? { kind, text: '', redacted: false } : { kind, text: '' }) };
    }
    this.#emit({ type: 'delta', choice: this.index, index: this.#open.index, field: 'text', text, ...(logprobs === undefined ? {} : { logprobs }) });
  }
  #toolOf(d: Fields): Tool {
    const key = asNumber(d.index) ?? Math.max(0, this.#tools.size - (asText(d.id) ? 0 : 1));
    const known = this.#tools.get(key);
    if (known !== undefined) return known;
    const id = asText(d.id) || `call_${this.#callId}_${this.index}_${this.#tools.size}`;
    const tool: Tool = { id, name: '', part: -1, waiting: '', quoted: false, said: false };
    this.#tools.set(key, tool);
    return tool;
  }
  /** The name stands in the first fragment; in the others it is an empty string. */
  #call(d: Fields): void {
    const made = asObject(d.function) ?? {};
    const tool = this.#toolOf(d);
    if (tool.name === '') tool.name = asText(made.name) ?? '';
    const text = jsonText(made.arguments);
    if (!tool.said && tool.waiting === '' && text.startsWith('"')) tool.quoted = true;
    if (tool.part < 0 && tool.name !== '') this.#start(tool);
    if (tool.quoted || tool.part < 0) tool.waiting += text;
    else this.#input(tool, text);
  }
  #start(tool: Tool): void {
    this.#close();
    tool.part = this.#begin({ kind: 'toolCall', id: tool.id, name: tool.name, input: { json: '' } });
    if (tool.quoted) return;
    const { waiting } = tool;
    tool.waiting = '';
    this.#input(tool, waiting);
  }
  #input(tool: Tool, text: string): void {
    if (text === '') return;
    tool.said = true;
    this.#emit({ type: 'delta', choice: this.index, index: tool.part, field: 'input', text });
  }
  #end(tool: Tool): void {
    if (tool.part < 0) this.#start(tool);
    if (!tool.said) this.#input(tool, argumentsOf(tool.waiting));
    this.#emit({ type: 'part-end', choice: this.index, index: tool.part });
  }
}
