import {
  asNumber,
  asObject,
  asText,
  type Call,
  type ChatEvent,
  type ErrorLike,
  type Fields,
  GatewayError,
  type Json,
  type Origin,
  type Part,
  parseJson,
  type StreamReader,
  some,
  UNESCAPED,
  unknownFields,
  unwrapInput,
} from '@llm-proxy-auth/plugin';
import { readCitation } from '../blocks/citations.ts';
import { redactedOrigin, signedOrigin } from '../blocks/thinking.ts';
import { readException } from '../read-error.ts';
import { answeredFinish, noteAside } from '../reply/answer.ts';
import { checkFinish, ownWord, readFinish, stopSequenceOf } from '../reply/finish.ts';
import { noteBeyond } from '../reply/foreign.ts';
import { freeText, isSilent } from '../reply/read.ts';
import { readUsage } from '../reply/usage.ts';
import type { Memo } from '../request/foreign-tools.ts';
import { isEmpty, REST } from '../wire.ts';
import { type Held, heldPart, joinedBytes } from './held.ts';

type Emit = (e: ChatEvent) => void;
/** One block as it grows. What can only be told whole is told when it stops. */
interface Block {
  readonly index: number;
  readonly kind: Part['kind'];
  signature: string;
  redacted: string[];
  /** Text of a call's input. */
  input: string;
  /** How input is read that is told when it is whole. */
  readonly whole: ((json: string) => string) | undefined;
  /** It is the call that stands for the answer, so that its input is text. */
  readonly answer: boolean;
}
/** A block that is held until it is whole. */
export const isServed = (start: Fields): boolean => {
  const type = asObject(start.toolUse)?.type;
  return start.toolUse === undefined || (type !== undefined && type !== null && type !== 'tool_use');
};
/** A piece that opens a part of its own where no block was begun. */
export const opensPart = (delta: Fields): boolean =>
  typeof delta.text === 'string' || asObject(delta.reasoningContent) !== undefined || (delta.citation !== undefined && delta.citation !== null);
/** Opens, grows and closes parts from the blocks of a stream. */
const blockReader = (call: Call, memo: Memo | undefined, emit: Emit) => {
  const blocks = new Map<number, Block>();
  const held = new Map<number, Held>();
  let parts = 0;
  let said = false;
  /** Where a tool stands for the answer: what was said beside it, whether it came, and the places of further calls. */
  let aside = '';
  let answered = false;
  const beside = new Set<number>();
  const open = (at: number, part: Part, { whole, answer = false }: Partial<Pick<Block, 'whole' | 'answer'>> = {}): Block => {
    const block: Block = { index: parts++, kind: part.kind, signature: '', redacted: [], input: '', whole, answer };
    blocks.set(at, block);
    said ||= !isSilent(part);
    emit({ type: 'part', choice: 0, index: block.index, part });
    return block;
  };
  const delta = (block: Block, field: 'text' | 'input' | 'signature', text: string): void => {
    said ||= text !== '';
    emit({ type: 'delta', choice: 0, index: block.index, field, text });
  };
  const text = (at: number, piece: string): void => {
    if (memo?.answer === undefined) delta(blocks.get(at) ?? open(at, { kind: 'text', text: '' }), 'text', piece);
    else aside += piece;
  };
  const thought = (at: number, wire: Fields): void => {
    const redacted = asText(wire.redactedContent);
    const block = blocks.get(at) ?? open(at, { kind: 'thinking', text: '', redacted: redacted !== undefined });
    if (redacted !== undefined) block.redacted.push(redacted);
    if (typeof wire.text === 'string') delta(block, 'text', wire.text);
    if (typeof wire.signature !== 'string') return;
    block.signature += wire.signature;
    delta(block, 'signature', wire.signature);
  };
  const input = (at: number, said: string): void => {
    const block = blocks.get(at);
    if (block === undefined || (block.kind !== 'toolCall' && !block.answer))
      throw new GatewayError('upstream_bad_response', 'The provider sent input for a call that it had not begun.');
    block.input += said;
    if (block.whole === undefined && said !== '') delta(block, block.answer ? 'text' : 'input', said);
  };
  const cite = (at: number, wire: Json): void => {
    const block = blocks.get(at) ?? open(at, { kind: 'text', text: '' });
    emit({ type: 'citation', choice: 0, index: block.index, citation: readCitation(wire) });
  };
  const originOf = (block: Block): Origin | undefined => {
    if (block.redacted.length > 0) {
      return redactedOrigin(joinedBytes(block.redacted), undefined, call.model, '');
    }
    return block.signature === '' ? undefined : signedOrigin(block.signature, undefined, call.model, '');
  };
  const close = (at: number): void => {
    const whole = held.get(at);
    held.delete(at);
    if (whole !== undefined) {
      const { index } = open(at, heldPart(whole));
      emit({ type: 'part-end', choice: 0, index });
      blocks.delete(at);
      return;
    }
    const block = blocks.get(at);
    if (block === undefined) return;
    blocks.delete(at);
    if (block.whole !== undefined) delta(block, 'input', block.whole(block.input));
    else if ((block.kind === 'toolCall' || block.answer) && block.input === '') delta(block, block.answer ? 'text' : 'input', '{}');
    emit({ type: 'part-end', choice: 0, index: block.index, ...some('origin', block.kind === 'thinking' ? originOf(block) : undefined) });
  };
  return {
    start(at: number, start: Fields): void {
      if (isServed(start)) {
        held.set(at, { start, deltas: [] });
        return;
      }
      const tool = asObject(start.toolUse) ?? {};
      const name = asText(tool.name) ?? '';
      if (name === memo?.answer && !answered) {
        answered = true;
        open(at, { kind: 'text', text: '' }, { answer: true });
        return;
      }
      if (answered) {
        // The answer is one; what is called beside it is held, and nobody gets it.
        beside.add(at);
        aside += name;
        return;
      }
      const free = memo?.free.has(name) === true;
      const rest = unknownFields(tool, ['toolUseId', 'name', 'type']);
      const part = {
        kind: 'toolCall',
        id: asText(tool.toolUseId) ?? '',
        name: memo?.names.get(name) ?? name,
        input: free ? { text: '' } : { json: '' },
        ...some('rest', rest),
      } as const;
      open(at, part, { whole: free ? freeText : memo?.wrapped?.has(name) === true ? unwrapInput : undefined });
    },
    /** A piece of text. */
    say(at: number, piece: string): void {
      if (held.size + beside.size === 0) text(at, piece);
      else this.delta(at, { text: piece });
    },
    delta(at: number, wire: Fields): void {
      const whole = held.get(at);
      if (beside.has(at)) return;
      if (whole !== undefined) whole.deltas.push(wire);
      else if (typeof wire.text === 'string') text(at, wire.text);
      else if (asObject(wire.reasoningContent) !== undefined) thought(at, asObject(wire.reasoningContent) ?? {});
      else if (asObject(wire.toolUse) !== undefined) input(at, asText(asObject(wire.toolUse)?.input) ?? '');
      else if (opensPart(wire)) cite(at, wire.citation);
      else if (!blocks.has(at)) held.set(at, { start: {}, deltas: [wire] });
      else throw new GatewayError('upstream_bad_response', 'The provider sent a piece of a block that is of no known kind.');
    },
    stop: close,
    /** Something was said. */
    said: (): boolean => said,
    /** The call that stands for the answer came. */
    answered: (): boolean => answered,
    closeAll(): void {
      if (aside.trim() !== '' && answered) noteAside(call);
      // Without the call that it was asked for, what the model said is its answer: it was stopped, or a guardrail spoke.
      else if (aside !== '') delta(open(Number.POSITIVE_INFINITY, { kind: 'text', text: '' }), 'text', aside);
      aside = '';
      for (const at of [...blocks.keys(), ...held.keys()].sort((a, b) => a - b)) close(at);
    },
  };
};
const TRUNCATED = (): GatewayError => new GatewayError('upstream_stream_truncated', 'The provider ended the stream before it finished its answer.');
/** Most events are text in which nothing is escaped: it stands between known words, and no parser is needed. */
const BEFORE_INDEX = '{"contentBlockIndex":';
const BEFORE_TEXT = ',"delta":{"text":"';
/** Braces stand for themselves where no number follows; `p` is padding. */
const PLAIN_TEXT = new RegExp(String.raw`^${BEFORE_INDEX}(?:0|[1-9]\d{0,8})${BEFORE_TEXT}${UNESCAPED}"\}(?:,"p":"[A-Za-z0-9]*")?\}$`);
const METADATA: readonly string[] = ['usage', 'p'];
/**
 * Reads a ConverseStream: the answer is whole when its metadata, the last event, has come behind its stop, or when the provider ended the
 * stream behind its stop, which says why the answer ended; then nobody knows what it took.
 */
export const readStream = (call: Call, memo: Memo | undefined, emit: Emit): StreamReader => {
  let over = false;
  let started = false;
  let stop: Fields | undefined;
  const blocks = blockReader(call, memo, emit);

  const fail = (error: ErrorLike): void => {
    over = true;
    emit({ type: 'error', error });
  };
  const begin = (event: Fields): void => {
    if (started) return;
    started = true;
    emit({ type: 'start', id: call.id, model: call.model, rest: { from: REST, fields: unknownFields(event, ['role', 'p']) ?? {} } });
  };
  const indexOf = (event: Fields): number => asNumber(event.contentBlockIndex) ?? 0;
  const finish = (event: Fields): void => {
    blocks.closeAll();
    stop = event;
    const word = asText(event.stopReason);
    noteBeyond(event, memo, call);
    checkFinish(word, !blocks.said(), memo, call);
    const own = ownWord(word);
    const rest = { ...some('stopReason', own), ...unknownFields(event, ['stopReason', 'p']) };
    const stopSequence = stopSequenceOf(word, event.additionalModelResponseFields, memo);
    emit({
      type: 'finish',
      choice: 0,
      reason: answeredFinish(readFinish(word), blocks.answered()),
      ...some('stopSequence', stopSequence),
      ...(isEmpty(rest) ? {} : { rest }),
    });
  };
  const metadata = (event: Fields): void => {
    if (stop === undefined) return fail(TRUNCATED());
    over = true;
    noteBeyond(event, memo, call);
    if (memo?.foreign === true && asObject(event.serviceTier) !== undefined)
      call.ledger.note('ignored', 'tier', 'a stream says it last, and others say it first');
    const usage = readUsage(event.usage);
    if (usage !== undefined) emit({ type: 'usage', usage });
    const fields = unknownFields(event, METADATA);
    emit({ type: 'end', ...some('rest', fields === undefined ? undefined : { from: REST, fields }) });
  };
  const EVENTS: Readonly<Record<string, (event: Fields) => void>> = {
    messageStart: begin,
    contentBlockStart: (event) => blocks.start(indexOf(event), asObject(event.start) ?? {}),
    contentBlockDelta: (event) => blocks.delta(indexOf(event), asObject(event.delta) ?? {}),
    contentBlockStop: (event) => blocks.stop(indexOf(event)),
    messageStop: finish,
    metadata,
  };
  /** An event that is plain text. */
  const say = (data: string): void => {
    const comma = data.indexOf(',', BEFORE_INDEX.length);
    const start = comma + BEFORE_TEXT.length;
    blocks.say(Number(data.slice(BEFORE_INDEX.length, comma)), data.slice(start, data.indexOf('"', start)));
  };
  const take = (type: string, data: string): void => {
    if (type === 'contentBlockDelta' && started && stop === undefined && PLAIN_TEXT.test(data)) return say(data);
    const known = Object.hasOwn(EVENTS, type) ? EVENTS[type] : undefined;
    if (known === undefined) return;
    const event = asObject(parseJson(data));
    if (event === undefined) throw new GatewayError('upstream_bad_response', 'The provider sent an event that is no object.');
    if (stop !== undefined && type !== 'metadata') return;
    begin(event);
    known(event);
  };
  return {
    event(type, data) {
      if (over) return;
      if (type.startsWith('exception:') || type.startsWith('error:')) return fail(readException(type, data));
      try {
        take(type, data);
      } catch (cause) {
        fail(
          cause instanceof GatewayError && cause.code === 'upstream_bad_response'
            ? cause
            : new GatewayError('upstream_bad_response', 'The provider sent an event that makes no sense.', { cause }),
        );
      }
    },
    end() {
      if (over) return;
      if (stop === undefined) return fail(TRUNCATED());
      over = true;
      call.ledger.note('defaulted', 'usage', 'the provider ended its stream without saying what it took');
      emit({ type: 'end' });
    },
  };
};
