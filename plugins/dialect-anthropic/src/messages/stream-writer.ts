import {
  type Building,
  type Call,
  type ChatEvent,
  type ErrorLike,
  type Fields,
  type Lost,
  lostTo,
  type Part,
  type StreamWriter,
  stringifyJson,
  type Usage,
} from '@llm-proxy-auth/plugin';
import { errorEvent } from '../error.ts';
import { writeStop, writeTier } from '../finish.ts';
import { loseKinds } from '../lost.ts';
import { noUsage, writeUsage } from '../usage.ts';
import { MESSAGES } from '../wire.ts';
import { loseHead, loseReply } from './reply.ts';
import { type WritingBlock, writingBlock } from './writing-block.ts';

type EventOf<T extends ChatEvent['type']> = Extract<ChatEvent, { type: T }>;
type PartEvent = EventOf<'part' | 'delta' | 'citation' | 'part-end'>;

/** `event: <type>` and the payload on one line. */
export const frame = (payload: Fields): string => `event: ${String(payload.type)}\ndata: ${stringifyJson(payload)}\n\n`;
export const PING = 'event: ping\ndata: {"type":"ping"}\n\n';
/** Members of the last event that stand beside its delta. */
const BESIDE: ReadonlySet<string> = new Set(['context_management', 'input_transformations']);

/**
 * Writes a stream of messages. Blocks follow one another here, so a part that opens while another is open waits until that has ended. The
 * message opens with the first event behind `start`, which may say the usage so far; what is counted later stands in the last event.
 */
export class MessageWriter implements StreamWriter {
  readonly type = 'text/event-stream; charset=utf-8';
  readonly #call: Call;
  readonly #lost: Lost;
  #start: EventOf<'start'> | undefined;
  #begun = false;
  #mine = false;
  #usage: Usage | undefined;
  #finish: EventOf<'finish'> | undefined;
  /** Blocks written so far. */
  #count = 0;
  #open: { readonly index: number; readonly block: WritingBlock } | undefined;
  /** Events of parts that opened meanwhile, in the order in which they did. */
  readonly #waiting = new Map<number, PartEvent[]>();

  constructor(call: Call) {
    this.#call = call;
    this.#lost = lostTo(call.ledger);
  }
  event(e: ChatEvent): string {
    if (e.type === 'error') return this.error(e.error);
    if (e.type === 'start') {
      this.#start = e;
      loseHead(e, this.#lost);
      this.#mine = e.rest?.from === MESSAGES;
      return '';
    }
    if (e.type === 'usage') this.#usage = e.usage;
    const begun = this.#begin();
    if (e.type === 'usage') return begun;
    if (e.type === 'finish') return begun + this.#finishChoice(e);
    if (e.type === 'end') return begun + this.#stop(e);
    if (e.type === 'keep') return e.progress === true ? begun : begun + this.#keep(e);
    if (e.choice !== 0) return begun;
    return begun + this.#part(e);
  }
  error(e: ErrorLike): string {
    return errorEvent(e, this.#call.id);
  }
  end(): string {
    return '';
  }
  idle(): string {
    return PING;
  }
  #begin(): string {
    if (this.#begun) return '';
    this.#begun = true;
    const start = this.#start;
    const message: Building = {
      id: start?.id || `msg_${this.#call.id}`,
      type: 'message',
      role: 'assistant',
      model: this.#call.requestedModel,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      container: null,
      diagnostics: null,
      usage: writeUsage(this.#usage ?? noUsage, writeTier(start?.tier)),
      ...(start?.rest?.from === MESSAGES ? start.rest.fields : {}),
    };
    return frame({ type: 'message_start', message });
  }
  #part(e: PartEvent): string {
    if (e.type === 'part') {
      if (this.#open === undefined) return this.#openBlock(e);
      this.#waiting.set(e.index, [e]);
      return '';
    }
    if (this.#open?.index !== e.index) {
      this.#waiting.get(e.index)?.push(e);
      return '';
    }
    if (e.type === 'part-end') return this.#close(e) + this.#next();
    return this.#open.block.grow(e);
  }
  #openBlock(e: EventOf<'part'>): string {
    const block = writingBlock(e.part, this.#count, this.#mine, this.#lost);
    this.#open = { index: e.index, block };
    return block.open();
  }
  #close(e: EventOf<'part-end'> | undefined): string {
    const { block } = this.#open ?? {};
    this.#open = undefined;
    const written = block?.close(e?.origin) ?? '';
    if (block?.isWritten() === true) this.#count += 1;
    return written;
  }
  /** The parts that waited, as far as they have come. */
  #next(): string {
    let written = '';
    while (this.#open === undefined) {
      const [first] = this.#waiting;
      if (first === undefined) return written;
      const [index, events] = first;
      this.#waiting.delete(index);
      for (const e of events) {
        if (e.type === 'part') written += this.#openBlock(e);
        else if (e.type === 'part-end') written += this.#close(e);
        else written += this.#grow(e);
      }
    }
    return written;
  }
  #grow(e: EventOf<'delta' | 'citation'>): string {
    return this.#open?.block.grow(e) ?? '';
  }
  #keep(e: EventOf<'keep'>): string {
    const part: Part = { kind: 'opaque', origin: e.origin };
    const block = writingBlock(part, this.#count, this.#mine, this.#lost);
    const written = block.open() + block.close(undefined);
    if (block.isWritten()) this.#count += 1;
    return written;
  }
  #finishChoice(e: EventOf<'finish'>): string {
    if (e.choice !== 0) {
      this.#lost('choices', 'a message is one choice');
      return '';
    }
    this.#finish = e;
    if (!this.#mine) loseReply({ finish: e.reason, stopSequence: e.stopSequence }, this.#lost);
    let written = '';
    while (this.#open !== undefined) written += this.#close(undefined) + this.#next();
    return written;
  }
  #stop(e: EventOf<'end'>): string {
    const fields = e.rest?.from === MESSAGES ? e.rest.fields : {};
    const of = (isBeside: boolean): Fields => Object.fromEntries(Object.entries(fields).filter(([name]) => BESIDE.has(name) === isBeside));
    if (this.#usage?.estimated === true) this.#lost('usage.estimated', 'usage is written as if it had been counted');
    if (this.#usage !== undefined) loseKinds(this.#usage, this.#lost);
    const finish = this.#finish;
    const delta: Building = {
      ...writeStop(finish?.reason ?? 'stop', finish?.stopSequence),
      stop_details: null,
      container: null,
      ...(this.#mine ? finish?.rest : {}),
      ...of(false),
    };
    const usage = writeUsage(this.#usage ?? noUsage, writeTier(this.#start?.tier));
    return frame({ type: 'message_delta', delta, usage, ...of(true) }) + frame({ type: 'message_stop' });
  }
}
