import {
  asList,
  asNumber,
  asObject,
  asText,
  type Building,
  type Call,
  type ChatReply,
  type Citation,
  type Fields,
  GatewayError,
  type Json,
  type StreamReader,
  some,
  stringifyJson,
  type UpstreamReply,
} from '@llm-proxy-auth/plugin';
import { endChoice } from '../ending.ts';
import { isFailure, isReason } from '../finish.ts';
import { type Memo, NO_MEMO } from '../memo.ts';
import { COHERE, OCI } from '../name.ts';
import { partsOf } from '../parts.ts';
import { type Emit, type Format, readStream } from '../stream.ts';
import { readWhole } from '../whole.ts';

const citationOf =
  (wire: Json) =>
  (from: number): Citation => {
    const o = asObject(wire) ?? {};
    const since = (v: Json): number | undefined => {
      const n = asNumber(v);
      return n === undefined ? undefined : n - from;
    };
    return {
      ...some('start', since(o.start)),
      ...some('end', since(o.end)),
      ...some('quote', asText(o.text)),
      origin: { dialect: OCI, payload: { json: stringifyJson(o) } },
    };
  };
/** The one choice of an answer. */
const SAID: ReadonlySet<string> = new Set(['apiFormat', 'text', 'toolCalls', 'citations', 'finishReason', 'errorMessage']);
const answerReader = (answer: string, memo: Memo, emit: Emit) => {
  const parts = partsOf({ choice: 0, answer, memo, emit });
  const rest: Building = {};
  let said = '';
  let finished = false;
  /** Calls so far, as text: `called` before this event. */
  const made: string[] = [];
  let called: readonly string[] = [];
  const say = (text: string): void => {
    said += text;
    parts.words('text', text);
  };
  /** The last event repeats the whole text: what of it was not said yet is said now. */
  const sayRest = (text: string, repeats: boolean): void => {
    if (said !== '' && text.startsWith(said)) say(text.slice(said.length));
    else if (said === '' || !repeats) say(text);
  };
  /** An event has the calls that are new, or all of them again, as the last one does. */
  const calls = (list: readonly Json[]): void => {
    const told = list.map(asObject).filter((o) => o !== undefined);
    const keys = told.map(({ name, parameters }) => stringifyJson([name ?? '', parameters ?? {}]));
    const all = called.every((key, at) => key === keys[at]);
    for (const [at, { name, parameters }] of told.entries()) {
      const key = keys[at] ?? '';
      if (all ? at < called.length : called.includes(key)) continue;
      parts.call({ id: undefined, name: asText(name) ?? '', input: stringifyJson(parameters ?? {}) });
      made.push(key);
    }
    called = [...made];
  };
  const finish = (event: Fields): void => {
    endChoice(event, parts, rest, emit);
    finished = true;
  };
  return {
    finished: () => finished,
    /** `whole`: nothing follows. */
    take(event: Fields, whole: boolean): void {
      if (finished) return;
      const ends = whole || isReason(event.finishReason);
      const text = asText(event.text) ?? '';
      if (ends) sayRest(text, event.chatHistory !== undefined);
      else say(text);
      for (const wire of asList(event.citations)) parts.cite(citationOf(wire));
      calls(asList(event.toolCalls));
      for (const [name, value] of Object.entries(event)) if (!SAID.has(name) && value !== null) rest[name] = value;
      if (ends) finish(event);
    },
  };
};

const KNOWN: ReadonlySet<string> = new Set([...SAID, 'usage', 'chatHistory', 'isSearchRequired', 'searchQueries', 'documents', 'prompt']);
/** A whole answer in the format COHERE. Throws `upstream_bad_response` when it is none. */
export const readCohere = (reply: UpstreamReply, call: Call, memo: Memo | undefined): ChatReply =>
  readWhole(reply, call, {
    rest: COHERE,
    known: KNOWN,
    tell(response, answer, emit) {
      if (typeof response.text !== 'string' && !Array.isArray(response.toolCalls) && !isFailure(asText(response.finishReason) ?? ''))
        throw new GatewayError('upstream_bad_response', 'The provider answered without text.');
      const { usage: _usage, ...said } = response;
      answerReader(answer, memo ?? NO_MEMO, emit).take(Object.fromEntries(Object.entries(said).filter(([name]) => KNOWN.has(name))), true);
    },
  });
/** Reads a stream in the format COHERE. */
export const readCohereStream = (call: Call, memo: Memo | undefined, emit: Emit): StreamReader =>
  readStream(call, emit, (to): Format => {
    const reader = answerReader(call.id, memo ?? NO_MEMO, to);
    return { rest: COHERE, finished: reader.finished, left: () => ({}), take: (event) => reader.take(event, false) };
  });
