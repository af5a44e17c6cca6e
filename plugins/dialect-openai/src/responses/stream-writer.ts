import type { Call, ChatEvent, ErrorLike, Finish, Part, Seal, StreamWriter, Usage } from '@llm-proxy-auth/plugin';
import { noUsage } from '../usage.ts';
import { writeContent } from './content.ts';
import { eventsFrom, failureEvents } from './events.ts';
import { errorFields, responseError } from './failure.ts';
import { type Remainder, restore } from './remainder.ts';
import { answeringOf, cutOff, isShown, known, noteLost, outputId, outputItem } from './reply.ts';
import { composeResponse, startResponse, statusOf } from './response.ts';
import { sharesItem } from './sequence.ts';
import { asObject, type Fields, isObject, ownOrigin, SURFACE } from './wire.ts';
import { beginPart, citePart, emptyItem, endPart, type GrowingPart, growPart, settlePart, type WritingItem } from './writing-item.ts';

type Event<T extends ChatEvent['type']> = Extract<ChatEvent, { type: T }>;
const IN_PROGRESS: Fields = Object.freeze({ status: 'in_progress' });
const isMessage = (part: Part | undefined): boolean => part?.kind === 'text' || part?.kind === 'refusal';

/** Writes an answer as Responses events, in the order that the SDKs' helpers demand. */
export const streamWriter = (call: Call, seal: Seal): StreamWriter => {
  const events = eventsFrom(0);
  const items: WritingItem[] = [];
  const places = new Map<number, { readonly item: WritingItem; readonly growing: GrowingPart }>();
  let begun: Event<'start'> | undefined;
  let started = false;
  let ended = false;
  let finish: Finish = 'stop';
  let usage: Usage | undefined;
  let answering = answeringOf(call, seal, false);

  const created = (): number => begun?.created ?? Math.floor(call.now / 1000);
  const soFar = (): readonly Fields[] => items.map((item) => item.done ?? { ...whole(item), status: 'incomplete' });
  const compose = (status: Fields, error?: Fields): Fields => {
    const answer = { id: begun?.id || answering.ids.response, created: created(), tier: begun?.tier, output: soFar(), usage, status, error };
    if (!answering.own || begun?.rest === undefined) return composeResponse(call, answer);
    return { ...startResponse(begun, begun.rest, call.requestedModel), ...status, ...(error === undefined ? {} : { error }), output: answer.output };
  };
  const start = (): string => {
    if (started) return '';
    started = true;
    const response = compose(IN_PROGRESS);
    return events.write('response.created', { response }) + events.write('response.in_progress', { response });
  };
  const whole = (item: WritingItem): Fields =>
    outputItem(
      item.parts.map((growing) => growing.part),
      item.index,
      answering,
    ) ?? {};

  const closeItem = (item: WritingItem): string => {
    if (item.done !== undefined) return '';
    const last = item === items.at(-1) && !answering.own;
    item.done = last && item.sealed ? cutOff(whole(item), { finish }) : whole(item);
    return events.write('response.output_item.done', { output_index: item.index, item: item.done });
  };
  const sealItem = (item: WritingItem | undefined): string => {
    if (item === undefined || item.done !== undefined) return '';
    item.sealed = true;
    return item.parts.every((growing) => growing.ended) ? closeItem(item) : '';
  };
  const open = (part: Part): { readonly item: WritingItem; readonly text: string } => {
    const before = items.at(-1);
    const last = before?.parts.at(-1)?.part;
    if (before !== undefined && !before.sealed && sharesItem(last, part, answering.own)) return { item: before, text: '' };
    const closing = isMessage(last) ? sealItem(before) : '';
    const index = items.length;
    const id = outputId(part, index, answering);
    const item: WritingItem = { index, id, parts: [], sealed: !isMessage(part), done: undefined };
    items.push(item);
    const own = part.kind === 'opaque' ? ownOrigin(part.origin) : undefined;
    return { item, text: closing + events.write('response.output_item.added', { output_index: index, item: emptyItem(named(part, index), id, own) }) };
  };
  const named = (part: Part, index: number): Part => (part.kind === 'toolCall' && part.id === '' ? { ...part, id: answering.ids.call(index) } : part);

  const onPart = (e: Event<'part'>): string => {
    if (!isShown(e.part)) {
      noteLost(e.part, call);
      return '';
    }
    const { item, text } = open(e.part);
    const growing: GrowingPart = { part: blank(e.part), content: item.parts.length, ended: false };
    item.parts.push(growing);
    places.set(e.index, { item, growing });
    const said = textIn(e.part);
    const cited = e.part.kind === 'text' ? (e.part.citations ?? []).map((citation) => citePart(item, growing, citation, events)).join('') : '';
    return text + beginPart(item, growing, events) + growPart(item, growing, said, e.part.kind === 'text' ? e.part.logprobs : undefined, events) + cited;
  };
  const endGrowing = (item: WritingItem, growing: GrowingPart, kept: Event<'part-end'> | undefined): string => {
    if (growing.ended) return '';
    // A call without arguments is a call with an empty object: clients parse what they have joined.
    const bare = growing.part.kind === 'toolCall' && 'json' in growing.part.input && growing.part.input.json === '';
    const missing = bare ? growPart(item, growing, '{}', undefined, events) : '';
    settlePart(growing, kept ?? {});
    const content = isMessage(growing.part) ? writeContent(growing.part, { flavour: 'output', output: true, own: true }) : whole(item);
    const text = missing + endPart(item, growing, content ?? {}, events);
    return text + (item.sealed && item.parts.every((other) => other.ended) ? closeItem(item) : '');
  };
  const onFinish = (e: Event<'finish'>): string => {
    finish = e.reason;
    let text = '';
    for (const item of items) {
      for (const growing of item.parts) text += endGrowing(item, growing, undefined);
      text += sealItem(item);
    }
    return text;
  };
  const onEnd = (e: Event<'end'>): string => {
    if (ended) return '';
    ended = true;
    const { form } = asObject(e.rest?.fields) ?? {};
    const own = answering.own && e.rest?.from === SURFACE && begun !== undefined;
    const reply = {
      id: begun?.id ?? '',
      model: begun?.model ?? '',
      ...(begun?.created === undefined ? {} : { created: begun.created }),
      usage: usage ?? noUsage,
    };
    const response = own
      ? restore(known(reply, { finish }, soFar(), call.requestedModel), isObject(form) ? (form as Remainder) : undefined)
      : compose(statusOf(finish));
    return events.write(response.status === 'incomplete' ? 'response.incomplete' : 'response.completed', { response });
  };
  const fail = (e: ErrorLike): string => {
    if (ended) return '';
    const opening = start();
    ended = true;
    return opening + failureEvents(events, compose({ status: 'failed', incomplete_details: null }, responseError(e)), errorFields(e));
  };
  const event = (e: ChatEvent): string => {
    if (ended || ('choice' in e && e.choice !== 0)) return '';
    if (e.type === 'start') {
      begun = e;
      answering = answeringOf(call, seal, e.rest?.from === SURFACE);
      return start();
    }
    if (e.type === 'usage') usage = e.usage;
    if (e.type === 'error') return fail(e.error);
    if (e.type === 'part') return start() + onPart(e);
    if (e.type === 'finish') return start() + onFinish(e);
    if (e.type === 'end') return start() + onEnd(e);
    const place = 'index' in e ? places.get(e.index) : undefined;
    if (place === undefined) return '';
    if (e.type === 'delta') return e.field === 'text' || e.field === 'input' ? growPart(place.item, place.growing, e.text, e.logprobs, events) : '';
    if (e.type === 'citation') return citePart(place.item, place.growing, e.citation, events);
    return e.type === 'part-end' ? endGrowing(place.item, place.growing, e) : '';
  };
  return { type: 'text/event-stream; charset=utf-8', event, error: fail, end: () => '', idle: () => ': ping\n\n' };
};

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
