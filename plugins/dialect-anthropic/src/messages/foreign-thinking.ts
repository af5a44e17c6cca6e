import {
  asObject,
  asText,
  type ChatEvent,
  type ChatReply,
  type ChatRequest,
  type Fields,
  type Origin,
  openOrigin,
  type Part,
  parseJson,
  type Seal,
  sealOrigin,
  stringifyJson,
  type ThinkingPart,
} from '@llm-proxy-auth/plugin';
import { ANTHROPIC } from '../wire.ts';

/** What other vendors signed, on its way through clients that send thinking back with its signature: the signature is an envelope. */
const PURPOSE = 'anthropic.thinking';

const own = (block: Fields): Origin => ({ dialect: ANTHROPIC, payload: { json: stringifyJson(block) } });
const enclosed = (origin: Origin, text: string, redacted: boolean, seal: Seal): Origin => {
  if (origin.dialect === ANTHROPIC) return origin;
  const sealed = sealOrigin(seal, PURPOSE, origin, redacted);
  return own(redacted ? { type: 'redacted_thinking', data: sealed } : { type: 'thinking', thinking: text, signature: sealed });
};
/** An answer whose thinking is signed for this dialect, whoever signed it. */
export const encloseReply = (reply: ChatReply, seal: Seal): ChatReply => {
  const part = (one: Part): Part =>
    one.kind === 'thinking' && one.origin !== undefined ? { ...one, origin: enclosed(one.origin, one.text, one.redacted, seal) } : one;
  return { ...reply, choices: reply.choices.map((choice) => ({ ...choice, parts: choice.parts.map(part) })) };
};
/** The same of a stream, event by event. */
export const enclosing = (seal: Seal): ((e: ChatEvent) => ChatEvent) => {
  /** Thinking that is open, by choice and index: whether it is redacted. */
  const open = new Map<string, ThinkingPart>();
  return (e) => {
    if (e.type === 'part' && e.part.kind === 'thinking') open.set(`${e.choice} ${e.index}`, e.part);
    if (e.type !== 'part-end' || open.size === 0) return e;
    const key = `${e.choice} ${e.index}`;
    const part = open.get(key);
    const origin = e.origin ?? part?.origin;
    open.delete(key);
    // The text went before, in deltas.
    return part === undefined || origin === undefined ? e : { ...e, origin: enclosed(origin, '', part.redacted, seal) };
  };
};

const opened = (part: ThinkingPart, seal: Seal, param: string): ThinkingPart => {
  const block = part.origin?.dialect === ANTHROPIC ? asObject(parseJson(part.origin.payload.json)) : undefined;
  const member = part.redacted ? 'data' : 'signature';
  const found = openOrigin(seal, PURPOSE, asText(block?.[member]), `${param}.${member}`);
  return found === undefined ? part : { kind: 'thinking', text: part.text, ...found };
};
/** A request whose thinking is its vendor's again. Throws 400 for an envelope that was changed. */
export const discloseRequest = (request: ChatRequest, seal: Seal): ChatRequest => {
  const part = (one: Part): Part => (one.kind === 'thinking' ? opened(one, seal, 'messages[].content[]') : one);
  const holds = request.turns.some(({ parts }) => parts.some(({ kind }) => kind === 'thinking'));
  return holds ? { ...request, turns: request.turns.map((turn) => ({ ...turn, parts: turn.parts.map(part) })) } : request;
};
