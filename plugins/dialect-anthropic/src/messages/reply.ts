import {
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
  Late,
  type Lost,
  lostTo,
  type Part,
  parseJson,
  type RefusalPart,
  some,
  stringifyJson,
  type UpstreamReply,
  unknownFields,
  type Written,
} from '@llm-proxy-auth/plugin';
import { isNameless, readFinish, readTier, stopSequenceOf, writeFinish, writeStop, writeTier } from '../finish.ts';
import { formOf, withForm } from '../form.ts';
import { loseKinds } from '../lost.ts';
import { METRICS } from '../measured.ts';
import { readErrorObject } from '../read-error.ts';
import { remainderOf, restore } from '../remainder.ts';
import { noUsage, readUsage, writeUsage } from '../usage.ts';
import { MESSAGES } from '../wire.ts';
import { noteBeyond, noteUsage } from './beyond.ts';
import { type Memo, NO_MEMO } from './memo.ts';
import { readBlock } from './read-blocks.ts';
import { writeAnswerBlock } from './reply-blocks.ts';
import { undone } from './tool-names.ts';

const REPLY: ReadonlySet<string> = new Set(['id', 'type', 'role', 'model', 'content', 'stop_reason', 'stop_sequence', 'stop_details', 'usage', METRICS]);

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
  if (!isObject(o.error)) return o;
  const { code, message, ...extra } = readErrorObject(o);
  throw new GatewayError(code, message, extra);
};
/** Members of a choice that have no place in the conversation: why it was refused, and a reason that would be written as another. */
export const choiceRest = (o: Fields): Fields | undefined => {
  const reason = asText(o.stop_reason);
  const told = reason === undefined || writeFinish(readFinish(reason), stopSequenceOf(o)) === reason;
  const rest = {
    ...some('stop_details', asObject(o.stop_details)),
    ...(told ? {} : { stop_reason: reason }),
    ...(o.stop_sequence === '' ? { stop_sequence: '' } : {}),
  };
  return Object.keys(rest).length > 0 ? rest : undefined;
};
const detailsOf = (rest: Fields | undefined): Fields => asObject(rest?.stop_details) ?? {};
/** Why the model refused, as the part that clients of other dialects show. */
export const refusalOf = (rest: Fields | undefined, memo: Memo): RefusalPart | undefined => {
  const text = memo.foreign === true ? asText(detailsOf(rest).explanation) : undefined;
  return text ? { kind: 'refusal', text } : undefined;
};
/** Notes for a client of another dialect what it is not told of the end: what kind of refusal it was, and a reason that it has no word for. */
export const noteEnd = (rest: Fields | undefined, memo: Memo, { ledger }: Pick<Call, 'ledger'>): void => {
  if (memo.foreign !== true || rest === undefined) return;
  if (asText(detailsOf(rest).category)) ledger.note('ignored', 'rest.fields.stop_details.category', 'only the provider’s own clients have a place for it');
  if (rest.stop_reason !== undefined) ledger.note('emulated', 'choices.finish', `another word stands for ${String(rest.stop_reason)}`);
};
/** Members of a message that have no place in the conversation. */
export const messageRest = (o: Fields): Fields | undefined => unknownFields(o, REPLY);
/** Thinking is bound to the model that signed it. */
const bound = (part: Part, model: string): Part =>
  part.kind === 'thinking' && part.origin !== undefined ? { ...part, origin: { ...part.origin, model } } : part;
/** The reason, unless the answer is what a tool stood for. */
export const finishOf = (wire: Json, memo: Memo): Choice['finish'] => {
  const finish = readFinish(wire);
  return finish === 'tool' && memo.answer !== undefined ? 'stop' : finish;
};

/** A whole message. Throws `upstream_bad_response` when it is none. */
export const readReply = (reply: UpstreamReply, call: Call, memo: Memo = NO_MEMO): ChatReply => {
  const o = replyObject(reply);
  if (!Array.isArray(o.content)) throw new GatewayError('upstream_bad_response', 'The provider answered without content.');
  const model = asText(o.model) || call.model;
  const said = o.content.map((block: Json, i) => undone(bound(readBlock(block, `content[${i}]`), model), memo));
  const rest = choiceRest(o);
  const refusal = refusalOf(rest, memo);
  const parts = refusal === undefined ? said : [...said, refusal];
  noteEnd(rest, memo, call);
  const around = messageRest(o);
  noteBeyond(around, memo, call);
  noteUsage(o.usage, memo, call);
  const usage = readUsage(o.usage);
  const stopSequence = stopSequenceOf(o);
  const choice: Choice = { index: 0, parts, finish: finishOf(o.stop_reason, memo), ...some('stopSequence', stopSequence), ...some('rest', rest) };
  const read: ChatReply = {
    id: asText(o.id) || `msg_${call.id}`,
    model,
    choices: [choice],
    usage: usage ?? noUsage,
    ...some('tier', readTier(asObject(o.usage)?.service_tier)),
    rest: { from: MESSAGES, fields: around ?? {} },
  };
  const { content: _content, model: _model, usage: _usage, ...others } = o;
  return withForm(read, { left: new Late(() => remainderOf(headOf(read, call.id), others)) });
};

/** What stands round the content and the usage. */
const headOf = (reply: ChatReply, callId: string): Building => {
  const [choice] = reply.choices;
  const mine = reply.rest?.from === MESSAGES;
  return {
    id: reply.id || `msg_${callId}`,
    type: 'message',
    role: 'assistant',
    ...writeStop(choice?.finish ?? 'stop', choice?.stopSequence),
    stop_details: null,
    container: null,
    diagnostics: null,
    ...(mine ? choice?.rest : {}),
    ...(mine ? reply.rest?.fields : {}),
  };
};
/** What this dialect cannot say round an answer. */
export const loseHead = (head: { readonly created?: number | undefined }, lost: Lost): void => {
  if (head.created !== undefined) lost('created', 'messages do not say when they were made');
};
/** What it cannot say of its end. */
export const loseReply = (choice: Pick<Choice, 'finish' | 'stopSequence'> | undefined, lost: Lost): void => {
  if (choice !== undefined && isNameless(choice.finish, choice.stopSequence))
    lost('choices.stopSequence', 'the provider does not say which sequence ended the answer', 'defaulted');
  if (choice?.finish === 'filter') lost('choices.finish', 'another word stands for filter', 'emulated');
};
/** A whole message; `model` is the name the client asked for. Members round the content keep the provider's spelling. */
export const writeReply = (reply: ChatReply, call: Call): Written => {
  const lost = lostTo(call.ledger);
  const [choice] = reply.choices;
  const mine = formOf(reply) !== undefined || reply.rest?.from === MESSAGES;
  if (reply.choices.length > 1) lost('choices', 'a message is one choice');
  loseHead(reply, lost);
  if (!mine) loseReply(choice, lost);
  if (reply.usage.estimated && reply.usage.input + reply.usage.output > 0) lost('usage.estimated', 'usage is written as if it had been counted');
  loseKinds(reply.usage, lost);
  const head = restore(headOf(reply, call.id), formOf(reply)?.left?.value);
  const answering = { mine, finish: choice?.finish ?? 'stop', lost };
  const content = (choice?.parts ?? []).flatMap((part) => writeAnswerBlock(part, answering));
  const body = { ...head, model: call.requestedModel, content, usage: writeUsage(reply.usage, writeTier(reply.tier)) };
  return { headers: ['content-type', 'application/json'], body: stringifyJson(body) };
};
