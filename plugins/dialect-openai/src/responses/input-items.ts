import { asNumber, asObject, type Fields, type Part } from '@llm-proxy-auth/plugin';
import { isContent, readAnnotation, readContent, readLogprobs } from './content.ts';
import { type Reading, readItem } from './items.ts';
import { type Emit, newItem, type OpenItem, openParts, type Parts } from './open-item.ts';
import { originOf, wordOf } from './wire.ts';

type Handler = (item: OpenItem, event: Fields, parts: Parts) => void;
const contentIndex = (event: Fields): number => asNumber(event.content_index) ?? 0;
const emptyPart = (kind: 'text' | 'refusal'): Part => ({ kind, text: '' });

const onText =
  (kind: 'text' | 'refusal'): Handler =>
  (item, event, parts) => {
    parts.open(item, contentIndex(event), emptyPart(kind));
    parts.text(item, contentIndex(event), 'text', wordOf(event.delta), readLogprobs(event.logprobs));
  };
const onReasoning =
  (shown: 'summary' | 'content'): Handler =>
  (item, event, parts) => {
    item.shown ??= shown;
    if (item.shown !== shown) return;
    const section = asNumber(shown === 'summary' ? event.summary_index : event.content_index) ?? 0;
    for (; item.section < section; item.section++) parts.text(item, 0, 'text', '\n\n');
    parts.text(item, 0, 'text', wordOf(event.delta));
  };
const onInput: Handler = (item, event, parts) => parts.text(item, 0, 'input', wordOf(event.delta));
/** Events that carry a piece of an open item. */
const HANDLERS: Readonly<Record<string, Handler>> = Object.freeze({
  'response.content_part.added': (item, event, parts) => {
    const part = asObject(event.part) ?? {};
    if (part.type === 'output_text' || part.type === 'refusal') parts.open(item, contentIndex(event), emptyPart(part.type === 'refusal' ? 'refusal' : 'text'));
  },
  'response.output_text.delta': onText('text'),
  'response.refusal.delta': onText('refusal'),
  'response.output_text.annotation.added': (item, event, parts) => parts.citation(item, contentIndex(event), readAnnotation(event.annotation)),
  'response.content_part.done': (item, event, parts) => {
    if (!isContent(event.part)) return;
    const part = readContent(event.part, 'part');
    if (part.kind !== 'text' && part.kind !== 'refusal') return;
    parts.open(item, contentIndex(event), emptyPart(part.kind));
    parts.rest(item, contentIndex(event), 'text', part.text);
    if (part.kind === 'text') parts.citations(item, contentIndex(event), part.citations ?? []);
  },
  'response.reasoning_summary_text.delta': onReasoning('summary'),
  'response.reasoning_text.delta': onReasoning('content'),
  'response.function_call_arguments.delta': onInput,
  'response.custom_tool_call_input.delta': onInput,
});

/** Events that say nothing that the pieces, or `output_item.done`, do not: whoever writes the stream writes its own. */
const REPEATED: ReadonlySet<string> = new Set([
  'response.created',
  'response.in_progress',
  'response.output_text.done',
  'response.refusal.done',
  'response.reasoning_summary_part.added',
  'response.reasoning_summary_part.done',
  'response.reasoning_summary_text.done',
  'response.reasoning_text.done',
  'response.function_call_arguments.done',
  'response.custom_tool_call_input.done',
]);
const unnumbered = ({ sequence_number: _number, ...event }: Fields): Fields => event;
/** A part as its item begins; undefined for a message, whose parts begin by themselves. */
const firstPart = (item: Fields): Part | undefined => {
  if (item.type === 'message') return undefined;
  if (item.type === 'reasoning') return { kind: 'thinking', text: '', redacted: false };
  const id = wordOf(item.call_id);
  if (item.type === 'function_call') return { kind: 'toolCall', id, name: wordOf(item.name), input: { json: '' } };
  if (item.type === 'custom_tool_call') return { kind: 'toolCall', id, name: wordOf(item.name), input: { text: '' } };
  return { kind: 'opaque', origin: originOf(item) };
};
/** Brings a part up to what the finished item says of it, and ends it. */
const complete = (item: OpenItem, content: number, whole: Part, parts: Parts): void => {
  if (whole.kind === 'text' || whole.kind === 'refusal') {
    parts.open(item, content, emptyPart(whole.kind));
    parts.rest(item, content, 'text', whole.text, whole.logprobs);
    if (whole.kind === 'text') parts.citations(item, content, whole.citations ?? []);
  } else if (whole.kind === 'thinking') parts.rest(item, content, 'text', whole.text);
  else if (whole.kind === 'toolCall') parts.rest(item, content, 'input', 'json' in whole.input ? whole.input.json : whole.input.text);
  parts.end(item, content, whole);
};
const closeItem = (item: OpenItem, fields: Fields, parts: Parts, reading: Reading): void => {
  if (item.done) return;
  item.done = true;
  const read = readItem(fields, 'output', reading, new Set()).parts;
  // The output of a tool began as an item of the vendor, and ends as one.
  const whole: readonly Part[] = read[0]?.kind === 'toolResult' ? [{ kind: 'opaque', origin: originOf(fields) }] : read;
  const begun = whole[0]?.kind === 'opaque' ? whole[0] : firstPart(fields);
  if (item.parts.size === 0 && begun !== undefined) parts.open(item, 0, begun);
  const opened = [...item.parts.keys()];
  for (const [index, part] of whole.entries()) complete(item, opened[index] ?? index, part, parts);
  for (const content of opened) parts.end(item, content);
};

/** The items of a provider's stream, by their place in its output. */
export interface InputItems {
  /** An event about one item. */
  event(type: string, event: Fields): void;
  /** Opens and closes what the finished output has and the stream has not. */
  finish(output: readonly Fields[]): void;
}
export const inputItems = (reading: Reading, emit: Emit): InputItems => {
  const items = new Map<number, OpenItem>();
  const parts = openParts(emit);
  const itemAt = (index: number, fields: Fields): OpenItem => {
    const known = items.get(index);
    if (known !== undefined) return known;
    const item = newItem(fields);
    items.set(index, item);
    const part = fields.type === undefined ? undefined : firstPart(fields);
    if (part !== undefined) parts.open(item, 0, part);
    return item;
  };
  return {
    event(type, event) {
      const index = asNumber(event.output_index) ?? 0;
      const fields = asObject(event.item) ?? {};
      if (type === 'response.output_item.added') itemAt(index, fields);
      else if (type === 'response.output_item.done') closeItem(itemAt(index, fields), fields, parts, reading);
      else if (Object.hasOwn(HANDLERS, type)) HANDLERS[type]?.(itemAt(index, { id: event.item_id }), event, parts);
      // Progress of hosted tools, and what is not heard of yet, goes back to this surface as it came.
      else if (!REPEATED.has(type)) emit({ type: 'keep', origin: originOf(unnumbered(event)), progress: true });
    },
    finish(output) {
      for (const [index, fields] of output.entries()) closeItem(itemAt(index, fields), fields, parts, reading);
    },
  };
};
