import {
  asNumber,
  asObject,
  type Call,
  type ChatEvent,
  type ErrorLike,
  type Fields,
  insideString,
  type Json,
  loseProof,
  lostTo,
  type Origin,
  type Part,
  type Seal,
  type StreamWriter,
  stringifyJson,
  type TokenLogprob,
  type Usage,
} from '@llm-proxy-auth/plugin';
import { type IssuedCall, type Issuing, issuing } from '../carriers/issue.ts';
import { errorEvent } from '../error.ts';
import { countedIn, loseCitation, loseEnd, loseEstimate, loseImages } from '../lost.ts';
import { OPENAI } from '../wire.ts';
import { writeCitation } from './citations.ts';
import { FINISHES, writeFinish } from './finish.ts';
import { lateSource } from './late.ts';
import { writeLogprobs } from './logprobs.ts';
import { keptDelta } from './own-delta.ts';
import { CHAT } from './request.ts';
import { writeUsage } from './usage.ts';
import { isLegacy } from './write-reply.ts';

type EventOf<T extends ChatEvent['type']> = Extract<ChatEvent, { type: T }>;
interface OpenPart {
  readonly part: Part;
  /** Position among the tool calls, counted from 0 whatever else was opened. */
  readonly tool: number;
  said: boolean;
  /** Of thinking: where in the content it began, and its text so far. */
  readonly from: number;
  thought: string;
}
interface OpenChoice {
  readonly issuing: Issuing;
  readonly parts: Map<number, OpenPart>;
  begun: boolean;
  tools: number;
  spoken: boolean;
  /** Kind of the part that last said something; whether another was opened since. */
  last: Part['kind'] | undefined;
  opened: boolean;
  /** Length of the content so far; where it stood when the open text began. */
  length: number;
  from: number;
  /** What stands before the text of each of its chunks. */
  before: string | undefined;
}
const ROLE = '"role":"assistant","content":"","refusal":null';
const ROLE_OF_CALL = '"role":"assistant","content":null';
type ToolCall = Extract<Part, { kind: 'toolCall' }>;
/** The same text in one piece: what is joined anew for every event is walked through each time. */
const flat = (text: string): string => Buffer.from(text).toString();
/** Members of an object, as they stand in its source. */
const membersOf = (fields: Fields): string => stringifyJson(fields).slice(1, -1);
const callStart = (part: ToolCall, index: number, { id, extra }: IssuedCall): string => {
  const name = JSON.stringify(part.name);
  const body = 'text' in part.input ? `"type":"custom","custom":{"name":${name},"input":""}` : `"type":"function","function":{"name":${name},"arguments":""}`;
  const more = membersOf(extra);
  return `"tool_calls":[{"index":${index},"id":${JSON.stringify(id)},${body}${more === '' ? '' : `,${more}`}}]`;
};
const callInput = (part: Part, index: number, text: string): string => {
  const custom = part.kind === 'toolCall' && 'text' in part.input;
  return `"tool_calls":[{"index":${index},${custom ? '"custom":{"input"' : '"function":{"arguments"'}:${JSON.stringify(text)}}}]`;
};
const initialInput = (part: ToolCall): string => ('text' in part.input ? part.input.text : part.input.json);

/** Writes a chat stream: one role chunk and one finish chunk a choice, usage when it was asked for, `[DONE]` last. */
export const writeStream = (call: Call, seal: Seal): StreamWriter => {
  const wantsUsage = asObject(asObject(call.inbound.body)?.stream_options)?.include_usage === true;
  const legacy = isLegacy(call);
  const tail = wantsUsage ? ',"usage":null}\n\n' : '}\n\n';
  const plain = flat(`"},"logprobs":null,"finish_reason":null}]${tail}`);
  const choices = new Map<number, OpenChoice>();
  let head = '';
  let mine = false;
  let usage: Usage | undefined;
  /** The last chunk of a choice without its end: members that came late go along with it. */
  let held: string | undefined;

  const begin = (e: Pick<EventOf<'start'>, 'id' | 'created' | 'tier' | 'rest'>): void => {
    mine = e.rest?.from === CHAT;
    const extra = { ...(e.tier === undefined ? {} : { service_tier: e.tier }), ...(mine ? e.rest?.fields : {}) };
    const fields = {
      id: e.id || `chatcmpl-${call.id}`,
      object: 'chat.completion.chunk',
      created: e.created ?? Math.floor(call.now / 1000),
      model: call.requestedModel,
      ...extra,
    };
    head = `data: ${stringifyJson(fields).slice(0, -1)},"choices":[`;
    for (const choice of choices.values()) choice.before = undefined;
  };
  const opened = (choice: number, delta: string, logprobs: string, finish: string, rest: string): string =>
    `${head}{"index":${choice},"delta":{${delta}},"logprobs":${logprobs},"finish_reason":${finish}${rest}}]`;
  const chunk = (choice: number, delta: string, logprobs = 'null'): string => opened(choice, delta, logprobs, 'null', '') + tail;
  const release = (late?: Fields): string => {
    if (held === undefined) return '';
    const last = held + lateSource(late) + tail;
    held = undefined;
    return last;
  };
  const open = (index: number): OpenChoice => {
    const known = choices.get(index);
    if (known !== undefined) return known;
    const choice: OpenChoice = {
      issuing: issuing(call, seal, index),
      parts: new Map(),
      begun: false,
      tools: 0,
      spoken: false,
      last: undefined,
      opened: false,
      length: 0,
      from: 0,
      before: undefined,
    };
    choices.set(index, choice);
    return choice;
  };
  /** The role chunk, when nothing of the choice was sent yet. */
  const role = (index: number, choice: OpenChoice): string => {
    if (choice.begun) return '';
    choice.begun = true;
    return chunk(index, ROLE);
  };
  /** `chunk` of a text, which is what most events are. */
  const content = (index: number, choice: OpenChoice, text: string): string => {
    choice.before ??= flat(`${head}{"index":${index},"delta":{"content":"`);
    return choice.before + insideString(text) + plain;
  };
  const words = (index: number, choice: OpenChoice, kind: 'text' | 'refusal', text: string, logprobs?: readonly TokenLogprob[]): string => {
    if (text === '' && logprobs === undefined) return role(index, choice);
    const first = role(index, choice);
    if (choice.opened && choice.last === kind) call.ledger.note('emulated', 'choices.parts', 'texts that follow one another are one');
    choice.opened = false;
    choice.last = kind;
    if (kind === 'text') choice.length += text.length;
    if (kind === 'text' && logprobs === undefined) return first + content(index, choice, text);
    const probabilities =
      logprobs === undefined ? 'null' : stringifyJson(kind === 'text' ? writeLogprobs(logprobs, undefined) : writeLogprobs(undefined, logprobs));
    return first + chunk(index, `"${kind === 'text' ? 'content' : 'refusal'}":${JSON.stringify(text)}`, probabilities);
  };
  const input = (index: number, state: OpenPart, text: string): string => {
    if (text === '') return '';
    state.said = true;
    return legacy ? chunk(index, `"function_call":{"arguments":${JSON.stringify(text)}}`) : chunk(index, callInput(state.part, state.tool, text));
  };
  const audioStart = (part: Extract<Part, { kind: 'image' | 'audio' | 'video' }>): string => {
    const base64 = 'base64' in part.media ? part.media.base64 : '';
    const fields = { id: part.id ?? '', ...(part.transcript === undefined ? {} : { transcript: part.transcript }), ...(base64 === '' ? {} : { data: base64 }) };
    return `"audio":${JSON.stringify(fields)}`;
  };
  const beginPart = (e: EventOf<'part'>): string => {
    const choice = open(e.choice);
    const { part } = e;
    const state: OpenPart = { part, tool: part.kind === 'toolCall' ? choice.tools++ : -1, said: false, from: choice.length, thought: '' };
    if (part.kind === 'audio' && (choice.spoken || !('base64' in part.media))) {
      call.ledger.note('ignored', 'audio', 'a message says one piece of audio, with its data');
      return '';
    }
    if (part.kind === 'audio') choice.spoken = true;
    choice.parts.set(e.index, state);
    if (part.kind === 'audio' || part.kind === 'toolCall') choice.last = part.kind;
    choice.opened = true;
    if (part.kind === 'text' || part.kind === 'refusal') {
      choice.from = choice.length;
      return words(e.choice, choice, part.kind, part.text);
    }
    if (part.kind === 'audio') return role(e.choice, choice) + chunk(e.choice, audioStart(part));
    if (part.kind === 'thinking') {
      state.thought = part.text;
      return '';
    }
    if (part.kind !== 'toolCall') {
      call.ledger.note('ignored', part.kind, 'chat completions have no such part');
      return '';
    }
    const start = legacy ? `"function_call":{"name":${JSON.stringify(part.name)},"arguments":""}` : callStart(part, state.tool, choice.issuing.called(part));
    const first = choice.begun ? chunk(e.choice, start) : chunk(e.choice, `${ROLE_OF_CALL},${start},"refusal":null`);
    choice.begun = true;
    return first + input(e.choice, state, initialInput(part));
  };
  const deltaOf = (e: EventOf<'delta'>): string => {
    const choice = open(e.choice);
    const state = choice.parts.get(e.index);
    if (state === undefined) return '';
    const { kind } = state.part;
    if (kind === 'text' || kind === 'refusal') return words(e.choice, choice, kind, e.text, e.logprobs);
    if (kind === 'toolCall') return input(e.choice, state, e.text);
    if (kind === 'thinking' && e.field === 'text') state.thought += e.text;
    return kind === 'audio' && e.text !== ''
      ? chunk(e.choice, `"audio":{"${e.field === 'transcript' ? 'transcript' : 'data'}":${JSON.stringify(e.text)}}`)
      : '';
  };
  /** What its vendor signed travels beside the message; nothing else of thinking has a place. */
  const endThinking = (
    choice: OpenChoice,
    { thought, from }: OpenPart,
    { redacted }: Extract<Part, { kind: 'thinking' }>,
    origin: Origin | undefined,
  ): string => {
    if (origin === undefined) call.ledger.note('ignored', 'thinking', 'chat completions have no such part');
    else choice.issuing.thought({ text: thought, redacted, origin, from });
    return '';
  };
  const endPart = (e: EventOf<'part-end'>): string => {
    const choice = open(e.choice);
    const state = choice.parts.get(e.index);
    if (state === undefined) return '';
    const { part } = state;
    if (part.kind === 'thinking') return endThinking(choice, state, part, e.origin ?? part.origin);
    if (part.kind === 'text' || part.kind === 'refusal') loseProof(e.origin ?? part.origin, OPENAI, lostTo(call.ledger));
    if (part.kind === 'toolCall' && 'json' in part.input && !state.said) return input(e.choice, state, '{}');
    const expires: Json = part.kind === 'audio' ? (part.expires ?? asNumber(e.rest?.expires)) : undefined;
    return expires === undefined ? '' : chunk(e.choice, `"audio":{"expires_at":${stringifyJson(expires)}}`);
  };
  const cite = (e: EventOf<'citation'>): string => {
    const choice = open(e.choice);
    const wire = writeCitation(e.citation, choice.from, choice.length - choice.from);
    loseCitation(e.citation, wire !== undefined && e.citation.origin?.dialect === OPENAI, 'choices', call.ledger);
    return wire === undefined ? '' : chunk(e.choice, `"annotations":[${stringifyJson(wire)}]`);
  };
  const finish = (e: EventOf<'finish'>): string => {
    const choice = open(e.choice);
    loseEnd(e, FINISHES, call.ledger);
    const word = writeFinish(e.reason, { called: choice.tools > 0, legacy });
    const rest = mine && e.rest !== undefined && Object.keys(e.rest).length > 0 ? `,${membersOf(e.rest)}` : '';
    // In one piece: SDKs join what they do not know by keeping the last, or refuse to join it.
    const carried = membersOf(choice.issuing.message());
    const before = release() + role(e.choice, choice) + (carried === '' ? '' : chunk(e.choice, carried));
    held = opened(e.choice, '', 'null', `"${word}"`, rest);
    return mine ? before : before + release();
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
  const write: { readonly [T in ChatEvent['type']]: (e: EventOf<T>) => string } = {
    start: (e) => {
      begin(e);
      return '';
    },
    part: beginPart,
    delta: deltaOf,
    'part-end': endPart,
    citation: cite,
    finish,
    usage: (e) => {
      usage = countedIn(e.usage);
      loseImages(e.usage, call.ledger);
      return '';
    },
    keep: ({ origin }) => {
      const kept = mine ? keptDelta(origin) : undefined;
      if (kept !== undefined) return role(kept.choice, open(kept.choice)) + chunk(kept.choice, membersOf(kept.delta));
      call.ledger.note('ignored', 'opaque', 'chat completions have no such part');
      return '';
    },
    end: (e) => release(mine ? e.rest?.fields : undefined) + last(),
    error: (e) => fail(e.error),
  };
  begin({ id: '', created: undefined, tier: undefined, rest: undefined });
  return {
    type: 'text/event-stream; charset=utf-8',
    event: (e) => (held !== undefined && 'choice' in e ? release() : '') + (write[e.type] as (e: ChatEvent) => string)(e),
    error: fail,
    end: () => `${release()}data: [DONE]\n\n`,
    idle: () => ': ping\n\n',
  };
};
