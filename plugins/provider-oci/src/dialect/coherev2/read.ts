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
  jsonText,
  type StreamReader,
  some,
  stringifyJson,
  type TokenLogprob,
  type UpstreamReply,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { endChoice } from '../ending.ts';
import { isReason } from '../finish.ts';
import { type Memo, NO_MEMO } from '../memo.ts';
import { COHEREV2, OCI } from '../name.ts';
import { partsOf } from '../parts.ts';
import { type Emit, type Format, readStream } from '../stream.ts';
import { readWhole } from '../whole.ts';
import { TOOL_PLAN } from './messages.ts';

/** Citations of the answer; those of its thinking and plan are kept as they are. */
const citationOf = (wire: Json) => (): Citation => {
  const o = asObject(wire) ?? {};
  const [start, end] = [asNumber(o.start), asNumber(o.end)];
  return { ...some('start', start), ...some('end', end), ...some('quote', asText(o.text)), origin: { dialect: OCI, payload: { json: stringifyJson(o) } } };
};
/** A piece of text and the logarithms of its tokens, which multiply: their sum is that of the piece. */
const probabilityOf = (wire: Json): TokenLogprob => {
  const o = asObject(wire) ?? {};
  return { token: asText(o.text) ?? '', logprob: asList(o.logProbabilities).reduce<number>((sum, v) => sum + (asNumber(v) ?? 0), 0), top: [] };
};
const MESSAGE: ReadonlySet<string> = new Set(['role', 'content', 'toolCalls', 'toolPlan', 'citations']);
const SAID: ReadonlySet<string> = new Set(['apiFormat', 'id', 'message', 'finishReason', 'errorMessage']);
const CALL: ReadonlySet<string> = new Set(['id', 'type', 'function']);

/** The one answer. In a stream its last event may be all of it again, which says by its `id` that it is whole. */
const answerReader = (answer: string, memo: Memo, emit: Emit) => {
  const parts = partsOf({ choice: 0, answer, memo, emit });
  const rest: Building = {};
  const said = { text: '', thinking: '' };
  let plan = '';
  let finished = false;

  const words = (kind: 'text' | 'thinking', text: string, logprobs?: readonly TokenLogprob[]): void => {
    said[kind] += text;
    parts.words(kind, text, logprobs);
  };
  const content = (list: readonly Json[], logprobs: readonly TokenLogprob[] | undefined, again: boolean): void => {
    let left = logprobs;
    for (const wire of list) {
      const o = asObject(wire);
      if (o === undefined) continue;
      const text = asText(o.type === 'TEXT' ? o.text : o.thinking) ?? '';
      if (o.type !== 'TEXT' && o.type !== 'THINKING') {
        if (!again) parts.opaque(o);
      } else if (!again) {
        words(o.type === 'TEXT' ? 'text' : 'thinking', text, o.type === 'TEXT' ? left : undefined);
        if (o.type === 'TEXT') left = undefined;
      }
    }
    if (left !== undefined) parts.words('text', '', left);
  };
  const calls = (list: readonly Json[]): void => {
    for (const wire of list) {
      const o = asObject(wire);
      const f = asObject(o?.function);
      if (o === undefined) continue;
      parts.call({ id: asText(o.id), name: asText(f?.name), input: jsonText(f?.arguments) });
      Object.assign(rest, unknownFields(o, CALL));
    }
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
      const message = asObject(event.message) ?? {};
      const ends = whole || isReason(event.finishReason);
      const again = !whole && ends && typeof event.id === 'string' && said.text + said.thinking + plan !== '';
      const toolPlan = asText(message.toolPlan) ?? '';
      if (toolPlan !== '' && !again) {
        plan += toolPlan;
        if (whole) parts.thought(toolPlan, TOOL_PLAN);
        else parts.words('thinking', toolPlan);
      }
      const probabilities = Array.isArray(event.logProbabilities) ? event.logProbabilities.map(probabilityOf) : undefined;
      content(asList(message.content), again ? undefined : probabilities, again);
      for (const wire of asList(message.citations)) parts.cite(citationOf(wire));
      if (!again || parts.calls === 0) calls(asList(message.toolCalls));
      Object.assign(rest, unknownFields(message, MESSAGE));
      if (typeof message.role === 'string' && message.role !== 'ASSISTANT') rest.role = message.role;
      for (const [name, value] of Object.entries(event)) if (!SAID.has(name) && value !== null) rest[name] = value;
      if (ends) finish(event);
    },
  };
};

const KNOWN: ReadonlySet<string> = new Set([...SAID, 'usage', 'logProbabilities']);
/** A whole answer in the format COHEREV2. Throws `upstream_bad_response` when it is none. */
export const readCohereV2 = (reply: UpstreamReply, call: Call, memo: Memo | undefined): ChatReply =>
  readWhole(reply, call, {
    rest: COHEREV2,
    known: KNOWN,
    tell(response, answer, emit) {
      if (asObject(response.message) === undefined) throw new GatewayError('upstream_bad_response', 'The provider answered without a message.');
      answerReader(answer, memo ?? NO_MEMO, emit).take(
        Object.fromEntries(Object.entries(response).filter(([name]) => KNOWN.has(name) && name !== 'usage')),
        true,
      );
    },
  });
/** Reads a stream in the format COHEREV2. */
export const readCohereV2Stream = (call: Call, memo: Memo | undefined, emit: Emit): StreamReader =>
  readStream(call, emit, (to): Format => {
    const reader = answerReader(call.id, memo ?? NO_MEMO, to);
    return { rest: COHEREV2, finished: reader.finished, left: () => ({}), take: (event) => reader.take(event, false) };
  });
