import type { Call, ChatEvent, Fields, Finish, Kept, Part } from '@llm-proxy-auth/plugin';
import { writeBreakpoint } from '../breakpoints.ts';
import { noteCitations, writeContent } from './content.ts';
import type { Events } from './events.ts';
import { type Answering, cutOff, isShown, noteLost, noteProof, outputId, outputItem } from './reply.ts';
import { sharesItem } from './sequence.ts';
import { ownOrigin } from './wire.ts';
import { beginPart, citePart, emptyItem, endPart, type GrowingPart, growPart, settlePart, type WritingItem } from './writing-item.ts';

type Event<T extends ChatEvent['type']> = Extract<ChatEvent, { type: T }>;
/** The items of an answer that streams: each is opened before anything of it is said, and closed once with the same id. */
export interface OutputItems {
  open(e: Event<'part'>): string;
  grow(e: Event<'delta'>): string;
  cite(e: Event<'citation'>): string;
  end(e: Event<'part-end'>): string;
  /** Closes whatever is open. */
  finish(reason: Finish): string;
  /** Items in order of opening; those still open say that they are incomplete. */
  soFar(): readonly Fields[];
}
const isMessage = (part: Part | undefined): boolean => part?.kind === 'text' || part?.kind === 'refusal';
/** The text or input that a part already has when it begins. */
const textIn = (part: Part): string => {
  if (part.kind === 'toolCall') return 'json' in part.input ? part.input.json : part.input.text;
  return part.kind === 'text' || part.kind === 'refusal' || part.kind === 'thinking' ? part.text : '';
};
const blank = (part: Part): Part => {
  if (part.kind === 'toolCall') return { ...part, input: 'json' in part.input ? { json: '' } : { text: '' } };
  if (part.kind === 'text') return { ...part, text: '', logprobs: undefined, citations: undefined };
  return part.kind === 'refusal' || part.kind === 'thinking' ? { ...part, text: '' } : part;
};
const allEnded = (item: WritingItem): boolean => item.parts.every((growing) => growing.ended);
const noArguments = ({ part }: GrowingPart): boolean => part.kind === 'toolCall' && 'json' in part.input && part.input.json === '';

export const outputItems = (call: Call, events: Events, answering: Answering): OutputItems => {
  const items: WritingItem[] = [];
  const places = new Map<number, { readonly item: WritingItem; readonly growing: GrowingPart }>();
  let finish: Finish = 'stop';

  const whole = (item: WritingItem): Fields =>
    outputItem(
      item.parts.map((growing) => growing.part),
      item.index,
      answering,
    ) ?? {};
  const close = (item: WritingItem): string => {
    if (item.done !== undefined) return '';
    item.done = item === items.at(-1) && !answering.own ? cutOff(whole(item), { finish }) : whole(item);
    return events.write('response.output_item.done', { output_index: item.index, item: item.done });
  };
  const seal = (item: WritingItem): string => {
    item.sealed = true;
    return allEnded(item) ? close(item) : '';
  };
  const named = (part: Part, index: number): Part => (part.kind === 'toolCall' && part.id === '' ? { ...part, id: answering.ids.call(index) } : part);
  /** The open message where the part joins it, else a new item; `said`: what that took. */
  const itemFor = (part: Part): { readonly item: WritingItem; readonly said: string } => {
    const before = items.at(-1);
    const last = before?.parts.at(-1)?.part;
    if (before !== undefined && !before.sealed && sharesItem(last, part, answering.own)) return { item: before, said: '' };
    const closing = before !== undefined && isMessage(last) ? seal(before) : '';
    const index = items.length;
    const item: WritingItem = { index, id: outputId(part, index, answering), parts: [], sealed: !isMessage(part), done: undefined };
    items.push(item);
    const empty = emptyItem(named(part, index), item.id, part.kind === 'opaque' ? ownOrigin(part.origin) : undefined);
    return { item, said: closing + events.write('response.output_item.added', { output_index: index, item: empty }) };
  };
  const begin = (item: WritingItem, growing: GrowingPart, part: Part): string => {
    const { citations, logprobs } = part.kind === 'text' ? part : {};
    const said = growPart(item, growing, textIn(part), logprobs, events);
    return beginPart(item, growing, events) + said + (citations ?? []).map((citation) => citePart(item, growing, citation, events)).join('');
  };
  const endGrowing = (item: WritingItem, growing: GrowingPart, kept: Kept): string => {
    if (growing.ended) return '';
    // A call without arguments is a call with an empty object: clients parse what they have joined.
    const missing = noArguments(growing) ? growPart(item, growing, '{}', undefined, events) : '';
    settlePart(growing, kept);
    const content = isMessage(growing.part) ? writeContent(growing.part, { flavour: 'output', output: true, marking: writeBreakpoint }) : whole(item);
    const said = missing + endPart(item, growing, content ?? {}, events);
    return said + (item.sealed && allEnded(item) ? close(item) : '');
  };
  return {
    open({ index, part }) {
      noteLost(part, call);
      if (!isShown(part)) return '';
      const { item, said } = itemFor(part);
      const growing: GrowingPart = { part: blank(part), content: item.parts.length, ended: false };
      item.parts.push(growing);
      places.set(index, { item, growing });
      return said + begin(item, growing, part);
    },
    grow({ index, field, text, logprobs }) {
      if (logprobs !== undefined && places.get(index)?.growing.part.kind === 'refusal')
        call.ledger.note('ignored', 'choices.parts.logprobs', 'A refusal has no logprobs.');
      const place = field === 'text' || field === 'input' ? places.get(index) : undefined;
      return place === undefined ? '' : growPart(place.item, place.growing, text, logprobs, events);
    },
    cite({ index, citation }) {
      const place = places.get(index);
      noteCitations([citation], 'choices', call.ledger);
      return place === undefined ? '' : citePart(place.item, place.growing, citation, events);
    },
    end(e) {
      const place = places.get(e.index);
      if (place !== undefined) noteProof(place.growing.part, e.origin, call.ledger);
      return place === undefined ? '' : endGrowing(place.item, place.growing, e);
    },
    finish(reason) {
      finish = reason;
      return items.map((item) => item.parts.map((growing) => endGrowing(item, growing, {})).join('') + seal(item)).join('');
    },
    soFar: () => items.map((item) => item.done ?? { ...whole(item), status: 'incomplete' }),
  };
};
