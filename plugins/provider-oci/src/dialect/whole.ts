import {
  asObject,
  asText,
  type Call,
  type ChatEvent,
  type ChatReply,
  collect,
  type Fields,
  GatewayError,
  header,
  type Json,
  parseJson,
  some,
  type UpstreamReply,
} from '@llm-proxy-auth/plugin';
import { namingLosses } from './beyond.ts';
import { readErrorReply } from './read-error.ts';
import type { Emit } from './stream.ts';
import { NO_USAGE, usageOf } from './usage.ts';

const bad = (why: string, cause?: unknown): GatewayError => new GatewayError('upstream_bad_response', `The provider answered ${why}.`, { cause });
/** The object of a 200 answer. Throws `upstream_bad_response`. */
export const replyObject = (reply: UpstreamReply): Fields => {
  let parsed: Json;
  try {
    parsed = parseJson(reply.body);
  } catch (cause) {
    throw bad('with something that is not JSON', cause);
  }
  const o = asObject(parsed);
  if (o === undefined) throw bad('with JSON that is not an object');
  return o;
};
/** What a format makes of `chatResponse`: events of its choices, and the members that it knows. */
export interface Answer {
  readonly rest: string;
  readonly known: ReadonlySet<string>;
  /** Tells the choices. Throws GatewayError. */
  tell(response: Fields, id: string, emit: Emit): void;
}
const ENVELOPE: ReadonlySet<string> = new Set(['modelId', 'chatResponse']);
const left = (fields: Fields, known: ReadonlySet<string>): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name, value]) => !known.has(name) && value !== null && value !== undefined));
const createdOf = (wire: Json): number | undefined => {
  const time = Date.parse(asText(wire) ?? '');
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000);
};
/** A whole answer, read as the stream of one piece that it is. Throws `upstream_bad_response`, or the error that came under the 200. */
export const readWhole = (reply: UpstreamReply, call: Call, answer: Answer): ChatReply => {
  const o = replyObject(reply);
  const response = asObject(o.chatResponse);
  if (response === undefined) {
    if (asText(o.message) === undefined) throw bad('without an answer');
    const { code, message, ...extra } = readErrorReply(reply);
    throw new GatewayError(code, message, extra);
  }
  const id = asText(response.id) ?? header(reply.headers, 'opc-request-id') ?? call.id;
  const events: ChatEvent[] = [];
  const start = { type: 'start', id, model: asText(o.modelId) ?? call.model, ...some('created', createdOf(response.timeCreated)) } as const;
  events.push({ ...start, ...some('tier', asText(response.serviceTier)?.toLowerCase()) });
  const emit = namingLosses(call, (e) => void events.push(e));
  answer.tell(response, id, emit);
  const fields = { ...left(o, ENVELOPE), ...left(response, answer.known) };
  const rest = Object.keys(fields).length === 0 ? undefined : { from: answer.rest, fields };
  emit({ type: 'usage', usage: usageOf(response) ?? NO_USAGE });
  emit({ type: 'end', ...some('rest', rest) });
  return collect(events);
};
