import {
  type Call,
  type ChatReply,
  type Choice,
  type Citation,
  defined,
  type Fields,
  type Ledger,
  loseProof,
  lostTo,
  type Origin,
  type Part,
  type Remainder,
  remainderOf,
  restore,
  type Seal,
  some,
  stringifyJson,
  type Written,
} from '@llm-proxy-auth/plugin';
import { cachePointOf } from '../blocks/cache.ts';
import { answerThinking } from '../blocks/thinking.ts';
import { inputOf, jsonOf, writeOwnBlock } from '../blocks/write.ts';
import { formOf } from '../form.ts';
import { losePart } from '../lost.ts';
import { CONVERSE, REST } from '../wire.ts';
import { isOtherWord, writeFinish } from './finish.ts';
import { writeUsage } from './usage.ts';

const SILENT: Ledger = Object.freeze({ note: () => undefined });
/** What another vendor signed of text; a stream tells it at the end of the part. */
export const noteProof = ({ kind }: Part, origin: Origin | undefined, ledger: Ledger): void => {
  if (kind === 'text' || kind === 'refusal') loseProof(origin, CONVERSE, lostTo(ledger));
};
/** What hangs on text that the surface has no place for. */
export const noteText = (part: Part, ledger: Ledger): void => {
  if (part.kind === 'refusal') ledger.note('emulated', 'choices.parts.refusal', 'a refusal is text here');
  if ((part.kind === 'text' || part.kind === 'refusal') && part.logprobs !== undefined) noteLogprobs(ledger);
};
export const noteLogprobs = (ledger: Ledger): void => ledger.note('ignored', 'choices.parts.logprobs', 'probabilities of tokens have no place here');
/** A block of an answer; undefined when this surface has no form for the part, which is noted. */
const writePart = (part: Part, seal: Seal, mine: boolean, ledger: Ledger): Fields | undefined => {
  if (part.kind === 'thinking') return { reasoningContent: answerThinking(part, seal, mine) };
  if (part.kind === 'toolCall') {
    const value = 'json' in part.input ? jsonOf(part.input.json) : undefined;
    const wrap = (text: string): Fields => {
      ledger.note('emulated', 'choices.parts.input', 'input that is no JSON is a member of an object here');
      return { input: text };
    };
    return { toolUse: { toolUseId: part.id, name: part.name, input: value ?? inputOf(part.input, wrap), ...(mine ? part.rest : {}) } };
  }
  noteText(part, ledger);
  const block = writeOwnBlock(bare(part, mine));
  if (block === undefined) losePart(part, 'choices', 'the surface has no such part', lostTo(ledger));
  else noteMembers(part, mine, ledger);
  return block;
};
const bare = (part: Part, mine: boolean): Part => {
  if (mine || part.rest === undefined) return part;
  const { rest: _rest, ...others } = part;
  return others as Part;
};
const MEMBERS = ['detail', 'transcript', 'id', 'expires', 'title'] as const;
const noteMembers = (part: Part, mine: boolean, ledger: Ledger): void => {
  if (mine) return;
  for (const member of MEMBERS)
    if ((part as unknown as Readonly<Record<string, unknown>>)[member] !== undefined)
      ledger.note('ignored', `choices.parts.${member}`, 'a block has no such member');
  if (part.kind === 'text') noteCitations(part, ledger);
};
/** What the vendor that issued a citation says of it beside page, title and quote has no place here. */
export const noteForeign = ({ origin }: Citation, ledger: Ledger): void => {
  if (origin !== undefined && origin.dialect !== CONVERSE)
    ledger.note('emulated', 'choices.parts.citations', 'a citation of another vendor is shown as far as it can be');
};
/** Where in the text a citation stands is not said here. */
export const noteCitations = ({ citations = [], text }: Extract<Part, { kind: 'text' }>, ledger: Ledger): void => {
  for (const citation of citations) noteForeign(citation, ledger);
  for (const { start, end } of citations)
    if ((start ?? 0) !== 0 || (end ?? text.length) !== text.length)
      ledger.note('ignored', 'choices.parts.citations', 'a citation stands behind its whole text here');
};
/** What an answer says that has no place on this surface. */
export const noteHead = (head: { readonly created?: number | undefined }, ledger: Ledger): void => {
  if (head.created !== undefined) ledger.note('ignored', 'created', 'answers do not say here when they were made');
};
export const noteFinish = (
  { reason, stopSequence }: { readonly reason: Choice['finish']; readonly stopSequence?: string | undefined },
  ledger: Ledger,
): void => {
  if (isOtherWord(reason)) ledger.note('emulated', 'choices.finish', `another word stands for ${reason}`);
  if (stopSequence !== undefined && stopSequence !== '') ledger.note('ignored', 'choices.stopSequence', 'an answer does not say here which sequence ended it');
};
/** Empty text says nothing, and the service sends none. */
const isSilent = (part: Part): boolean => (part.kind === 'text' || part.kind === 'refusal') && part.text === '' && !('citations' in part);
const contentOf = (choice: Choice, seal: Seal, mine: boolean, ledger: Ledger): readonly Fields[] =>
  choice.parts.flatMap((part) => {
    noteProof(part, part.origin, ledger);
    if (!mine && isSilent(part)) return [];
    const block = writePart(part, seal, mine, ledger);
    const point = mine ? cachePointOf(part) : undefined;
    return [...(block === undefined ? [] : [restore(block, formOf(part)?.left)]), ...(point === undefined ? [] : [point])];
  });
const bodyOf = (reply: ChatReply, seal: Seal, ledger: Ledger): Fields => {
  const mine = reply.rest?.from === REST;
  const [choice, ...further] = reply.choices;
  if (further.length > 0) ledger.note('ignored', 'choices', 'an answer is one choice here');
  noteHead(reply, ledger);
  if (choice !== undefined && !mine) noteFinish({ reason: choice.finish, stopSequence: choice.stopSequence }, ledger);
  if (!mine) ledger.note('defaulted', 'metrics.latencyMs', 'only the vendor measures its own time');
  return defined({
    output: { message: { role: 'assistant', content: choice === undefined ? [] : contentOf(choice, seal, mine, ledger) } },
    stopReason: writeFinish(choice?.finish ?? 'stop', choice?.stopSequence),
    ...(mine ? choice?.rest : {}),
    usage: writeUsage(reply.usage, ledger),
    ...(mine ? reply.rest?.fields : { metrics: { latencyMs: 0 } }),
    ...some('serviceTier', reply.tier === undefined ? undefined : { type: reply.tier }),
  });
};
/** Spelling alone: content that was changed on the way is not brought back. Blocks bring their own. */
const withoutContent = (left: Remainder | undefined): Remainder | undefined => {
  const message = left?.at?.output?.at?.message;
  if (left === undefined || message === undefined) return left;
  const { content: _set, ...set } = message.set ?? {};
  const { content: _at, ...at } = message.at ?? {};
  const kept: Remainder = { ...message, set, at, unset: message.unset?.filter((name) => name !== 'content') };
  return { ...left, at: { ...left.at, output: { ...left.at?.output, at: { ...left.at?.output?.at, message: kept } } } };
};
/** A whole answer. One of this surface keeps its spelling. */
export const writeReply =
  (seal: Seal) =>
  (reply: ChatReply, call: Call): Written => {
    const body = bodyOf(reply, seal, call.ledger);
    const answer = formOf(reply)?.answer;
    const left = answer === undefined ? undefined : withoutContent(remainderOf(bodyOf(answer.read, seal, SILENT), answer.wire));
    const headers = ['content-type', 'application/json', ...(/^[\x21-\x7e]{1,200}$/.test(reply.id) ? ['x-amzn-requestid', reply.id] : [])];
    return { headers, body: stringifyJson(restore(body, left)) };
  };
