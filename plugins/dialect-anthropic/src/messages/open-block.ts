import {
  asList,
  asObject,
  asText,
  type Building,
  type ChatEvent,
  type Fields,
  isObject,
  type Json,
  type Part,
  parseJson,
  stringifyJson,
  unwrapInput,
} from '@llm-proxy-auth/plugin';
import { ANTHROPIC } from '../wire.ts';
import { readCitation, readForeign } from './citations.ts';
import type { Memo } from './memo.ts';
import { readBlock } from './read-blocks.ts';
import { freeText, renamed } from './tool-names.ts';

type Emit = (e: ChatEvent) => void;
type Kind = 'text' | 'thinking' | 'call' | 'free' | 'wrapped' | 'answer' | 'whole';

const parsed = (json: string): Json => {
  try {
    return parseJson(json);
  } catch {
    return undefined;
  }
};
/** Members that grow are empty where a block opens. */
const emptied = (block: Fields): Fields => {
  if (block.type === 'text') return { ...block, text: '', citations: null };
  return block.type === 'tool_use' ? { ...block, input: {} } : block;
};

/** One content block that streams: it opens a part, grows, and ends with what the vendor signed. A class: one is made for each block. */
export class OpenBlock {
  readonly #emit: Emit;
  readonly #index: number;
  readonly #model: string;
  readonly #kind: Kind;
  readonly #start: Fields;
  /** What deltas have changed of a block that is kept as it came. */
  readonly #grown: Building = {};
  #json = '';

  constructor(start: Fields, index: number, model: string, memo: Memo, emit: Emit) {
    this.#emit = emit;
    this.#index = index;
    this.#model = model;
    this.#start = start;
    const part = this.#opening(memo);
    this.#kind = kindOf(part, start, memo);
    emit({ type: 'part', choice: 0, index, part: part.kind === 'toolCall' && this.#kind === 'answer' ? { kind: 'text', text: '' } : part });
    if (this.#kind === 'text') this.#say('text', asText(start.text) ?? '');
    if (this.#kind === 'thinking') this.#think(asText(start.thinking) ?? '', asText(start.signature) ?? '');
    for (const citation of this.#kind === 'text' ? asList(start.citations) : []) this.#cite(citation);
  }
  /** What `delta` does with a `text_delta`. */
  text(text: string): void {
    if (this.#kind === 'text') this.#say('text', text);
  }
  /** Unknown kinds of deltas say nothing. */
  delta(delta: Fields): void {
    const { type } = delta;
    if (type === 'text_delta') this.text(asText(delta.text) ?? '');
    else if (type === 'thinking_delta' && this.#kind === 'thinking') this.#think(asText(delta.thinking) ?? '', '');
    else if (type === 'signature_delta' && this.#kind === 'thinking') this.#think('', asText(delta.signature) ?? '');
    else if (type === 'citations_delta' && this.#kind === 'text') this.#cite(delta.citation);
    else if (type === 'input_json_delta') this.#input(asText(delta.partial_json) ?? '');
    else if (type === 'compaction_delta') {
      const { type: _type, ...members } = delta;
      Object.assign(this.#grown, members);
    }
  }
  stop(): void {
    this.#finishInput();
    const origin = this.#origin();
    this.#emit({ type: 'part-end', choice: 0, index: this.#index, ...(origin === undefined ? {} : { origin }) });
  }
  #opening(memo: Memo): Part {
    const { type } = this.#start;
    if (type === 'thinking') return { kind: 'thinking', text: '', redacted: false };
    if (type === 'redacted_thinking') return { kind: 'thinking', text: '', redacted: true };
    const part = readBlock(emptied(this.#start), 'content_block');
    if (part.kind !== 'toolCall') return part;
    return { ...renamed(part, memo), input: memo.free.has(part.name) ? { text: '' } : { json: '' } };
  }
  #say(field: 'text' | 'input', text: string): void {
    if (text !== '') this.#emit({ type: 'delta', choice: 0, index: this.#index, field, text });
  }
  #think(text: string, signature: string): void {
    this.#grown.thinking = `${asText(this.#grown.thinking) ?? ''}${text}`;
    this.#grown.signature = `${asText(this.#grown.signature) ?? ''}${signature}`;
    this.#say('text', text);
  }
  #cite(wire: Json): void {
    this.#emit({ type: 'citation', choice: 0, index: this.#index, citation: readForeign(wire) ?? readCitation(wire) });
  }
  #input(json: string): void {
    this.#json += json;
    if (this.#kind === 'call') this.#say('input', json);
    else if (this.#kind === 'answer') this.#say('text', json);
  }
  /** A call that takes nothing may stream nothing; some servers give the whole input where the block opens. */
  #finishInput(): void {
    const whole = this.#json === '' ? stringifyJson(isObject(this.#start.input) ? this.#start.input : {}) : this.#json;
    if (this.#kind === 'free') this.#say('input', freeText(whole));
    else if (this.#kind === 'wrapped') this.#say('input', unwrapInput(whole));
    else if (this.#json === '' && this.#kind === 'call') this.#say('input', whole);
    else if (this.#json === '' && this.#kind === 'answer') this.#say('text', whole);
  }
  #origin(): { readonly dialect: string; readonly model?: string; readonly payload: { readonly json: string } } | undefined {
    const of = (block: Fields) => ({ dialect: ANTHROPIC, payload: { json: stringifyJson(block) } });
    if (this.#kind === 'thinking') {
      const signed = asText(this.#grown.signature) ?? '';
      return signed === '' ? undefined : { ...of({ ...this.#start, ...this.#grown }), model: this.#model };
    }
    if (this.#start.type === 'redacted_thinking') return { ...of(this.#start), model: this.#model };
    if (this.#kind !== 'whole' || readsWhole(this.#start)) return undefined;
    const input = this.#json === '' ? undefined : parsed(this.#json);
    return of({ ...this.#start, ...this.#grown, ...(input === undefined ? {} : { input }) });
  }
}
/** Blocks of kinds that the conversation has, which come whole. */
const readsWhole = (start: Fields): boolean => readBlock(emptied(start), 'content_block').kind !== 'opaque';
const kindOf = (part: Part, start: Fields, memo: Memo): Kind => {
  if (part.kind === 'text') return 'text';
  if (part.kind === 'thinking') return part.redacted ? 'whole' : 'thinking';
  if (part.kind !== 'toolCall') return 'whole';
  const name = asText(start.name) ?? '';
  if (name === memo.answer) return 'answer';
  if (memo.wrapped?.has(name) === true) return 'wrapped';
  return memo.free.has(name) ? 'free' : 'call';
};
export const isBlock = (wire: Json): wire is Fields => asText(asObject(wire)?.type) !== undefined;
