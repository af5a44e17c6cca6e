import type { ChatEvent, ErrorLike, Part, Seal, StreamReader } from '@llm-proxy-auth/plugin';
import { isGatewayError, parseJson } from '@llm-proxy-auth/plugin';
import { noUsage } from '../usage.ts';
import { isContent, readAnnotation, readContent, readLogprobs } from './content.ts';
import { readFailure } from './failure.ts';
import { type Reading, readItem } from './items.ts';
import { type Emit, newItem, type OpenItem, openParts, type Parts } from './open-item.ts';
import { restOf } from './reply.ts';
import { finishOf, startRest, usageOf } from './response.ts';
import { asList, asNumber, asObject, asText, type Fields, isObject, originOf, wordOf } from './wire.ts';

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
/** Events that carry a piece of an open item. What else there is (progress of hosted tools, `*.done`) says nothing that `output_item.done` does not. */
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
  const whole = readItem(fields, 'output', reading, new Set()).parts;
  const begun = whole[0]?.kind === 'opaque' ? whole[0] : firstPart(fields);
  if (item.parts.size === 0 && begun !== undefined) parts.open(item, 0, begun);
  const opened = [...item.parts.keys()];
  for (const [index, part] of whole.entries()) complete(item, opened[index] ?? index, part, parts);
  for (const content of opened) parts.end(item, content);
};

const TERMINAL: ReadonlySet<string> = new Set(['response.completed', 'response.incomplete']);
const bad = (message: string): ErrorLike => ({ code: 'upstream_bad_response', status: 502, message });
const parse = (data: string): Fields | undefined => {
  try {
    return asObject(parseJson(data));
  } catch {
    return undefined;
  }
};

/** Reads a provider's Responses stream. A failure waits for the `error` event that may follow it and say why (maximhq/bifrost#6419). */
export const streamReader = (seal: Seal, emit: Emit): StreamReader => {
  const reading: Reading = { flavour: 'output', hosted: 'carry', seal };
  const items = new Map<number, OpenItem>();
  const parts = openParts(emit);
  let started = false;
  let ended = false;
  let failed: Fields | undefined;

  const start = (response: Fields): void => {
    if (started) return;
    started = true;
    const created = asNumber(response.created_at);
    const tier = asText(response.service_tier);
    const known = { id: wordOf(response.id), model: wordOf(response.model), ...(created === undefined ? {} : { created }) };
    emit({ type: 'start', ...known, ...(tier === undefined || tier === 'auto' ? {} : { tier }), rest: startRest(known, response) });
  };
  const itemAt = (index: number, fields: Fields): OpenItem => {
    const known = items.get(index);
    if (known !== undefined) return known;
    const item = newItem(fields);
    items.set(index, item);
    const part = fields.type === undefined ? undefined : firstPart(fields);
    if (part !== undefined) parts.open(item, 0, part);
    return item;
  };
  const finish = (response: Fields): void => {
    const output = asList(response.output).filter(isObject);
    for (const [index, fields] of output.entries()) closeItem(itemAt(index, fields), fields, parts, reading);
    const reason = finishOf(
      response,
      output.some((item) => item.type === 'function_call' || item.type === 'custom_tool_call'),
    );
    const usage = usageOf(response);
    emit({ type: 'finish', choice: 0, reason });
    if (usage !== undefined) emit({ type: 'usage', usage });
    const created = asNumber(response.created_at);
    const reply = { id: wordOf(response.id), model: wordOf(response.model), ...(created === undefined ? {} : { created }), usage: usage ?? noUsage };
    end({ type: 'end', rest: restOf(reply, { finish: reason }, response) });
  };
  const end = (event: ChatEvent): void => {
    if (ended) return;
    ended = true;
    emit(event);
  };
  const fail = (response: Fields): void => {
    failed = response;
    const usage = usageOf(response);
    if (usage !== undefined) emit({ type: 'usage', usage });
  };
  const handleItem = (type: string, event: Fields): void => {
    const index = asNumber(event.output_index);
    if (index === undefined || failed !== undefined) return;
    const fields = asObject(event.item) ?? {};
    if (type === 'response.output_item.added') itemAt(index, fields);
    else if (type === 'response.output_item.done') closeItem(itemAt(index, fields), fields, parts, reading);
    else if (Object.hasOwn(HANDLERS, type)) HANDLERS[type]?.(itemAt(index, { id: event.item_id }), event, parts);
  };
  const handle = (type: string, event: Fields): void => {
    const response = asObject(event.response);
    if (response !== undefined) start(response);
    if (type === 'error') end({ type: 'error', error: readFailure(failed?.error, event) });
    else if (type === 'response.failed') fail(response ?? {});
    else if (!TERMINAL.has(type)) handleItem(type, event);
    else if (response === undefined) end({ type: 'error', error: bad('The provider ended its stream without a response object.') });
    else finish(response);
  };
  const attempt = (event: Fields): void => {
    try {
      handle(wordOf(event.type), event);
    } catch (e) {
      if (!isGatewayError(e)) throw e;
      end({ type: 'error', error: bad('The provider sent an item that cannot be read.') });
    }
  };
  return {
    event(_type, data) {
      if (ended || data === '[DONE]') return;
      const event = parse(data);
      // The type is taken from the data: some providers send no `event` line, or send it after the data.
      if (event === undefined) end({ type: 'error', error: bad('The provider sent an event that is not JSON.') });
      else attempt(event);
    },
    end() {
      if (failed !== undefined) end({ type: 'error', error: readFailure(failed.error) });
    },
  };
};
