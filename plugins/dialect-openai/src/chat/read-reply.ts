import {
  asList,
  asNumber,
  asObject,
  asText,
  type Building,
  type Call,
  type ChatReply,
  type Choice,
  type Fields,
  GatewayError,
  isObject,
  type Json,
  type Part,
  parseJson,
  readLogprobs,
  stringifyJson,
  type UpstreamReply,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { readErrorMember } from '../read-error.ts';
import { noUsage, readUsage } from '../usage.ts';
import { readCall, readFunctionCall } from './calls.ts';
import { readCitation } from './citations.ts';
import { readFinish } from './finish.ts';
import { withForm } from './form.ts';
import { audioType, readPart } from './parts.ts';
import { CHAT } from './request.ts';

const REPLY: ReadonlySet<string> = new Set(['id', 'object', 'created', 'model', 'choices', 'usage', 'service_tier', 'error']);
const CHOICE: ReadonlySet<string> = new Set(['index', 'message', 'finish_reason', 'logprobs']);
const MESSAGE: ReadonlySet<string> = new Set([
  'role',
  'content',
  'refusal',
  'annotations',
  'audio',
  'tool_calls',
  'function_call',
  'reasoning_content',
  'reasoning',
]);

/** The object of a 200 answer. Throws `upstream_bad_response`, or the error that came under the 200. */
export const replyObject = (reply: UpstreamReply): Fields => {
  let parsed: Json;
  try {
    parsed = parseJson(reply.body);
  } catch (cause) {
    throw new GatewayError('upstream_bad_response', 'The provider answered with something that is not JSON.', { cause });
  }
  const o = asObject(parsed);
  if (o === undefined) throw new GatewayError('upstream_bad_response', 'The provider answered with JSON that is not an object.');
  if (o.error === undefined || o.error === null) return o;
  const { code, message, ...extra } = readErrorMember(o.error);
  throw new GatewayError(code, message, extra);
};
const textParts = (content: Json): Part[] => {
  if (content === null || content === undefined) return [];
  if (typeof content === 'string') return [{ kind: 'text', text: content }];
  return asList(content).map((p) => readPart(p, 'content'));
};
const audioPart = (a: Fields): Part => ({
  kind: 'audio',
  media: { base64: asText(a.data) ?? '', type: audioType('wav') },
  ...(asText(a.id) === undefined ? {} : { id: asText(a.id) }),
  ...(asText(a.transcript) === undefined ? {} : { transcript: asText(a.transcript) }),
  ...(asNumber(a.expires_at) === undefined ? {} : { expires: asNumber(a.expires_at) }),
});
/** The first text or refusal gets what hangs on the whole message. */
const attach = (parts: Part[], m: Fields, logprobs: Fields): Part[] => {
  const citations = asList(m.annotations).map((wire) => readCitation(wire, 0));
  const content = readLogprobs(logprobs.content);
  const refusal = readLogprobs(logprobs.refusal);
  const text = parts.findIndex((p) => p.kind === 'text');
  return parts.map((p, i) => {
    if (p.kind === 'text' && i === text)
      return { ...p, ...(citations.length > 0 ? { citations } : {}), ...(content === undefined ? {} : { logprobs: content }) };
    return p.kind === 'refusal' && refusal !== undefined ? { ...p, logprobs: refusal } : p;
  });
};
const messageParts = (m: Fields, callId: string): Part[] => {
  const thought = asText(m.reasoning_content) ?? asText(m.reasoning);
  const parts: Part[] = thought ? [{ kind: 'thinking', text: thought, redacted: false }] : [];
  parts.push(...textParts(m.content));
  if (typeof m.refusal === 'string') parts.push({ kind: 'refusal', text: m.refusal });
  if (isObject(m.audio)) parts.push(audioPart(m.audio));
  parts.push(...asList(m.tool_calls).map((call, i) => readCall(call, `choices[].message.tool_calls[${i}]`, `call_${callId}_${i}`)));
  if (isObject(m.function_call)) parts.push(readFunctionCall(m.function_call, `call_${callId}`));
  return parts;
};
/** Logprobs and annotations of a text that the message does not have: no part can carry them. */
const withoutText = (c: Fields, m: Fields, parts: readonly Part[]): { readonly choice: Fields; readonly message: Fields } => {
  const o = asObject(c.logprobs);
  const said = (kind: Part['kind']): boolean => parts.some((p) => p.kind === kind && 'logprobs' in p);
  const carried = said('text') === Array.isArray(o?.content) && said('refusal') === Array.isArray(o?.refusal) && (said('text') || said('refusal'));
  const cites = asList(m.annotations).length > 0 && !parts.some((p) => p.kind === 'text');
  return { choice: o === undefined || carried ? {} : { logprobs: o }, message: cites ? { annotations: m.annotations } : {} };
};
/** Members of a choice that the model does not hold, those of its message under `message`. */
const restOf = (choice: Fields, message: Fields, parts: readonly Part[]): Fields | undefined => {
  const lone = withoutText(choice, message, parts);
  const own = { ...unknownFields(choice, CHOICE), ...lone.choice };
  const inner = { ...unknownFields(message, MESSAGE), ...lone.message };
  const rest = { ...own, ...(Object.keys(inner).length === 0 ? {} : { message: inner }) };
  return Object.keys(rest).length === 0 ? undefined : rest;
};
/** Members of a streamed choice that the model does not hold, without those of its delta. */
export const chunkRest = ({ delta: _delta, ...choice }: Fields): Fields | undefined => unknownFields(choice, CHOICE);
const readChoice = (wire: Json, i: number, call: Call): Choice => {
  const c = asObject(wire) ?? {};
  const m = asObject(c.message) ?? {};
  const index = asNumber(c.index) ?? i;
  const parts = attach(messageParts(m, `${call.id}_${index}`), m, asObject(c.logprobs) ?? {});
  const rest = restOf(c, m, parts);
  return {
    index,
    parts,
    finish: readFinish(
      c.finish_reason,
      parts.some((p) => p.kind === 'toolCall'),
    ),
    ...(rest === undefined ? {} : { rest }),
  };
};
/** A whole chat completion. Throws `upstream_bad_response` when it is none. */
export const readReply = (reply: UpstreamReply, call: Call): ChatReply => {
  const o = replyObject(reply);
  if (!Array.isArray(o.choices) || o.choices.length === 0) throw new GatewayError('upstream_bad_response', 'The provider answered without choices.');
  const choices = o.choices.map((c, i) => readChoice(c, i, call));
  const fields: Building = unknownFields(o, REPLY) ?? {};
  const kept = Object.keys(fields).length > 0 || choices.some((c) => c.rest !== undefined);
  const created = asNumber(o.created);
  const tier = asText(o.service_tier);
  const read: ChatReply = {
    id: asText(o.id) || `chatcmpl-${call.id}`,
    model: asText(o.model) || call.model,
    ...(created === undefined ? {} : { created }),
    choices,
    usage: (isObject(o.usage) ? readUsage(o.usage, stringifyJson(o.usage)) : undefined) ?? noUsage,
    ...(tier === undefined ? {} : { tier }),
    ...(kept ? { rest: { from: CHAT, fields } } : {}),
  };
  const legacy = o.choices.some((c) => isObject(asObject(asObject(c)?.message)?.function_call));
  return withForm(read, { legacy, answer: { wire: o, read } });
};
