import {
  asList,
  asNumber,
  asObject,
  asText,
  type Call,
  type ChatEvent,
  type ErrorLike,
  type Fields,
  type Finish,
  GatewayError,
  type Json,
  loseProof,
  lostTo,
  parseJson,
  type StreamReader,
  type StreamWriter,
  stringifyJson,
  type Usage,
} from '@llm-proxy-auth/plugin';
import { readFinish, writeFinish } from '../chat/finish.ts';
import { lateMembers, lateSource } from '../chat/late.ts';
import { writeUsage } from '../chat/usage.ts';
import { errorEvent } from '../error.ts';
import { countedIn, loseEnd, loseEstimate } from '../lost.ts';
import { readErrorMember } from '../read-error.ts';
import { OPENAI } from '../wire.ts';
import { readLegacyLogprobs, writeLegacyLogprobs } from './logprobs.ts';
import { choiceRest, FINISHED, FINISHES, headOf, loseBytes, losePartOf, loseReply, REPLY, usageOf } from './reply.ts';
import { COMPLETIONS } from './request.ts';

/** Writes a stream of `text_completion` chunks, which have no delta. */
export const writeStream = (call: Call): StreamWriter => {
  const wantsUsage = asObject(asObject(call.inbound.body)?.stream_options)?.include_usage === true;
  const tail = wantsUsage ? ',"usage":null}\n\n' : '}\n\n';
  const lengths = new Map<number, number>();
  let head = '';
  let mine = false;
  let usage: Usage | undefined;
  const begin = ({ id, created, rest }: Pick<Extract<ChatEvent, { type: 'start' }>, 'id' | 'created' | 'rest'>): void => {
    mine = rest?.from === COMPLETIONS;
    const fields = {
      id: id || `cmpl-${call.id}`,
      object: 'text_completion',
      created: created ?? Math.floor(call.now / 1000),
      model: call.requestedModel,
      ...(mine ? rest?.fields : {}),
    };
    head = `data: ${stringifyJson(fields).slice(0, -1)},"choices":[`;
  };
  /** The last chunk of a choice without its end: members that came late go along with it. */
  let held: string | undefined;
  const opened = (index: number, text: string, logprobs: Fields | null, finish: string | null, rest: Fields | undefined): string =>
    `${head}${stringifyJson({ text, index, logprobs, finish_reason: finish, ...(mine ? rest : {}) })}]`;
  const release = (late?: Fields): string => {
    if (held === undefined) return '';
    const last = held + lateSource(late) + tail;
    held = undefined;
    return last;
  };
  const say = (e: Extract<ChatEvent, { type: 'delta' }>): string => {
    if (e.field !== 'text' || (e.text === '' && e.logprobs === undefined && e.rest === undefined)) return '';
    loseBytes(e.logprobs, call);
    const from = lengths.get(e.choice) ?? 0;
    lengths.set(e.choice, from + e.text.length);
    return opened(e.choice, e.text, writeLegacyLogprobs(e.logprobs, from), null, e.rest) + tail;
  };
  const finish = (choice: number, reason: Finish): string => {
    held = opened(choice, '', null, writeFinish(reason, FINISHED), undefined);
    return mine ? '' : release();
  };
  /** A client that asked for usage which nobody counted gets no chunk of it. */
  const last = (): string => {
    if (wantsUsage || usage !== undefined) loseEstimate(usage, call.ledger);
    return wantsUsage && usage !== undefined ? `${head}],"usage":${stringifyJson(writeUsage(usage))}}\n\n` : '';
  };
  const fail = (e: ErrorLike): string => {
    // An end that was not whole is not told.
    held = undefined;
    return errorEvent(e);
  };
  const silent = new Set<string>();
  const event = (e: ChatEvent): string => {
    if (e.type === 'start') begin(e);
    if (e.type === 'start') loseReply(e, call);
    if (e.type === 'part') {
      if (e.part.kind !== 'text' && e.part.kind !== 'refusal') silent.add(`${e.choice}.${e.index}`);
      losePartOf(e.part, call);
    }
    if (e.type === 'part-end' && !silent.has(`${e.choice}.${e.index}`)) loseProof(e.origin, OPENAI, lostTo(call.ledger));
    if (e.type === 'citation') call.ledger.note('ignored', 'choices.parts.citations', 'text completions cite nothing');
    if (e.type === 'keep') call.ledger.note('ignored', 'choices.parts.opaque', 'text completions have no opaque');
    if (e.type === 'finish') loseEnd(e, FINISHES, call.ledger);
    const before = 'choice' in e ? release() : '';
    if (e.type === 'delta') return silent.has(`${e.choice}.${e.index}`) ? before : before + say(e);
    if (e.type === 'usage') usage = countedIn(e.usage);
    if (e.type === 'finish') return before + finish(e.choice, e.reason);
    if (e.type === 'error') return fail(e.error);
    return e.type === 'end' ? release(mine ? e.rest?.fields : undefined) + last() : before;
  };
  begin({ id: '' });
  return {
    type: 'text/event-stream; charset=utf-8',
    event,
    error: fail,
    end: () => `${release()}data: [DONE]\n\n`,
    idle: () => ': ping\n\n',
  };
};

/** Reads a stream of `text_completion` chunks; whole at `[DONE]` when each choice said why it ended. */
export const readStream = (call: Call, emit: (e: ChatEvent) => void): StreamReader => {
  const open = new Map<number, boolean>();
  const lengths = new Map<number, number>();
  const late = lateMembers(REPLY);
  let started = false;
  let over = false;
  let usage: Usage | undefined;
  const fail = (e: GatewayError | ReturnType<typeof readErrorMember>): void => {
    over = true;
    emit({ type: 'error', error: e });
  };
  const finish = (choice: number, reason: Json): void => {
    open.set(choice, false);
    emit({ type: 'part-end', choice, index: 0 });
    emit({ type: 'finish', choice, reason: readFinish(reason, false) });
  };
  const choiceOf = (wire: Json, i: number): void => {
    const c = asObject(wire) ?? {};
    const choice = asNumber(c.index) ?? i;
    if (!open.has(choice)) {
      open.set(choice, true);
      emit({ type: 'part', choice, index: 0, part: { kind: 'text', text: '' } });
    }
    if (open.get(choice) !== true) return;
    const text = asText(c.text) ?? '';
    const logprobs = readLegacyLogprobs(c.logprobs);
    const from = lengths.get(choice) ?? 0;
    const rest = choiceRest(c, from);
    lengths.set(choice, from + text.length);
    if (text !== '' || logprobs !== undefined || rest !== undefined)
      emit({ type: 'delta', choice, index: 0, field: 'text', text, ...(logprobs === undefined ? {} : { logprobs }), ...(rest === undefined ? {} : { rest }) });
    if (c.finish_reason !== undefined && c.finish_reason !== null) finish(choice, c.finish_reason);
  };
  const done = (): void => {
    if (!started) return fail(new GatewayError('upstream_bad_response', 'The provider ended the stream before it began an answer.'));
    if ([...open.values()].includes(true))
      return fail(new GatewayError('upstream_stream_truncated', 'The provider ended the stream before it finished its answer.'));
    over = true;
    if (usage !== undefined) emit({ type: 'usage', usage });
    emit({ type: 'end', ...late.rest(COMPLETIONS) });
  };
  const chunk = (o: Fields): void => {
    if (o.error !== undefined && o.error !== null) fail(readErrorMember(o.error));
    usage = usageOf(o.usage) ?? usage;
    if (over) return;
    const list = asList(o.choices);
    if (started || list.length === 0) late.add(o);
    if (list.length === 0) return;
    if (!started) late.open(o);
    // What chunks have of their own goes back to this surface alone.
    if (!started) emit({ type: 'start', rest: { from: COMPLETIONS, fields: {} }, ...headOf(o, call) });
    started = true;
    list.forEach(choiceOf);
  };
  return {
    event(_type, data) {
      if (over) return;
      if (data === '[DONE]') return done();
      let o: Fields | undefined;
      try {
        o = asObject(parseJson(data));
      } catch (cause) {
        return fail(new GatewayError('upstream_bad_response', 'The provider sent an event that is not JSON.', { cause }));
      }
      if (o !== undefined) chunk(o);
    },
    end: () => undefined,
  };
};
