import type { Citation, Fields, Kept, Part, TokenLogprob } from '@llm-proxy-auth/plugin';
import { writeAnnotation, writeLogprobs } from './content.ts';
import type { Events } from './events.ts';
import { wordOf } from './wire.ts';

/** A part of the answer as far as it has come. */
export interface GrowingPart {
  part: Part;
  readonly content: number;
  ended: boolean;
}
/** An item of the answer that a client has been told of. */
export interface WritingItem {
  readonly index: number;
  readonly id: string;
  readonly parts: GrowingPart[];
  /** No further part joins it. */
  sealed: boolean;
  /** The finished item, once the client has it. */
  done: Fields | undefined;
}
/** Where an event belongs. */
const at = (item: WritingItem): Fields => ({ item_id: item.id, output_index: item.index });
const inContent = (item: WritingItem, growing: GrowingPart): Fields => ({ ...at(item), content_index: growing.content });
const inSummary = (item: WritingItem): Fields => ({ ...at(item), summary_index: 0 });

const emptyContent = (part: Part): Fields =>
  part.kind === 'refusal' ? { type: 'refusal', refusal: '' } : { type: 'output_text', annotations: [], logprobs: [], text: '' };
/** The item as it begins, without content. */
export const emptyItem = (part: Part, id: string, own: Fields | undefined): Fields => {
  if (part.kind === 'thinking') return { id, type: 'reasoning', summary: [] };
  if (part.kind === 'toolCall' && 'text' in part.input)
    return { id, type: 'custom_tool_call', status: 'in_progress', call_id: part.id, input: '', name: part.name };
  if (part.kind === 'toolCall') return { id, type: 'function_call', status: 'in_progress', arguments: '', call_id: part.id, name: part.name };
  return own ?? { id, type: 'message', status: 'in_progress', content: [], role: 'assistant' };
};
/** Events that announce a part of an item that is open. */
export const beginPart = (item: WritingItem, growing: GrowingPart, events: Events): string => {
  const { kind } = growing.part;
  return kind === 'text' || kind === 'refusal'
    ? events.write('response.content_part.added', { ...inContent(item, growing), part: emptyContent(growing.part) })
    : '';
};

const withText = (part: Part, text: string, logprobs: readonly TokenLogprob[] | undefined): Part => {
  if (part.kind === 'toolCall') return { ...part, input: 'json' in part.input ? { json: part.input.json + text } : { text: part.input.text + text } };
  if (part.kind !== 'text' && part.kind !== 'refusal' && part.kind !== 'thinking') return part;
  const grown = { ...part, text: part.text + text };
  return logprobs === undefined || grown.kind === 'thinking' ? grown : { ...grown, logprobs: [...(grown.logprobs ?? []), ...logprobs] };
};
/** A piece of a part's text or input. */
export const growPart = (item: WritingItem, growing: GrowingPart, text: string, logprobs: readonly TokenLogprob[] | undefined, events: Events): string => {
  const before = growing.part;
  growing.part = withText(before, text, logprobs);
  if (text === '' && (logprobs ?? []).length === 0) return '';
  if (before.kind === 'text')
    return events.write('response.output_text.delta', { ...inContent(item, growing), delta: text, logprobs: writeLogprobs(logprobs ?? []) });
  if (before.kind === 'refusal') return events.write('response.refusal.delta', { ...inContent(item, growing), delta: text });
  if (before.kind === 'toolCall') {
    const type = 'json' in before.input ? 'response.function_call_arguments.delta' : 'response.custom_tool_call_input.delta';
    return events.write(type, { ...at(item), delta: text });
  }
  if (before.kind !== 'thinking') return '';
  const opening =
    before.text === '' ? events.write('response.reasoning_summary_part.added', { ...inSummary(item), part: { type: 'summary_text', text: '' } }) : '';
  return opening + events.write('response.reasoning_summary_text.delta', { ...inSummary(item), delta: text });
};
export const citePart = (item: WritingItem, growing: GrowingPart, citation: Citation, events: Events): string => {
  if (growing.part.kind !== 'text') return '';
  const before = growing.part.citations ?? [];
  growing.part = { ...growing.part, citations: [...before, citation] };
  const annotation = writeAnnotation(citation);
  if (annotation === undefined) return '';
  const place = before.filter((other) => writeAnnotation(other) !== undefined).length;
  return events.write('response.output_text.annotation.added', { ...inContent(item, growing), annotation_index: place, annotation });
};

const endText = (item: WritingItem, growing: GrowingPart, text: string, content: Fields, events: Events): string => {
  const said =
    growing.part.kind === 'refusal'
      ? events.write('response.refusal.done', { ...inContent(item, growing), refusal: text })
      : events.write('response.output_text.done', { ...inContent(item, growing), text, logprobs: content.logprobs ?? [] });
  return said + events.write('response.content_part.done', { ...inContent(item, growing), part: content });
};
const endSummary = (item: WritingItem, text: string, events: Events): string =>
  text === ''
    ? ''
    : events.write('response.reasoning_summary_text.done', { ...inSummary(item), text }) +
      events.write('response.reasoning_summary_part.done', { ...inSummary(item), part: { type: 'summary_text', text } });
/** Events that end a part. `whole`: its finished item (a message's: its content entry). */
export const endPart = (item: WritingItem, growing: GrowingPart, whole: Fields, events: Events): string => {
  const { part } = growing;
  if (part.kind === 'text' || part.kind === 'refusal') return endText(item, growing, part.text, whole, events);
  if (part.kind === 'thinking') return endSummary(item, part.text, events);
  if (part.kind !== 'toolCall') return '';
  if ('text' in part.input) return events.write('response.custom_tool_call_input.done', { ...at(item), input: wordOf(whole.input) });
  return events.write('response.function_call_arguments.done', { ...at(item), arguments: wordOf(whole.arguments), name: part.name });
};
/** What the end of a part brings. */
export const settlePart = (growing: GrowingPart, kept: Kept): void => {
  const rest = kept.rest === undefined ? {} : { rest: { ...growing.part.rest, ...kept.rest } };
  growing.part = { ...growing.part, ...(kept.origin === undefined ? {} : { origin: kept.origin }), ...rest } as Part;
  growing.ended = true;
};
