import { GatewayError } from '../error.ts';
import type { Framing } from '../wire.ts';
import { eventStreamPlaces } from './eventstream.ts';
import { type EventStreamHeaders, textHeader } from './eventstream-headers.ts';
import { jsonArrayReader, ndjsonReader } from './json-array.ts';
import { type FrameReader, sseReader } from './sse.ts';

type OnEvent = (type: string, data: string) => void;

/** Of `error` messages the data is `{"message":…}` made of the `:error-message` header, as they have no payload. */
const errorData = (headers: EventStreamHeaders): string => JSON.stringify({ message: textHeader(headers, ':error-message') ?? '' });
/** `event` messages: `:event-type`; exceptions: `exception:throttlingException`; errors: `error:<code>`. */
const typeOf = (headers: EventStreamHeaders): string => {
  const kind = textHeader(headers, ':message-type');
  if (kind === 'error') return `error:${textHeader(headers, ':error-code') ?? ''}`;
  if (kind === 'exception') return `exception:${textHeader(headers, ':exception-type') ?? ''}`;
  return textHeader(headers, ':event-type') ?? 'message';
};
/** Messages as events: the data is the payload. Those with equal headers share their object, which is read once for all of them. */
const messageReader = (onEvent: OnEvent): FrameReader => {
  let known: EventStreamHeaders | undefined;
  let type = '';
  let isError = false;
  return eventStreamPlaces((headers, bytes, start, end, plain) => {
    if (headers !== known) {
      known = headers;
      type = typeOf(headers);
      isError = textHeader(headers, ':message-type') === 'error';
    }
    onEvent(type, isError ? errorData(headers) : (plain ?? bytes.toString('utf8', start, end)));
  });
};

/** The reader of a streamed framing, one entry for all: events as `(type, data)`; `type` is `message` where the framing has none. */
export const frameReader = (framing: Framing, onEvent: OnEvent): FrameReader => {
  const plain = (source: string): void => onEvent('message', source);
  if (framing === 'sse') return sseReader(onEvent);
  if (framing === 'sse-lines') return sseReader(onEvent, { eachLine: true });
  if (framing === 'aws-eventstream') return messageReader(onEvent);
  if (framing === 'json-array') return jsonArrayReader(plain);
  if (framing === 'ndjson') return ndjsonReader(plain);
  throw new GatewayError('internal_error', `An answer framed as ${framing} has no events.`);
};
