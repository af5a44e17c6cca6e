import {
  asObject,
  type Call,
  type ChatEvent,
  type ErrorLike,
  type Fields,
  type Finish,
  type Remainder,
  restore,
  type Seal,
  type StreamWriter,
  type Usage,
} from '@llm-proxy-auth/plugin';
import { countedIn, loseEstimate, loseKinds } from '../lost.ts';
import { noUsage } from '../usage.ts';
import { eventsFrom, failureEvents } from './events.ts';
import { errorFields, responseError } from './failure.ts';
import { outputItems } from './output-items.ts';
import { answeringOf, known, noteChoices, noteEnd } from './reply.ts';
import { composeResponse, startResponse, statusOf } from './response.ts';
import { ownOrigin, SURFACE } from './wire.ts';

type Event<T extends ChatEvent['type']> = Extract<ChatEvent, { type: T }>;

/** Writes an answer as Responses events, in the order that the SDKs' helpers demand. */
export const streamWriter = (call: Call, seal: Seal): StreamWriter & { event(e: ChatEvent): string } => {
  const events = eventsFrom(0);
  let begun: Event<'start'> | undefined;
  let started = false;
  let ended = false;
  let finish: Finish = 'stop';
  let usage: Usage | undefined;
  let answering = answeringOf(call, seal, false);
  let items = outputItems(call, events, answering);

  /** The response so far; an answer of this surface keeps the members its provider gave it. */
  const compose = (status: Fields, error?: Fields): Fields => {
    const output = items.soFar();
    if (begun?.rest !== undefined && answering.own)
      return { ...startResponse(begun, begun.rest, call.requestedModel), ...status, ...(error === undefined ? {} : { error }), output };
    const created = begun?.created ?? Math.floor(call.now / 1000);
    return composeResponse(call, { id: begun?.id || answering.ids.response, created, tier: begun?.tier, output, usage, status, error });
  };
  const start = (): string => {
    if (started) return '';
    started = true;
    const response = compose({ status: 'in_progress' });
    return events.write('response.created', { response }) + events.write('response.in_progress', { response });
  };
  const begin = (e: Event<'start'>): string => {
    begun = e;
    answering = answeringOf(call, seal, e.rest?.from === SURFACE);
    items = outputItems(call, events, answering);
    return start();
  };
  const finished = (e: Event<'end'>): Fields => {
    if (begun === undefined || !answering.own || e.rest?.from !== SURFACE) return compose(statusOf(finish));
    const form = asObject(e.rest.fields.form) as Remainder | undefined;
    return restore(known({ ...begun, usage: usage ?? noUsage }, { finish }, items.soFar(), call.requestedModel), form);
  };
  const end = (e: Event<'end'>): string => {
    ended = true;
    const response = finished(e);
    return events.write(response.status === 'incomplete' ? 'response.incomplete' : 'response.completed', { response });
  };
  const fail = (e: ErrorLike): string => {
    if (ended) return '';
    const opening = start();
    ended = true;
    return opening + failureEvents(events, compose({ status: 'failed', incomplete_details: null }, responseError(e)), errorFields(e));
  };
  const close = (reason: Finish): string => {
    finish = reason;
    return items.finish(reason);
  };
  const other = (): string => {
    noteChoices(call);
    return '';
  };
  /** An event that only the vendor understands, with its number in this stream. */
  const keep = ({ origin, progress }: Event<'keep'>): string => {
    const { type, ...fields } = ownOrigin(origin) ?? {};
    if (progress === true && answering.own && typeof type === 'string') return start() + events.write(type, fields);
    call.ledger.note('ignored', 'choices.parts.opaque', 'The Responses API has no item for it.');
    return '';
  };
  const event = (e: ChatEvent): string => {
    if (ended || ('choice' in e && e.choice !== 0)) return ended ? '' : other();
    if (e.type === 'start') return begin(e);
    if (e.type === 'usage') {
      usage = e.usage;
      loseEstimate(countedIn(usage), call.ledger);
      loseKinds(usage, call.ledger);
    }
    if (e.type === 'finish') noteEnd(e, call);
    if (e.type === 'keep') return keep(e);
    if (e.type === 'error') return fail(e.error);
    if (e.type === 'part') return start() + items.open(e);
    if (e.type === 'delta') return items.grow(e);
    if (e.type === 'citation') return items.cite(e);
    if (e.type === 'part-end') return items.end(e);
    if (e.type === 'finish') return start() + close(e.reason);
    return e.type === 'end' ? start() + end(e) : '';
  };
  return { type: 'text/event-stream; charset=utf-8', event, error: fail, end: () => '', idle: () => ': ping\n\n' };
};
