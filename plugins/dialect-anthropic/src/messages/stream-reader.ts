import { Buffer } from 'node:buffer';
import {
  asNumber,
  asObject,
  asText,
  type Building,
  type Call,
  type ChatEvent,
  type ErrorLike,
  type Fields,
  GatewayError,
  isGatewayError,
  isObject,
  type Json,
  parseJson,
  type RefusalPart,
  type StreamReader,
  some,
  UNESCAPED,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { readTier, stopSequenceOf } from '../finish.ts';
import { METRICS, measured } from '../measured.ts';
import { readErrorObject, readException } from '../read-error.ts';
import { mergeUsage, readUsage } from '../usage.ts';
import { MESSAGES } from '../wire.ts';
import { noteBeyond, noteUsage } from './beyond.ts';
import { type Memo, NO_MEMO } from './memo.ts';
import { isBlock, OpenBlock } from './open-block.ts';
import { choiceRest, finishOf, messageRest, noteEnd, refusalOf } from './reply.ts';

type Emit = (e: ChatEvent) => void;
const DELTA: ReadonlySet<string> = new Set(['stop_reason', 'stop_sequence', 'stop_details']);
const EVENT: ReadonlySet<string> = new Set(['type', 'delta', 'usage']);
/** Most events are text in which nothing is escaped: it stands between known words, and no parser is needed. */
const BEFORE_INDEX = '{"type":"content_block_delta","index":';
const BEFORE_TEXT = ',"delta":{"type":"text_delta","text":"';
/** Braces stand for themselves where no number follows. */
const PLAIN_TEXT = new RegExp(String.raw`^${BEFORE_INDEX}(?:0|[1-9]\d{0,8})${BEFORE_TEXT}${UNESCAPED}"[\t\n\r ]*\}[\t\n\r ]*\}[\t\n\r ]*$`);
const wrong = (why: string): GatewayError => new GatewayError('upstream_bad_response', `The provider sent a stream that does not fit together: ${why}.`);

/** An event of the vendor inside an AWS event-stream message: `{"bytes":"<base64>"}`. */
const unwrapped = (data: string): string => {
  const bytes = asText(asObject(parseJson(data))?.bytes);
  if (bytes === undefined) throw wrong('a chunk without bytes');
  return Buffer.from(bytes, 'base64').toString('utf8');
};
/** Reads a stream of messages, in server-sent events or in an AWS event stream. It is whole at `message_stop`, whatever the transport does. */
export class MessageReader implements StreamReader {
  readonly #call: Call;
  readonly #memo: Memo;
  readonly #emit: Emit;
  readonly #blocks = new Map<number, OpenBlock>();
  #parts = 0;
  #model = '';
  #started = false;
  #over = false;
  #usage: Fields | undefined;
  /** What `message_delta` said, the last of each. */
  #delta: Fields | undefined;
  #rest: Building = {};

  constructor(call: Call, memo: Memo | undefined, emit: Emit) {
    this.#call = call;
    this.#memo = memo ?? NO_MEMO;
    this.#emit = emit;
  }
  event(type: string, data: string): void {
    if (this.#over) return;
    if (type.startsWith('exception:')) return this.#fail(readException(type.slice('exception:'.length), data));
    if (type.startsWith('error:')) return this.#fail(readException(type.slice('error:'.length), data));
    try {
      const source = type === 'chunk' ? unwrapped(data) : data;
      if (PLAIN_TEXT.test(source)) return this.#say(source);
      const event = asObject(parseJson(source));
      if (event !== undefined) this.#take(event);
    } catch (failure) {
      const known = isGatewayError(failure) && failure.code === 'upstream_bad_response';
      this.#fail(known ? failure : new GatewayError('upstream_bad_response', 'The provider sent an event that cannot be read.', { cause: failure }));
    }
  }
  end(): void {}

  #take(event: Fields): void {
    const { type } = event;
    if (type === 'content_block_delta') this.#at(asNumber(event.index) ?? -1).delta(asObject(event.delta) ?? {});
    else if (type === 'content_block_start') this.#open(event);
    else if (type === 'content_block_stop') this.#close(asNumber(event.index) ?? -1);
    else if (type === 'message_start') this.#start(asObject(event.message) ?? {});
    else if (type === 'message_delta') this.#change(event);
    else if (type === 'message_stop') this.#stop(event);
    else if (type === 'error' || isObject(event.error)) this.#fail(readErrorObject(event));
  }
  /** An event that is plain text. */
  #say(source: string): void {
    const comma = source.indexOf(',', BEFORE_INDEX.length);
    const start = comma + BEFORE_TEXT.length;
    this.#at(Number(source.slice(BEFORE_INDEX.length, comma))).text(source.slice(start, source.indexOf('"', start)));
  }
  #fail(error: ErrorLike): void {
    this.#over = true;
    this.#emit({ type: 'error', error });
  }
  #start(message: Fields): void {
    if (this.#started) throw wrong('a second message_start');
    this.#started = true;
    this.#model = asText(message.model) || this.#call.model;
    const rest = messageRest(message);
    noteBeyond(rest, this.#memo, this.#call);
    this.#emit({
      type: 'start',
      id: asText(message.id) || `msg_${this.#call.id}`,
      model: this.#model,
      ...some('tier', readTier(asObject(message.usage)?.service_tier)),
      rest: { from: MESSAGES, fields: rest ?? {} },
    });
    this.#count(message.usage);
  }
  #count(more: Json): void {
    this.#usage = mergeUsage(this.#usage, more);
    const usage = isObject(more) ? readUsage(this.#usage) : undefined;
    if (usage !== undefined) this.#emit({ type: 'usage', usage });
  }
  #open(event: Fields): void {
    if (!this.#started) throw wrong('a block before the message');
    if (!isBlock(event.content_block)) throw wrong('a block without a type');
    const index = asNumber(event.index) ?? this.#parts;
    if (this.#blocks.has(index)) throw wrong('a block opens twice');
    this.#blocks.set(index, new OpenBlock(event.content_block, this.#parts++, this.#model, this.#memo, this.#emit));
  }
  /** The open block that a delta belongs to. */
  #at(index: number): OpenBlock {
    const block = this.#blocks.get(index);
    if (block === undefined) throw wrong('a delta of a block that is not open');
    return block;
  }
  #close(index: number): void {
    this.#blocks.get(index)?.stop();
    this.#blocks.delete(index);
  }
  #change(event: Fields): void {
    const delta = asObject(event.delta) ?? {};
    this.#delta = { ...this.#delta, ...delta };
    Object.assign(this.#rest, unknownFields(delta, DELTA), unknownFields(event, EVENT));
    this.#count(event.usage);
  }
  #refuse(part: RefusalPart | undefined): void {
    if (part === undefined) return;
    const at = { choice: 0, index: this.#parts++ };
    this.#emit({ type: 'part', ...at, part: { kind: 'refusal', text: '' } });
    this.#emit({ type: 'delta', ...at, field: 'text', text: part.text });
    this.#emit({ type: 'part-end', ...at });
  }
  #stop(event: Fields): void {
    if (!this.#started || this.#delta === undefined)
      return this.#fail(new GatewayError('upstream_stream_truncated', 'The provider ended the stream before it finished its answer.'));
    for (const index of [...this.#blocks.keys()]) this.#close(index);
    const delta = this.#delta;
    const stopSequence = stopSequenceOf(delta);
    const reason = finishOf(delta.stop_reason, this.#memo);
    const rest = choiceRest(delta);
    noteEnd(rest, this.#memo, this.#call);
    noteBeyond(this.#rest, this.#memo, this.#call);
    noteUsage(this.#usage, this.#memo, this.#call);
    this.#refuse(refusalOf(rest, this.#memo));
    this.#emit({ type: 'finish', choice: 0, reason, ...some('stopSequence', stopSequence), ...some('rest', rest) });
    if (this.#usage === undefined) this.#count(measured(event[METRICS]));
    this.#over = true;
    this.#emit({ type: 'end', ...(Object.keys(this.#rest).length > 0 ? { rest: { from: MESSAGES, fields: this.#rest } } : {}) });
  }
}
