import {
  asNumber,
  asObject,
  asText,
  type Bytes,
  type ErrorLike,
  type Fields,
  type Framing,
  GatewayError,
  isGatewayError,
  parseJson,
  some,
  sseReader,
  type Tap,
  type TapState,
  type Verdict,
} from '@llm-proxy-auth/plugin';
import { idsMade } from '../named-ids.ts';
import { eventsFrom, failureEvents } from './events.ts';
import { errorFields, readFailure, responseError } from './failure.ts';
import { usageOf } from './response.ts';

/**
 * Only the events that open and end a stream hold a response, and only failures hold an error. Quotes inside JSON strings are
 * escaped, so neither word matches within a text; a text that is nothing but the word costs one needless look.
 */
const RARE: readonly Buffer[] = Object.freeze([Buffer.from('"response"'), Buffer.from('"error"')]);
/** The type of an event, wherever in it the member stands: nothing inside a response has a type that begins so. */
const TYPE = /"type"\s*:\s*"(response\.[a-z_.]+)"/;
const CONTENT = /^response\.(?:output_text|refusal|reasoning_summary_text|reasoning_text|function_call_arguments|custom_tool_call_input)\.delta$/;
/** An item that shows something although no delta came: a call without arguments, a hosted tool at work. */
const ITEM = 'response.output_item.added';
const QUIET_ITEM = /"type"\s*:\s*"(?:message|reasoning)"/;

const view = (chunk: Bytes): Buffer => (Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
const isRare = (chunk: Buffer): boolean => RARE.some((word) => chunk.includes(word));
const parse = (data: Bytes | string): Fields | undefined => {
  try {
    return asObject(parseJson(data));
  } catch (e) {
    if (isGatewayError(e)) return undefined;
    throw e;
  }
};
/** An error in the envelope of an answer, without a type: what stands before the service fails so in a stream too. */
const BARE = /^\s*\{\s*"error"\s*:\s*\{/;
const typeOf = (data: string): string => {
  if (BARE.test(data)) return 'error';
  return TYPE.exec(data)?.[1] ?? (/"type"\s*:\s*"error"/.test(data) ? 'error' : '');
};
/** Bytes that an event may have where whole events pass; a terminal event holds every image of its answer. */
const LARGEST = 16 * 1024 * 1024;
/** The data of every event of a chunk of whole events. */
const eventsIn = (chunk: Bytes): readonly string[] => {
  const found: string[] = [];
  const reader = sseReader((_type, data) => found.push(data), { line: LARGEST, event: LARGEST });
  try {
    reader.push(chunk);
    reader.end();
  } catch (e) {
    if (!(e instanceof GatewayError)) throw e;
  }
  return found;
};

/** Watches a passing Responses stream. In the flow of deltas it searches bytes and parses nothing. */
const streamTap = (): Tap => {
  let opening: string | undefined;
  let terminal: Fields | undefined;
  let failed: Fields | undefined;
  let error: ErrorLike | undefined;
  let last: Bytes | undefined;

  const shows = (type: string, data: string): boolean => CONTENT.test(type) || (type === ITEM && !QUIET_ITEM.test(data));
  const onEnd = (type: string, data: string): void => {
    const event = parse(data);
    if (event === undefined || (asText(event.type) ?? 'error') !== type) return;
    terminal = asObject(event.response) ?? terminal;
    if (type === 'response.completed' || type === 'response.incomplete') tap.state = 'done';
    else {
      tap.state = 'failed';
      if (type === 'error') error = readFailure(failed?.error, event);
      else failed = asObject(event.response) ?? {};
    }
  };
  const onEvent = (data: string): void => {
    const type = typeOf(data);
    if (tap.state === 'done' || error !== undefined) return;
    if (type === 'response.created' || type === 'response.in_progress' || type === 'response.queued') opening ??= data;
    else if (type === 'response.completed' || type === 'response.incomplete' || type === 'response.failed' || type === 'error') onEnd(type, data);
    else if (tap.state === 'waiting' && shows(type, data)) tap.state = 'content';
  };
  /** The response as it was opened; its members are the best there is until the terminal event. */
  const opened = (): Fields | undefined => terminal ?? (opening === undefined ? undefined : asObject(parse(opening)?.response));
  const nextNumber = (): number => {
    const numbers = last === undefined ? [] : eventsIn(last).map((data) => asNumber(parse(data)?.sequence_number) ?? -1);
    return Math.max(-1, ...numbers) + 1;
  };
  // No getter: in a literal it would be a shape of its own for each answer.
  const tap: Tap & { state: TapState } = {
    state: 'waiting',
    bytes(chunk) {
      last = chunk;
      const bytes = view(chunk);
      if (tap.state === 'waiting' || isRare(bytes)) for (const data of eventsIn(bytes)) onEvent(data);
    },
    fail(e) {
      const response = opened();
      const events = eventsFrom(nextNumber());
      const snapshot = response === undefined ? undefined : { ...response, status: 'failed', error: responseError(e), usage: response.usage ?? null };
      return failureEvents(events, snapshot, errorFields(e));
    },
    idle: () => ': ping\n\n',
    end() {
      const failure = error ?? (failed === undefined ? undefined : readFailure(failed.error));
      return { ...verdictOf(opened()), complete: tap.state === 'done', ...some('error', failure) };
    },
  };
  return tap;
};
const verdictOf = (response: Fields | undefined): Omit<Verdict, 'complete'> =>
  response === undefined
    ? {}
    : { ...some('usage', usageOf(response)), ...some('id', asText(response.id)), ids: idsMade(response), ...some('model', asText(response.model)) };

/** Watches a JSON answer: one parse, at its end. */
const replyTap = (): Tap => {
  const pieces: Bytes[] = [];
  const tap: Tap & { state: TapState } = {
    state: 'waiting',
    bytes: (chunk) => {
      pieces.push(chunk);
      tap.state = 'content';
    },
    fail: (e) => failureEvents(eventsFrom(0), undefined, errorFields(e)),
    end() {
      const response = parse(Buffer.concat(pieces));
      if (response === undefined) return { complete: false };
      const failure = asObject(response.error);
      return { ...verdictOf(response), complete: failure === undefined, ...some('error', failure === undefined ? undefined : readFailure(failure)) };
    },
  };
  return tap;
};
export const responsesTap = (framing: Framing): Tap => (framing === 'sse' ? streamTap() : replyTap());
