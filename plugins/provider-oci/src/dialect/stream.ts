import {
  asObject,
  type Call,
  type ChatEvent,
  type ErrorLike,
  type Fields,
  GatewayError,
  isGatewayError,
  type Json,
  parseJson,
  type StreamReader,
  some,
  type Usage,
} from '@llm-proxy-auth/plugin';
import { namingLosses } from './beyond.ts';
import { readEvent } from './read-error.ts';
import { readUsage } from './usage.ts';

export type Emit = (e: ChatEvent) => void;
/** How one format reads the events of its streams. */
export interface Format {
  /** Name under which fields of this surface are kept. */
  readonly rest: string;
  /** What comes for a choice that said why it ended means nothing any more. Throws GatewayError for what makes no sense. */
  take(event: Fields): void;
  /** Each choice said why it ended. */
  finished(): boolean;
  /** What belongs to the whole answer and has no place in the conversation. */
  left(): Fields;
}
const truncated = (): GatewayError => new GatewayError('upstream_stream_truncated', 'The provider ended the stream before it finished its answer.');
const noSense = (cause?: unknown): GatewayError => new GatewayError('upstream_bad_response', 'The provider sent an event that makes no sense.', { cause });
const parsed = (data: string): Fields => {
  let value: Json;
  try {
    value = parseJson(data);
  } catch (cause) {
    throw noSense(cause);
  }
  const event = asObject(value);
  if (event === undefined) throw noSense();
  return event;
};

/**
 * Reads a stream of any format: JSON objects as events, usage at last. It is whole when each choice said why it ended and the transport,
 * or `[DONE]`, ended it: usage comes behind the reasons, and no word of the format comes behind usage.
 */
export const readStream = (call: Call, to: Emit, make: (emit: Emit) => Format): StreamReader => {
  const emit = namingLosses(call, to);
  const format = make(emit);
  let started = false;
  let over = false;
  let usage: Usage | undefined;
  const fail = (error: ErrorLike): void => {
    over = true;
    emit({ type: 'error', error });
  };
  const done = (): void => {
    if (over) return;
    if (!format.finished()) return fail(truncated());
    over = true;
    if (usage !== undefined) emit({ type: 'usage', usage });
    const fields = format.left();
    emit({ type: 'end', ...some('rest', Object.keys(fields).length === 0 ? undefined : { from: format.rest, fields }) });
  };
  const take = (event: Fields): void => {
    const error = readEvent(event);
    if (error !== undefined) return fail(error);
    if (!started) emit({ type: 'start', id: call.id, model: call.model });
    started = true;
    const { pad: _padding, usage: counted, ...said } = event;
    usage = readUsage(counted) ?? usage;
    format.take(said);
  };
  return {
    event(type, data) {
      if (over || type === 'ping' || data.trim() === '') return;
      if (data.trim() === '[DONE]') return done();
      try {
        take(parsed(data));
      } catch (cause) {
        fail(isGatewayError(cause) ? cause : noSense(cause));
      }
    },
    end: done,
  };
};
