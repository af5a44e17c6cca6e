import {
  asList,
  asObject,
  asText,
  type Call,
  type ChatReply,
  type Choice,
  type Citation,
  defined,
  type Fields,
  GatewayError,
  isObject,
  type Json,
  type Lost,
  lostTo,
  type Part,
  parseJson,
  type RefusalPart,
  remainderOf,
  restore,
  type Seal,
  some,
  stringifyJson,
  type UpstreamReply,
  unknownFields,
  type Written,
} from '@llm-proxy-auth/plugin';
import { answerObject, candidatesOf, errorIn } from '../candidates.ts';
import { isOtherWord, ownWord, readFinish, refuseBroken, writeFinish } from '../finish.ts';
import { formOf, withForm } from '../form.ts';
import { readErrorObject } from '../read-error.ts';
import { loseKinds, readTraffic, usageOf, writeUsage } from '../usage.ts';
import { GENERATE } from '../wire.ts';
import { type Answering, fittedParts, writeAnswerPart } from './answer-parts.ts';
import { loseAround, loseCandidate, refusalOf } from './beyond.ts';
import { callNames } from './call-names.ts';
import { readCitations, writeCitation } from './citations.ts';
import { readLogprobs, writeLogprobs } from './logprobs.ts';
import { type Memo, OWN } from './memo.ts';
import { readAnswerParts } from './read-parts.ts';

/** The object of a 200 answer. Throws `upstream_bad_response`, or the error that came under the 200. */
export const replyObject = (reply: UpstreamReply): Fields => {
  let parsed: Json;
  try {
    parsed = parseJson(reply.body);
  } catch (cause) {
    throw new GatewayError('upstream_bad_response', 'The provider answered with something that is not JSON.', { cause });
  }
  const told = errorIn(parsed);
  const o = answerObject(parsed);
  if (o === undefined && told === undefined) throw new GatewayError('upstream_bad_response', 'The provider answered with JSON that is not an object.');
  if (o !== undefined && told === undefined) return o;
  const { code, message, ...extra } = readErrorObject(told);
  throw new GatewayError(code, message, extra);
};
const CANDIDATE: readonly string[] = ['content', 'finishReason', 'index'];
/** Members of a candidate that have no place in the conversation. */
export const candidateRest = (wire: Fields, calls: boolean): Fields | undefined => {
  const rest = { ...some('finishReason', ownWord(wire.finishReason, calls)), ...unknownFields(wire, CANDIDATE) };
  return Object.keys(rest).length === 0 ? undefined : rest;
};
/** Sources and probabilities are of the text, so the first text shows them. */
const marked = (parts: readonly Part[], wire: Fields): readonly Part[] => {
  const at = parts.findIndex(({ kind }) => kind === 'text');
  const text = parts[at];
  if (text?.kind !== 'text') return parts;
  const citations = readCitations(wire, text.text);
  const logprobs = readLogprobs(wire.logprobsResult);
  if (citations.length === 0 && logprobs === undefined) return parts;
  const full: Part = { ...text, ...some('citations', citations.length > 0 ? citations : undefined), ...some('logprobs', logprobs) };
  return parts.map((part, index) => (index === at ? full : part));
};
const hasCalls = (parts: readonly Part[]): boolean => parts.some(({ kind }) => kind === 'toolCall');
/** A candidate without its parts. */
const candidateHead = (choice: Choice, mine: boolean): Fields => ({
  content: { parts: [], role: 'model' },
  finishReason: writeFinish(choice.finish),
  ...(choice.index === 0 ? {} : { index: choice.index }),
  ...(mine ? choice.rest : {}),
});
const readCandidate = (wire: Fields, index: number, call: Call, model: string, memo: Memo): Choice => {
  if (!memo.mine) refuseBroken(wire.finishReason, wire.finishMessage);
  const content = asObject(wire.content);
  const names = callNames(`call_${call.id}`);
  const read = readAnswerParts(asList(content?.parts), 'content.parts', { seal: undefined, model, names });
  const calls = hasCalls(read);
  const finish = readFinish(wire.finishReason, calls);
  const refused = memo.mine || read.length > 0 ? undefined : refusalOf(finish, wire.finishMessage);
  if (!memo.mine)
    loseCandidate(wire, { refused: refused !== undefined, improbable: memo.logprobs === true && wire.logprobsResult === undefined }, lostTo(call.ledger));
  const choice: Choice = {
    index,
    parts: refused === undefined ? marked(read, wire).flatMap((part) => fittedParts(part, memo)) : [refused],
    finish,
    ...some('rest', candidateRest(wire, calls)),
  };
  const bare = content === undefined ? wire : { ...wire, content: { ...content, ...(Array.isArray(content.parts) ? { parts: [] } : {}) } };
  return withForm(choice, { left: remainderOf(candidateHead(choice, true), bare) });
};
const TOP: readonly string[] = ['candidates', 'usageMetadata', 'modelVersion', 'responseId', 'createTime'];
/** Members of an answer that have no place in the conversation. */
export const answerRest = (o: Fields): Fields => unknownFields(o, TOP) ?? {};
export const createdOf = (o: Fields): number | undefined => {
  const at = Date.parse(asText(o.createTime) ?? '');
  return Number.isFinite(at) ? Math.floor(at / 1000) : undefined;
};
const timeOf = (created: number): string => new Date(created * 1000).toISOString().replace('.000Z', 'Z');
/** The time as the vendor wrote it, where that is more than whole seconds. */
export const exactTime = (o: Fields): Fields => {
  const created = createdOf(o);
  return created === undefined || timeOf(created) === o.createTime ? {} : { createTime: o.createTime };
};
/** What stands round the candidates and the usage. */
const replyHead = (reply: ChatReply, model: string, mine: boolean): Fields =>
  defined({
    candidates: [],
    usageMetadata: {},
    modelVersion: model,
    createTime: reply.created === undefined ? undefined : timeOf(reply.created),
    responseId: reply.id,
    ...(mine ? reply.rest?.fields : {}),
  });
export const headFields = (start: { readonly id: string; readonly created?: number | undefined }, model: string): Fields =>
  defined({ modelVersion: model, createTime: start.created === undefined ? undefined : timeOf(start.created), responseId: start.id });
/** A prompt that was refused comes with a 200 and no candidate. */
export const BLOCKED: Choice = Object.freeze({ index: 0, parts: [], finish: 'filter' });
export const isBlocked = (o: Fields): boolean => asText(asObject(o.promptFeedback)?.blockReason) !== undefined;
/** What the vendor says of it, as a refusal for clients of other dialects. */
export const blockedWith = (o: Fields): RefusalPart | undefined => refusalOf('filter', asObject(o.promptFeedback)?.blockReasonMessage);
const blocked = (o: Fields, memo: Memo): Choice => {
  const refused = memo.mine ? undefined : blockedWith(o);
  return refused === undefined ? BLOCKED : { ...BLOCKED, parts: [refused] };
};

/** A whole answer. Throws `upstream_bad_response` when it is none. */
export const readReply = (reply: UpstreamReply, call: Call, memo: Memo = OWN): ChatReply => {
  const o = replyObject(reply);
  const candidates = candidatesOf(o);
  if (candidates.length === 0 && !isBlocked(o)) throw new GatewayError('upstream_bad_response', 'The provider answered without candidates.');
  const model = asText(o.modelVersion) || call.model;
  if (!memo.mine) {
    loseAround(answerRest(o), lostTo(call.ledger));
    loseKinds(o.usageMetadata, lostTo(call.ledger));
  }
  const choices = candidates.length === 0 ? [blocked(o, memo)] : candidates.map(([index, wire]) => readCandidate(wire, index, call, model, memo));
  const created = createdOf(o);
  const read: ChatReply = {
    id: asText(o.responseId) || call.id,
    model,
    ...some('created', created),
    choices,
    usage: usageOf(o.usageMetadata),
    ...some('tier', readTraffic(o.usageMetadata)),
    rest: { from: GENERATE, fields: answerRest(o) },
  };
  const actual = { ...o, ...(o.candidates === undefined ? {} : { candidates: [] }), ...(isObject(o.usageMetadata) ? { usageMetadata: {} } : {}) };
  return withForm(read, { left: remainderOf(replyHead(read, model, true), actual) });
};

/** What this dialect cannot say of how an answer ended. */
export const loseEnd = (choice: Pick<Choice, 'finish' | 'stopSequence'>, lost: Lost): void => {
  if (isOtherWord(choice.finish)) lost('choices.finish', `another word stands for ${choice.finish}`, 'emulated');
  if (choice.stopSequence !== undefined) lost('choices.stopSequence', 'an answer does not say which sequence ended it');
};
/** Sources and probabilities of texts of another dialect, as members of the candidate. */
export const foreignMarks = (parts: readonly Part[], rest: Fields | undefined, lost: Lost): Fields => {
  const cited = parts.flatMap((part) => (part.kind === 'text' ? citedIn(part.citations ?? [], part.text, lost) : []));
  const tokens = parts.flatMap((part) => (part.kind === 'text' || part.kind === 'refusal' ? (part.logprobs ?? []) : []));
  return {
    ...(cited.length > 0 && rest?.citationMetadata === undefined ? { citationMetadata: { citations: cited } } : {}),
    ...(tokens.length > 0 && rest?.logprobsResult === undefined ? { logprobsResult: writeLogprobs(tokens) } : {}),
  };
};
export const citedIn = (citations: readonly Citation[], text: string, lost: Lost): readonly Fields[] =>
  citations.flatMap((citation): readonly Fields[] => {
    const wire = writeCitation(citation, text);
    if (wire === undefined) return [];
    if (citation.quote !== undefined || citation.origin !== undefined) lost('choices.parts.citations', 'a citation says where, and what page', 'emulated');
    return [wire];
  });
const writeCandidate = (choice: Choice, mine: boolean, answering: Answering): Fields => {
  const { lost } = answering;
  loseEnd(choice, lost);
  const parts = choice.parts.flatMap((part) => writeAnswerPart(part, mine, { ...answering, finish: choice.finish }) ?? []);
  const head = restore(candidateHead(choice, mine), formOf(choice)?.left);
  const content = asObject(head.content);
  const marks = foreignMarks(choice.parts, mine ? choice.rest : undefined, lost);
  if (parts.length === 0 && (content === undefined || !('parts' in content))) return { ...head, ...marks };
  return { ...head, content: { ...(content ?? { role: 'model' }), parts }, ...marks };
};
/** A whole answer; members round its content keep the provider's spelling. */
export const writeReply =
  (seal: Seal) =>
  (reply: ChatReply, call: Call): Written => {
    const lost = lostTo(call.ledger);
    const mine = formOf(reply) !== undefined || reply.rest?.from === GENERATE;
    const head = restore(replyHead(reply, mine ? reply.model : call.requestedModel, mine), formOf(reply)?.left);
    const said = 'candidates' in head || reply.choices.some(({ parts }) => parts.length > 0);
    const body = {
      ...head,
      ...(said ? { candidates: reply.choices.map((choice) => writeCandidate(choice, mine, { seal, lost })) } : {}),
      ...('usageMetadata' in head ? { usageMetadata: writeUsage(reply.usage, reply.tier, lost) } : {}),
    };
    return { headers: ['content-type', 'application/json; charset=UTF-8'], body: stringifyJson(body) };
  };
