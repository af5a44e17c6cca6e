import { GatewayError } from '../error.ts';
import type { Bytes, Framing } from '../wire.ts';
import { eventStreamReader } from './eventstream.ts';
import { type EventStreamHeaders, textHeader } from './eventstream-headers.ts';
import { view } from './held.ts';
import { jsonArrayReader, ndjsonReader } from './json-array.ts';
import { type FrameReader, sseReader } from './sse.ts';

type OnEvent = (type: string, data: string) => void;

/**
 * `event` messages: type = `:event-type`, data = payload. Exceptions: type = `exception:throttlingException`, data = payload.
 * Errors: type = `error:<code>`, data = `{"message":…}` made of the `:error-message` header, as they have no payload.
 */
const message = (headers: EventStreamHeaders, payload: Bytes, onEvent: OnEvent): void => {
  const kind = textHeader(headers, ':message-type');
  const data = view(payload).toString('utf8');
  if (kind === 'error') onEvent(`error:${textHeader(headers, ':error-code') ?? ''}`, JSON.stringify({ message: textHeader(headers, ':error-message') ?? '' }));
  else if (kind === 'exception') onEvent(`exception:${textHeader(headers, ':exception-type') ?? ''}`, data);
  else onEvent(textHeader(headers, ':event-type') ?? 'message', data);
};

/** The reader of a streamed framing, one entry for all: events as `(type, data)`; `type` is `message` where the framing has none. */
export const frameReader = (framing: Framing, onEvent: OnEvent): FrameReader => {
  const plain = (source: string): void => onEvent('message', source);
  if (framing === 'sse') return sseReader(onEvent);
  if (framing === 'sse-lines') return sseReader(onEvent, { eachLine: true });
  if (framing === 'aws-eventstream') return eventStreamReader((headers, payload) => message(headers, payload, onEvent));
  if (framing === 'json-array') return jsonArrayReader(plain);
  if (framing === 'ndjson') return ndjsonReader(plain);
  throw new GatewayError('internal_error', `An answer framed as ${framing} has no events.`);
};
