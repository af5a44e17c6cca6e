import {
  asObject,
  type Building,
  type Call,
  type ChatReply,
  type Choice,
  type Fields,
  loseProof,
  lostTo,
  type Part,
  type Seal,
  stringifyJson,
  type ToolCallPart,
  type Written,
} from '@llm-proxy-auth/plugin';
import { issueWhole, issuing } from '../carriers/issue.ts';
import { countedIn, loseCitation, loseEnd, loseEstimate, loseImages } from '../lost.ts';
import { OPENAI } from '../wire.ts';
import { answered, SILENT } from './answered.ts';
import { writeCall, writeFunctionCall, writeOpaqueCall } from './calls.ts';
import { writeCitation } from './citations.ts';
import { FINISHES, writeFinish } from './finish.ts';
import { formOf } from './form.ts';
import { writeLogprobs } from './logprobs.ts';
import { CHAT } from './request.ts';
import { writeUsage } from './usage.ts';

/** True when the client asked with `functions` and so expects `function_call`. */
export const isLegacy = (call: Call): boolean => {
  const body = asObject(call.inbound.body);
  return Array.isArray(body?.functions) && !Array.isArray(body.tools);
};
const annotationsOf = (parts: readonly Part[], call: Call): readonly Fields[] => {
  let from = 0;
  const annotations: Fields[] = [];
  for (const part of parts) {
    if (part.kind !== 'text') continue;
    for (const citation of part.citations ?? []) {
      const wire = writeCitation(citation, from, part.text.length);
      loseCitation(citation, wire !== undefined && citation.origin?.dialect === OPENAI, 'choices', call.ledger);
      if (wire !== undefined) annotations.push(wire);
    }
    from += part.text.length;
  }
  return annotations;
};
const joined = (parts: readonly Part[], kind: 'text' | 'refusal'): string | null => {
  const found = parts.flatMap((p) => (p.kind === kind && 'text' in p ? [p.text] : []));
  return found.length === 0 ? null : found.join('');
};
const logprobsOf = (parts: readonly Part[], kind: 'text' | 'refusal') => {
  const found = parts.flatMap((p) => (p.kind === kind && 'logprobs' in p && p.logprobs !== undefined ? [p.logprobs] : []));
  return found.length === 0 ? undefined : found.flat();
};
/** A message says one piece of audio, with its data. */
const spoken = (parts: readonly Part[]): Part | undefined => parts.find((p) => p.kind === 'audio' && 'base64' in p.media);
const audioOf = (parts: readonly Part[], now: number): Fields | undefined => {
  const audio = spoken(parts);
  if (audio?.kind !== 'audio' || !('base64' in audio.media)) return undefined;
  return { id: audio.id ?? '', data: audio.media.base64, expires_at: audio.expires ?? Math.floor(now / 1000), transcript: audio.transcript ?? '' };
};
const RANKS: Readonly<Partial<Record<Part['kind'], number>>> = Object.freeze({ text: 0, refusal: 1, audio: 2, toolCall: 3, opaque: 3 });
/** What its vendor signed travels beside the message. */
const isCarried = (part: Part): boolean => part.kind === 'thinking' && part.origin !== undefined;
/** A call that only its vendor understands stands in an answer of this surface alone: Responses have items of the same vendor that are no calls. */
const opaqueCall = (part: Part, mine: boolean): Fields | undefined => (mine ? writeOpaqueCall(part) : undefined);
/** Parts without a form here, and an order that the members of a message do not keep. */
const noteParts = (parts: readonly Part[], mine: boolean, call: Call): void => {
  const audio = spoken(parts);
  let last = -1;
  let moved = false;
  for (const part of parts) {
    if (isCarried(part)) continue;
    if (part.kind === 'text' || part.kind === 'refusal') loseProof(part.origin, OPENAI, lostTo(call.ledger));
    const rank = RANKS[part.kind];
    if (rank === undefined || (part.kind === 'audio' && part !== audio) || (part.kind === 'opaque' && opaqueCall(part, mine) === undefined)) {
      call.ledger.note('ignored', part.kind, 'chat completions have no such part');
      continue;
    }
    moved ||= rank < last || (rank === last && rank < 2);
    last = rank;
  }
  if (moved) call.ledger.note('emulated', 'choices.parts', 'a message has one text, one refusal, audio and calls, in this order');
};
/** For whom an answer is written, and how. */
interface Writing {
  readonly mine: boolean;
  readonly legacy: boolean;
  readonly call: Call;
  readonly seal: Seal;
}
const messageOf = (choice: Choice, { mine, legacy, call, seal }: Writing): { readonly message: Fields; readonly called: boolean } => {
  const { parts } = choice;
  const calls = parts.flatMap((p): readonly (Fields | ToolCallPart)[] =>
    p.kind === 'toolCall' ? [p] : p.kind === 'opaque' ? [opaqueCall(p, mine) ?? []].flat() : [],
  );
  noteParts(parts, mine, call);
  const issued = issueWhole(parts, !legacy, issuing(call, seal, choice.index));
  const written = (part: ToolCallPart): Fields => {
    const { id, extra } = issued.calls.get(part) ?? { id: part.id, extra: {} };
    return { ...writeCall({ ...part, id }, mine), ...extra };
  };
  const first = calls.find((c) => 'kind' in c) as ToolCallPart | undefined;
  const functionCall = legacy ? first : undefined;
  const audio = audioOf(parts, call.now);
  const message: Building = {
    role: 'assistant',
    content: joined(parts, 'text'),
    refusal: joined(parts, 'refusal'),
    annotations: annotationsOf(parts, call),
    ...(audio === undefined ? {} : { audio }),
    ...(calls.length > 0 && functionCall === undefined ? { tool_calls: calls.map((c) => ('kind' in c ? written(c as ToolCallPart) : c)) } : {}),
    ...(functionCall === undefined ? {} : { function_call: writeFunctionCall(functionCall) }),
    ...(mine ? asObject(choice.rest?.message) : {}),
    ...issued.message,
  };
  return { message, called: calls.length > 0 };
};
const writeChoice = (choice: Choice, writing: Writing): Fields => {
  const { mine, legacy, call } = writing;
  const { message, called } = messageOf(choice, writing);
  const { message: _inner, ...rest } = choice.rest ?? {};
  loseEnd({ reason: choice.finish, stopSequence: choice.stopSequence }, FINISHES, call.ledger);
  return {
    index: choice.index,
    message,
    logprobs: writeLogprobs(logprobsOf(choice.parts, 'text'), logprobsOf(choice.parts, 'refusal')),
    finish_reason: writeFinish(choice.finish, { called, legacy }),
    ...(mine ? rest : {}),
  };
};
const bodyOf = (reply: ChatReply, legacy: boolean, call: Call, seal: Seal): Building => {
  const mine = reply.rest?.from === CHAT;
  const usage = countedIn(reply.usage);
  loseEstimate(usage, call.ledger);
  loseImages(reply.usage, call.ledger);
  return {
    id: reply.id || `chatcmpl-${call.id}`,
    object: 'chat.completion',
    created: reply.created ?? Math.floor(call.now / 1000),
    model: call.requestedModel,
    choices: reply.choices.map((c) => writeChoice(c, { mine, legacy, call, seal })),
    ...(usage === undefined ? {} : { usage: writeUsage(usage) }),
    ...(reply.tier === undefined ? {} : { service_tier: reply.tier }),
    ...(mine ? reply.rest?.fields : {}),
  };
};
/** A whole chat completion; `model` is the name the client asked for. An answer of this surface keeps its spelling. */
export const writeReply = (reply: ChatReply, call: Call, seal: Seal): Written => {
  const form = formOf(reply);
  const legacy = form?.legacy === true || isLegacy(call);
  const body = bodyOf(reply, legacy, call, seal);
  const answer = form?.answer;
  const spelt = answer === undefined ? body : answered(body, bodyOf(answer.read, legacy, { ...call, ledger: SILENT }, seal), answer.wire);
  return { headers: ['content-type', 'application/json'], body: stringifyJson(spelt) };
};
