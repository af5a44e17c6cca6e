import {
  asList,
  asNumber,
  asText,
  type Call,
  type ChatReply,
  type Choice,
  type Fields,
  GatewayError,
  isObject,
  type Json,
  type Ledger,
  loseProof,
  lostTo,
  type Origin,
  type Part,
  parseJson,
  type Remainder,
  type Rest,
  remainderOf,
  restore,
  type Seal,
  some,
  stringifyJson,
  type ToolCallPart,
  type UpstreamReply,
  type Written,
} from '@llm-proxy-auth/plugin';
import { writeBreakpoint } from '../breakpoints.ts';
import { countedIn, loseEnd, loseEstimate, loseKinds } from '../lost.ts';
import { noUsage } from '../usage.ts';
import { noteCitations } from './content.ts';
import { readFailure } from './failure.ts';
import { type Ids, idsOf } from './ids.ts';
import { type Writing, writeItem } from './items.ts';
import { itemId, markOf } from './mark.ts';
import { answerReasoning } from './reasoning.ts';
import { composeResponse, FINISHES, finishOf, isStatus, statusOf, usageOf, wantsEncrypted, writeUsage } from './response.ts';
import { groupsOf, readItems } from './sequence.ts';
import { OPENAI, ownOrigin, SURFACE, wordOf } from './wire.ts';

const bad = (message: string): GatewayError => new GatewayError('upstream_bad_response', message);
const callsTool = (parts: readonly Part[]): boolean => parts.some((part) => part.kind === 'toolCall');

/** The response object as this surface writes it from what the conversation model holds; its remainder travels in `rest`. */
export const known = (reply: Omit<ChatReply, 'choices'>, choice: Pick<Choice, 'finish'>, output: readonly Fields[], model: string): Fields => ({
  id: reply.id,
  object: 'response',
  ...some('created_at', reply.created),
  ...statusOf(choice.finish),
  model,
  output,
  ...(reply.usage.raw === undefined ? {} : { usage: writeUsage(reply.usage) }),
});
/** A response object as a reply; `rest` gives the same object back. Throws for one that failed. */
export const readResponse = (response: Fields, seal: Seal, signer?: string): ChatReply => {
  if (isStatus(response, 'failed') || (isObject(response.error) && !isObject(response.output))) throw failureOf(response);
  const turns = readItems(asList(response.output), 'output', { flavour: 'output', hosted: 'carry', seal, signer });
  const parts = turns.flatMap((turn) => turn.parts);
  const choice: Choice = { index: 0, parts, finish: finishOf(response, callsTool(parts)) };
  const reply: ChatReply = {
    id: wordOf(response.id),
    model: wordOf(response.model),
    ...some('created', asNumber(response.created_at)),
    choices: [choice],
    usage: usageOf(response) ?? noUsage,
    ...some('tier', asText(response.service_tier)),
  };
  return { ...reply, rest: restOf(reply, choice, response) };
};
/** What the model does not know of a response object. */
export const restOf = (reply: Omit<ChatReply, 'choices'>, choice: Pick<Choice, 'finish'>, response: Fields): Rest => {
  const left = remainderOf(known(reply, choice, asList(response.output) as readonly Fields[], reply.model), response);
  return { from: SURFACE, fields: left === undefined ? {} : { form: left } };
};
const failureOf = (response: Fields): GatewayError => {
  const failure = readFailure(response.error);
  return new GatewayError(failure.code, failure.message, failure);
};
/** The body of a provider's 200. */
export const readReply = (reply: UpstreamReply, seal: Seal, signer?: string): ChatReply => {
  let response: Json;
  try {
    response = parseJson(reply.body);
  } catch (cause) {
    throw new GatewayError('upstream_bad_response', 'The provider answered with something that is not JSON.', { cause });
  }
  if (!isObject(response)) throw bad('The provider answered with JSON that is not a response object.');
  if (isObject(response.error)) throw failureOf(response);
  if (response.object !== 'response' || !Array.isArray(response.output)) throw bad('The provider answered with JSON that is not a response object.');
  return readResponse(response, seal, signer);
};

/** How items of an answer are written. `own`: the parts come from this surface and bring their ids. */
export interface Answering {
  readonly ids: Ids;
  readonly own: boolean;
  /** Undefined when the client did not ask for reasoning it can send back. */
  readonly seal: Seal | undefined;
}
export const answeringOf = (call: Call, seal: Seal, own: boolean): Answering => ({ ids: idsOf(call.id), own, seal: wantsEncrypted(call) ? seal : undefined });
const PREFIXES = Object.freeze({ thinking: 'rs', toolCall: 'fc' } as const);
const prefixOf = (part: Part | undefined): 'msg' | 'fc' | 'rs' | 'ctc' => {
  if (part?.kind === 'toolCall' && 'text' in part.input) return 'ctc';
  return part?.kind === 'toolCall' || part?.kind === 'thinking' ? PREFIXES[part.kind] : 'msg';
};
/** Id of the item at `index` of the output that begins with `part`. */
export const outputId = (part: Part | undefined, index: number, answering: Answering): string =>
  (answering.own ? itemId(part) : undefined) ?? answering.ids.item(prefixOf(part), index);
const WRITING: Writing = Object.freeze({ flavour: 'output', own: true, marking: writeBreakpoint, custom: new Set<string>() });
const withCallId = (part: ToolCallPart, index: number, ids: Ids): ToolCallPart => (part.id === '' ? { ...part, id: ids.call(index) } : part);

const SHOWN: ReadonlySet<Part['kind']> = new Set(['text', 'refusal', 'thinking', 'toolCall', 'toolResult']);
/** True for a part that an answer of this surface can hold. */
export const isShown = (part: Part): boolean => SHOWN.has(part.kind) || (part.kind === 'opaque' && ownOrigin(part.origin) !== undefined);
/** What another vendor signed of a message's text; a stream tells it at the end of the part. */
export const noteProof = (part: Part, origin: Origin | undefined, ledger: Ledger): void => {
  if (part.kind === 'text' || part.kind === 'refusal') loseProof(origin, OPENAI, lostTo(ledger));
};
/** Tells the ledger what of a part an answer of this surface cannot say. */
export const noteLost = (part: Part, call: Call): void => {
  const { ledger } = call;
  if (!isShown(part)) return ledger.note('ignored', `choices.parts.${part.kind}`, 'The Responses API has no item for it.');
  if (part.kind === 'text') noteCitations(part.citations ?? [], 'choices', ledger);
  noteProof(part, part.origin, ledger);
  if (part.kind === 'refusal' && part.logprobs !== undefined) ledger.note('ignored', 'choices.parts.logprobs', 'A refusal has no logprobs.');
  if (part.kind === 'thinking' && part.redacted && !(wantsEncrypted(call) && part.origin !== undefined))
    ledger.note('ignored', 'choices.parts.redacted', 'Reasoning without its seal does not say that it was redacted.');
};
/** The same of an answer as a whole. */
export const noteEnd = (end: Parameters<typeof loseEnd>[0], call: Call): void => loseEnd(end, FINISHES, call.ledger);
export const noteChoices = (call: Call): void => call.ledger.note('ignored', 'choices', 'The Responses API has one answer.');
/** One item of `output`, complete. Undefined when the surface has no form for the parts. */
export const outputItem = (group: readonly Part[], index: number, answering: Answering): Fields | undefined => {
  const [part] = group;
  const id = outputId(part, index, answering);
  if (part?.kind === 'thinking') return answerReasoning(part, id, answering.seal);
  const parts = part?.kind === 'toolCall' ? [withCallId(part, index, answering.ids)] : group;
  const mark = answering.own ? markOf(group.at(-1)) : undefined;
  const item = writeItem('assistant', parts, mark, WRITING);
  if (item === undefined || part?.kind === 'opaque') return item;
  const content = asList(item.content);
  if (item.type === 'message' && content.length === 0 && mark?.empty !== true) return undefined;
  return restore({ id, ...item }, mark);
};
/** The last message of an answer that was cut off says so. */
export const cutOff = (item: Fields, choice: Pick<Choice, 'finish'>): Fields =>
  item.type === 'message' && statusOf(choice.finish).status === 'incomplete' ? { ...item, status: 'incomplete' } : item;

const writeOutput = (choice: Choice, call: Call, answering: Answering): readonly Fields[] => {
  const output: Fields[] = [];
  const shown = choice.parts.filter((part) => isShown(part));
  for (const part of choice.parts) noteLost(part, call);
  for (const group of groupsOf(shown, answering.own)) {
    const item = outputItem(group, output.length, answering);
    if (item !== undefined) output.push(item);
  }
  const last = output.at(-1);
  return last === undefined || answering.own ? output : [...output.slice(0, -1), cutOff(last, choice)];
};
/** The whole response object for a client. */
export const writeResponse = (reply: ChatReply, call: Call, seal: Seal): Fields => {
  const own = reply.rest?.from === SURFACE;
  const choice: Choice = reply.choices[0] ?? { index: 0, parts: [], finish: 'stop' };
  const answering = answeringOf(call, seal, own);
  if (reply.choices.length > 1) noteChoices(call);
  noteEnd({ reason: choice.finish, stopSequence: choice.stopSequence }, call);
  loseEstimate(countedIn(reply.usage), call.ledger);
  loseKinds(reply.usage, call.ledger);
  const output = writeOutput(choice, call, answering);
  const form = reply.rest?.fields.form;
  if (own) return restore(known(reply, choice, output, call.requestedModel), isObject(form) ? (form as Remainder) : undefined);
  const created = reply.created ?? Math.floor(call.now / 1000);
  return composeResponse(call, {
    id: reply.id || answering.ids.response,
    created,
    tier: reply.tier,
    output,
    usage: reply.usage,
    status: statusOf(choice.finish),
  });
};
export const writeReply = (reply: ChatReply, call: Call, seal: Seal): Written => ({
  headers: ['content-type', 'application/json'],
  body: stringifyJson(writeResponse(reply, call, seal)),
});
