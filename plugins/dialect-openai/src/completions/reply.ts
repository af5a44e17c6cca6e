import {
  asNumber,
  asObject,
  asText,
  type Call,
  type ChatReply,
  type Choice,
  type Fields,
  type Finish,
  GatewayError,
  isObject,
  type Json,
  loseProof,
  lostTo,
  type Part,
  stringifyJson,
  type TokenLogprob,
  type UpstreamReply,
  type Usage,
  unknownFields,
  type Written,
} from '@llm-proxy-auth/plugin';
import { answered, SILENT } from '../chat/answered.ts';
import { readFinish, writeFinish } from '../chat/finish.ts';
import { formsOf } from '../chat/form.ts';
import { replyObject } from '../chat/read-reply.ts';
import { writeUsage } from '../chat/usage.ts';
import { countedIn, loseEnd, loseEstimate } from '../lost.ts';
import { noUsage, readUsage } from '../usage.ts';
import { OPENAI } from '../wire.ts';
import { ownLogprobs, readLegacyLogprobs, writeLegacyLogprobs } from './logprobs.ts';
import { COMPLETIONS } from './request.ts';

/** Members of an answer, and of each chunk of one, that the model holds. */
export const REPLY: ReadonlySet<string> = new Set(['id', 'object', 'created', 'model', 'choices', 'usage', 'error']);
const CHOICE: ReadonlySet<string> = new Set(['text', 'index', 'logprobs', 'finish_reason']);
const { withForm, formOf } = formsOf('openai.completions.answer');
/** Reasons a text completion has a word for. */
export const FINISHES: ReadonlySet<Finish> = new Set(['stop', 'length', 'filter']);
export const FINISHED = { called: false, legacy: false };
export const usageOf = (wire: Json): Usage | undefined => (isObject(wire) ? readUsage(wire, stringifyJson(wire)) : undefined);
export const headOf = (o: Fields, call: Call) => {
  const created = asNumber(o.created);
  const fields = unknownFields(o, REPLY);
  return {
    id: asText(o.id) || `cmpl-${call.id}`,
    model: asText(o.model) || call.model,
    ...(created === undefined ? {} : { created }),
    ...(fields === undefined ? {} : { rest: { from: COMPLETIONS, fields } }),
  };
};
/** What a choice, or a chunk of one, has beside what the model holds; `from`: length of the text before. */
export const choiceRest = (c: Fields, from: number): Fields | undefined => {
  const own = ownLogprobs(c.logprobs, from);
  const fields = unknownFields(c, CHOICE);
  return own === undefined && fields === undefined ? undefined : { ...fields, ...(own === undefined ? {} : { logprobs: own }) };
};
const readChoice = (wire: Json, i: number): Choice => {
  const c = asObject(wire) ?? {};
  const logprobs = readLegacyLogprobs(c.logprobs);
  const rest = choiceRest(c, 0);
  return {
    index: asNumber(c.index) ?? i,
    parts: [{ kind: 'text', text: asText(c.text) ?? '', ...(logprobs === undefined ? {} : { logprobs }) }],
    finish: readFinish(c.finish_reason, false),
    ...(rest === undefined ? {} : { rest }),
  };
};
/** A whole text completion. Throws `upstream_bad_response` when it is none. */
export const readReply = (reply: UpstreamReply, call: Call): ChatReply => {
  const o = replyObject(reply);
  if (!Array.isArray(o.choices) || o.choices.length === 0) throw new GatewayError('upstream_bad_response', 'The provider answered without choices.');
  const choices = o.choices.map(readChoice);
  const head = headOf(o, call);
  const kept = head.rest === undefined && choices.some((c) => c.rest !== undefined) ? { rest: { from: COMPLETIONS, fields: {} } } : {};
  const read: ChatReply = { ...head, ...kept, choices, usage: usageOf(o.usage) ?? noUsage };
  return withForm(read, { answer: { wire: o, read } });
};

/** What a text completion cannot say of a part. */
export const losePartOf = (part: Part, call: Call): void => {
  if (part.kind === 'text' || part.kind === 'refusal') loseProof(part.origin, OPENAI, lostTo(call.ledger));
  if (part.kind === 'refusal') call.ledger.note('emulated', 'choices.parts.refusal', 'a refusal is text here');
  else if (part.kind !== 'text') call.ledger.note('ignored', `choices.parts.${part.kind}`, `text completions have no ${part.kind}`);
  else if ((part.citations ?? []).length > 0) call.ledger.note('ignored', 'choices.parts.citations', 'text completions cite nothing');
};
export const loseBytes = (logprobs: readonly TokenLogprob[] | undefined, call: Call): void => {
  if (logprobs?.some((one) => one.bytes !== undefined || one.top.some((top) => top.bytes !== undefined)))
    call.ledger.note('ignored', 'choices.parts.logprobs.bytes', 'tokens are text here');
};
export const loseReply = (reply: { readonly tier?: string | undefined }, call: Call): void => {
  if (reply.tier !== undefined) call.ledger.note('ignored', 'tier', 'text completions name no tier');
};
const textsOf = (parts: readonly Part[], call: Call): { readonly text: string; readonly logprobs: Fields | null } => {
  for (const part of parts) losePartOf(part, call);
  const texts = parts.filter((p) => p.kind === 'text' || p.kind === 'refusal');
  const logprobs = texts.flatMap((p) => p.logprobs ?? []);
  loseBytes(logprobs, call);
  return { text: texts.map((p) => p.text).join(''), logprobs: writeLegacyLogprobs(logprobs.length === 0 ? undefined : logprobs, 0) };
};
const bodyOf = (reply: ChatReply, call: Call): Fields => {
  const mine = reply.rest?.from === COMPLETIONS;
  const choices = reply.choices.map((c) => {
    const { text, logprobs } = textsOf(c.parts, call);
    loseEnd({ reason: c.finish, stopSequence: c.stopSequence }, FINISHES, call.ledger);
    return { text, index: c.index, logprobs, finish_reason: writeFinish(c.finish, FINISHED), ...(mine ? c.rest : {}) };
  });
  const usage = countedIn(reply.usage);
  loseReply(reply, call);
  loseEstimate(usage, call.ledger);
  return {
    id: reply.id || `cmpl-${call.id}`,
    object: 'text_completion',
    created: reply.created ?? Math.floor(call.now / 1000),
    model: call.requestedModel,
    choices,
    ...(usage === undefined ? {} : { usage: writeUsage(usage) }),
    ...(mine ? reply.rest?.fields : {}),
  };
};
/** A whole text completion; `model` is the name the client asked for. An answer of this surface keeps its spelling. */
export const writeReply = (reply: ChatReply, call: Call): Written => {
  const answer = formOf(reply)?.answer;
  const body = bodyOf(reply, call);
  const spelt = answer === undefined ? body : answered(body, bodyOf(answer.read, { ...call, ledger: SILENT }), answer.wire);
  return { headers: ['content-type', 'application/json'], body: stringifyJson(spelt) };
};
