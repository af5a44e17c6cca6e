import {
  asList,
  asNumber,
  asObject,
  asText,
  type Call,
  type ChatReply,
  type Choice,
  type Fields,
  GatewayError,
  type Json,
  jsonText,
  type Part,
  readLogprobs,
  type UpstreamReply,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { answerOf, missing, noteBeyond, noteWarnings } from '../answer.ts';
import { argumentsOf, BROKEN, CHAT, createdIn, isKnown, logprobsIn, modelIn, NO_USAGE, readFinish, readUsage } from './read.ts';

const REPLY: ReadonlySet<string> = new Set(['id', 'object', 'model', 'model_id', 'created', 'choices', 'usage', 'errors', 'status_code', 'trace']);
const CHOICE: ReadonlySet<string> = new Set(['index', 'message', 'finish_reason', 'logprobs']);
const MESSAGE: ReadonlySet<string> = new Set(['role', 'content', 'refusal', 'tool_calls', 'reasoning_content']);

const readCall = (wire: Json, fallbackId: string): Part => {
  const call = asObject(wire) ?? {};
  const made = asObject(call.function) ?? {};
  return { kind: 'toolCall', id: asText(call.id) || fallbackId, name: asText(made.name) ?? '', input: { json: argumentsOf(jsonText(made.arguments)) } };
};
const partsOf = (message: Fields, choice: Fields, callId: string): Part[] => {
  const parts: Part[] = [];
  const thought = asText(message.reasoning_content);
  if (thought) parts.push({ kind: 'thinking', text: thought, redacted: false });
  const logprobs = readLogprobs(logprobsIn(choice).content);
  const text = asText(message.content);
  if (text !== undefined) parts.push({ kind: 'text', text, ...(logprobs === undefined ? {} : { logprobs }) });
  const refusal = asText(message.refusal);
  if (refusal) parts.push({ kind: 'refusal', text: refusal });
  parts.push(...asList(message.tool_calls).map((call, i) => readCall(call, `call_${callId}_${i}`)));
  return parts;
};
const restOf = (choice: Fields, message: Fields): Fields | undefined => {
  const inner = unknownFields(message, MESSAGE);
  const rest = { ...unknownFields(choice, CHOICE), ...(inner === undefined ? {} : { message: inner }) };
  return Object.keys(rest).length === 0 ? undefined : rest;
};
/** Notes an end that no other vendor has a word for. */
export const noteFinish = (reason: Json, call: Call): void => {
  if (reason === 'time_limit') call.ledger.note('emulated', 'choices.finish', 'the time limit ended the answer, which counts as its length');
  else if (typeof reason === 'string' && !isKnown(reason)) call.ledger.note('emulated', 'choices.finish', `the answer ended with ${reason}`);
};
const readChoice = (wire: Json, i: number, call: Call): Choice => {
  const choice = asObject(wire) ?? {};
  const message = asObject(choice.message) ?? {};
  const reason = choice.finish_reason;
  if (typeof reason === 'string' && BROKEN.has(reason)) throw new GatewayError('upstream_bad_response', `watsonx.ai broke the answer off: ${reason}.`);
  noteFinish(reason, call);
  const index = asNumber(choice.index) ?? i;
  const parts = partsOf(message, choice, `${call.id}_${index}`);
  const rest = restOf(choice, message);
  noteBeyond(unknownFields(choice, CHOICE), call);
  noteBeyond(unknownFields(message, MESSAGE), call);
  const called = parts.some((part) => part.kind === 'toolCall');
  return { index, parts, finish: readFinish(reason, called), ...(rest === undefined ? {} : { rest }) };
};
/** A whole answer of `text/chat`. Throws `upstream_bad_response` when it is none. */
export const read = (reply: UpstreamReply, call: Call): ChatReply => {
  const body = answerOf(reply);
  if (!Array.isArray(body.choices) || body.choices.length === 0) throw missing('choices');
  noteWarnings(body, call);
  const created = createdIn(body);
  const fields = unknownFields(body, REPLY);
  noteBeyond(fields, call);
  return {
    id: asText(body.id) || `chatcmpl-${call.id}`,
    model: modelIn(body) ?? call.model,
    ...(created === undefined ? {} : { created }),
    choices: body.choices.map((choice, i) => readChoice(choice, i, call)),
    usage: readUsage(body.usage) ?? NO_USAGE,
    ...(fields === undefined ? {} : { rest: { from: CHAT, fields } }),
  };
};
