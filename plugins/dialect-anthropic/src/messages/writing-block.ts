import {
  asText,
  type ChatEvent,
  type Fields,
  isObject,
  type Json,
  type Lost,
  loseProof,
  type Origin,
  type Part,
  parseJson,
  stringifyJson,
} from '@llm-proxy-auth/plugin';
import { formOf } from '../form.ts';
import { restore } from '../remainder.ts';
import { ANTHROPIC } from '../wire.ts';
import { isOwn, writeCitation } from './citations.ts';
import { callHead, ownFields } from './reply-blocks.ts';

type Growth = Extract<ChatEvent, { type: 'delta' | 'citation' }>;
/** One part on its way to a client, as a content block with the number `index`. */
export interface WritingBlock {
  open(): string;
  grow(e: Growth): string;
  close(origin: Origin | undefined): string;
  /** False: nothing of it was written, and the number is free. */
  isWritten(): boolean;
}
const frame = (type: string, index: number, member: string, value: Json): string =>
  `event: ${type}\ndata: {"type":"${type}","index":${index}${member === '' ? '' : `,"${member}":${stringifyJson(value)}`}}\n\n`;
const started = (index: number, block: Fields): string => frame('content_block_start', index, 'content_block', block);
const grown = (index: number, delta: Fields): string => frame('content_block_delta', index, 'delta', delta);
const stopped = (index: number): string => frame('content_block_stop', index, '', undefined);

const textBlock = (part: Extract<Part, { kind: 'text' | 'refusal' }>, index: number, mine: boolean, lost: Lost): WritingBlock => ({
  open() {
    if (part.kind === 'refusal') lost('choices.parts.refusal', 'a refusal is text here', 'emulated');
    const cited = part.kind === 'text' ? (part.citations ?? []).map((citation) => this.grow({ type: 'citation', choice: 0, index: 0, citation })) : [];
    return (
      started(index, { type: 'text', text: '', ...ownFields(part, mine) }) +
      (part.text === '' ? '' : grown(index, { type: 'text_delta', text: part.text })) +
      cited.join('')
    );
  },
  grow(e) {
    if (e.type === 'delta') return e.text === '' ? '' : grown(index, { type: 'text_delta', text: e.text });
    const citation = writeCitation(e.citation);
    if (!isOwn(e.citation))
      lost('choices.parts.citations', 'a citation of another vendor is shown as far as it can be', citation === undefined ? 'ignored' : 'emulated');
    return citation === undefined ? '' : grown(index, { type: 'citations_delta', citation });
  },
  close(ending) {
    loseProof(ending ?? part.origin, ANTHROPIC, lost);
    return stopped(index);
  },
  isWritten: () => true,
});
const thinkingBlock = (part: Extract<Part, { kind: 'thinking' }>, index: number): WritingBlock => ({
  open: () =>
    started(index, { type: 'thinking', thinking: '', signature: '' }) + (part.text === '' ? '' : grown(index, { type: 'thinking_delta', thinking: part.text })),
  grow: (e) => (e.type === 'delta' && e.field === 'text' && e.text !== '' ? grown(index, { type: 'thinking_delta', thinking: e.text }) : ''),
  close(ending) {
    const origin = ending ?? part.origin;
    const payload = origin?.dialect === ANTHROPIC ? parseJson(origin.payload.json) : undefined;
    const signature = isObject(payload) ? asText(payload.signature) : undefined;
    return (signature === undefined ? '' : grown(index, { type: 'signature_delta', signature })) + stopped(index);
  },
  isWritten: () => true,
});
const callBlock = (part: Extract<Part, { kind: 'toolCall' }>, index: number, mine: boolean, lost: Lost): WritingBlock => {
  let free = 'text' in part.input ? part.input.text : '';
  const json = (text: string): string => (text === '' ? '' : grown(index, { type: 'input_json_delta', partial_json: text }));
  return {
    open: () => started(index, restore(callHead(part, mine), formOf(part)?.left?.value)) + ('json' in part.input ? json(part.input.json) : ''),
    grow(e) {
      if (e.type !== 'delta') return '';
      if ('json' in part.input) return json(e.text);
      free += e.text;
      return '';
    },
    close() {
      if ('json' in part.input) return stopped(index);
      lost('choices.parts.input', 'free text stands in a member of an object', 'emulated');
      return json(JSON.stringify({ input: free })) + stopped(index);
    },
    isWritten: () => true,
  };
};
/** Input of server tools grows in deltas on the wire, other members stand in the block where it opens. */
const ownBlock = (payload: Fields, index: number): string => {
  const grows = isObject(payload.input) && asText(payload.type)?.endsWith('tool_use') === true;
  if (!grows) return started(index, payload) + stopped(index);
  const delta = grown(index, { type: 'input_json_delta', partial_json: stringifyJson(payload.input) });
  return started(index, { ...payload, input: {} }) + delta + stopped(index);
};
/** What is known when it has ended: what the vendor keeps to itself, and parts that a message has not. */
const lateBlock = (part: Part, index: number, lost: Lost): WritingBlock => {
  let written = false;
  return {
    open: () => '',
    grow: () => '',
    close(ending) {
      const origin = ending ?? part.origin;
      const payload = origin?.dialect === ANTHROPIC && (part.kind === 'opaque' || part.kind === 'thinking') ? parseJson(origin.payload.json) : undefined;
      if (isObject(payload)) {
        written = true;
        return ownBlock(payload, index);
      }
      lost(`choices.parts.${part.kind}`, 'a message has no such part, or another vendor issued it');
      return '';
    },
    isWritten: () => written,
  };
};
export const writingBlock = (part: Part, index: number, mine: boolean, lost: Lost): WritingBlock => {
  if (part.kind === 'text' || part.kind === 'refusal') return textBlock(part, index, mine, lost);
  if (part.kind === 'thinking' && !part.redacted) return thinkingBlock(part, index);
  return part.kind === 'toolCall' ? callBlock(part, index, mine, lost) : lateBlock(part, index, lost);
};
