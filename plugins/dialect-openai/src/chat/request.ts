import {
  asNumber,
  asObject,
  asText,
  type Building,
  type Call,
  type ChatRequest,
  checkPairs,
  type Endpoint,
  type ErrorLike,
  type Fields,
  filled,
  flagField,
  type HeaderPairs,
  type Inbound,
  invalid,
  type Json,
  Late,
  type Ledger,
  type Lost,
  loseResultNames,
  lostTo,
  NO_NAMES,
  numberField,
  type Reasoning,
  remainderOf,
  restore,
  type Seal,
  type Tool,
  type ToolNames,
  textField,
  unknownFields,
  unsupported,
  withSafeNames,
} from '@llm-proxy-auth/plugin';
import { BREAKPOINT, clampLife, explicitly, markingOf, refusesMarks } from '../breakpoints.ts';
import { bring } from '../carriers/restore.ts';
import { familyOf } from '../families.ts';
import { checkFurther, hideTools, isTextAlone, loseOptions, loseToolMembers, refuseData, refuseSpeech } from '../invalid.ts';
import { optionsOf, readParams, streaming, writeParams } from '../params.ts';
import { fitProfile, profileHeaders } from '../profile.ts';
import { tierOf } from '../tier.ts';
import { OPENAI } from '../wire.ts';
import { applyFamily } from './family.ts';
import { type Form, formOf, withForm } from './form.ts';
import { readMessages } from './read-messages.ts';
import { readSteering, steeringNames, writeSteering } from './steering.ts';
import { readToolChoice, readTools, toolCount, writeTools } from './tools.ts';
import { writeTurn } from './write-messages.ts';

/** Name under which `rest` belongs to this surface. */
export const CHAT = 'openai.chat';
const KNOWN: ReadonlySet<string> = new Set(
  'model messages stream stream_options max_completion_tokens max_tokens temperature top_p seed frequency_penalty presence_penalty logit_bias stop n logprobs top_logprobs response_format tools tool_choice parallel_tool_calls functions function_call reasoning_effort user safety_identifier service_tier'.split(
    ' ',
  ),
);

const outputOf = (format: Json): ChatRequest['output'] => {
  if (format === undefined || format === null) return undefined;
  const o = asObject(format);
  if (o?.type === 'text') return undefined;
  if (o?.type === 'json_object') return 'json';
  const schema = asObject(o?.json_schema);
  const name = asText(schema?.name);
  if (o?.type !== 'json_schema' || schema === undefined || name === undefined)
    throw invalid('response_format', "'response_format' is text, json_object, or json_schema with a named schema.");
  const description = asText(schema.description);
  return { schema: schema.schema ?? {}, name, strict: schema.strict === true, ...(description === undefined ? {} : { description }) };
};
const reasoningOf = (body: Fields): Reasoning | undefined => {
  const effort = textField(body, 'reasoning_effort');
  return effort === undefined ? undefined : effort === 'none' ? { off: true } : { effort };
};

const logprobsOf = (body: Fields): number | undefined => {
  const top = numberField(body, 'top_logprobs');
  return flagField(body, 'logprobs') === true ? (top ?? 0) : undefined;
};
/** What other vendors cannot be asked for because the call contradicts itself; the client's own surface judges that itself. */
const contradictions = (body: Fields, target: Endpoint | undefined, ledger: Ledger): void => {
  if (target === undefined || (target.dialect === OPENAI && target.surface === 'chat')) return;
  if ((numberField(body, 'top_logprobs') ?? 0) > 0 && flagField(body, 'logprobs') !== true)
    throw invalid('top_logprobs', "'top_logprobs' needs 'logprobs' to be true.");
  const [older, newer] = [numberField(body, 'max_tokens'), numberField(body, 'max_completion_tokens')];
  if (older !== undefined && newer !== undefined && older !== newer)
    ledger.note('ignored', 'max_tokens', 'max_completion_tokens says how long the answer may be');
};
const limitOf = (body: Fields): number | undefined => {
  const older = numberField(body, 'max_tokens');
  return numberField(body, 'max_completion_tokens') ?? older;
};
/** Not the vendor's, but other vendors' models and compatible servers take it, and clients of several send it. */
const TOP_K = 'top_k';
const withTopK = ({ sampling }: Pick<ChatRequest, 'sampling'>, topK: number | undefined): Pick<ChatRequest, 'sampling'> =>
  topK === undefined ? {} : { sampling: { ...sampling, topK } };
const readOwn = (body: Fields, tools: readonly Tool[]): Omit<ChatRequest, 'turns' | 'rest'> => ({
  tools,
  ...readParams(body),
  ...filled({
    toolChoice: readToolChoice(body) ?? (tools.length > 0 ? 'auto' : undefined),
    parallelTools: flagField(body, 'parallel_tool_calls'),
    maxTokens: limitOf(body),
    output: outputOf(body.response_format),
    reasoning: reasoningOf(body),
    logprobs: logprobsOf(body),
    tier: textField(body, 'service_tier'),
    user: textField(body, 'safety_identifier') ?? textField(body, 'user'),
  }),
});
/** The newer of two names for the person counts; the other is for a provider of this surface only. */
const identifiedOf = (body: Fields, target: Endpoint | undefined, ledger: Ledger): Form['identified'] => {
  const identifier = textField(body, 'safety_identifier');
  const user = textField(body, 'user');
  if (identifier === undefined) return undefined;
  const isOwn = target === undefined || (target.dialect === OPENAI && target.surface === 'chat');
  if (!isOwn && user !== undefined && user !== identifier) ledger.note('ignored', 'user', 'safety_identifier says who it is');
  return { user };
};
/** The body that would be written for what was read of it. */
const spelled = (request: ChatRequest, form: Form, body: Fields): Fields => ({
  model: body.model,
  messages: body.messages,
  ...writeOwn(withForm(request, form), true, '', () => undefined),
  ...(body.stream === true ? streaming(form.options) : {}),
});
/** What happens anyway, and so asks for nothing; the client's own surface gets it back. */
const idle = ({ store, modalities }: Fields): readonly string[] => [...(store === false ? ['store'] : []), ...(isTextAlone(modalities) ? ['modalities'] : [])];
const furtherOf = (body: Fields, known: readonly string[]): Fields | undefined => unknownFields(body, KNOWN, [...known, ...idle(body)]);
/** Reads a chat request; members the model does not know go to `rest`, spellings to the form, and what vendors signed to where it stood. */
export const read = (seal: Seal, inbound: Inbound, ledger: Ledger, target?: Endpoint, model?: string): ChatRequest => {
  const body = asObject(inbound.body);
  if (body === undefined) throw invalid('body', 'The body must be a JSON object.');
  checkFurther(body);
  refuseSpeech(body, 'chat', target);
  refuseData(body, 'chat', target);
  loseOptions(body, 'chat', target, ledger);
  contradictions(body, target, ledger);
  clampLife(body.messages, target, ledger);
  const steering = readSteering(body);
  const topK = asNumber(body[TOP_K]);
  const fields = furtherOf(body, [...steeringNames(steering), ...(topK === undefined ? [] : [TOP_K])]);
  loseToolMembers(body, 'chat', target, ledger);
  const tools = readTools(body);
  if (target !== undefined && !(target.dialect === OPENAI && target.surface === 'chat')) hideTools(toolCount(body) - tools.length, ledger);
  const { messages, restored } = bring(body.messages, { dialect: target?.dialect, model, signer: target?.signer, seal, memory: inbound.memory, ledger });
  const own = readOwn(body, tools);
  const request: ChatRequest = {
    turns: readMessages(messages, restored),
    ...own,
    ...withTopK(own, topK),
    ...steering,
    ...(fields === undefined ? {} : { rest: { from: CHAT, fields } }),
  };
  const form: Form = {
    legacy: Array.isArray(body.functions) || (body.function_call !== undefined && body.function_call !== null),
    identified: identifiedOf(body, target, ledger),
    limit: typeof body.max_tokens === 'number' && (body.max_completion_tokens ?? null) === null ? 'max_tokens' : undefined,
    options: optionsOf(body),
  };
  return withForm(request, { ...form, left: new Late(() => remainderOf(spelled(request, form, body), body)) });
};

const writeOutput = (output: ChatRequest['output']): Fields | undefined => {
  if (output === undefined) return undefined;
  if (output === 'json') return { type: 'json_object' };
  const { name, description, schema, strict } = output;
  return { type: 'json_schema', json_schema: { name, ...(description === undefined ? {} : { description }), schema, ...(strict ? { strict } : {}) } };
};
const writeEffort = (r: Reasoning | undefined): string | undefined => (r?.off === true ? 'none' : r?.effort);
const writeOwn = (r: ChatRequest, mine: boolean, model: string, lost: Lost): Building => {
  const form = formOf(r) ?? {};
  const limit = mine ? (form.limit ?? 'max_completion_tokens') : familyOf(model).limit;
  const params: Building = {
    [limit]: r.maxTokens,
    ...writeParams(r),
    [TOP_K]: mine ? r.sampling?.topK : undefined,
    ...(mine && form.identified !== undefined ? { user: form.identified.user, safety_identifier: r.user } : {}),
    logprobs: r.logprobs === undefined ? undefined : true,
    top_logprobs: r.logprobs === undefined || r.logprobs === 0 ? undefined : r.logprobs,
    response_format: writeOutput(r.output),
    reasoning_effort: writeEffort(r.reasoning),
    service_tier: tierOf(r, mine, lost),
    ...writeSteering(r, mine, lost),
    ...writeTools(r, mine, form.legacy === true, lost),
    ...(r.rest?.from === CHAT ? r.rest.fields : {}),
  };
  for (const key in params) if (params[key] === undefined) delete params[key];
  return params;
};
/** What writing a request changed, and reading its answer or a refusal undoes. */
export interface Memo {
  readonly names: ToolNames;
  /** It has marks that another dialect's client set. */
  readonly marked: boolean;
}
export interface Written {
  readonly body: Fields;
  readonly headers?: HeaderPairs;
  readonly memo: Memo | undefined;
}
/** What a model is found to refuse, asked by a client of another dialect who wrote none of this. */
export const refusal = (error: ErrorLike, memo: unknown): readonly string[] | undefined =>
  (memo as Memo | undefined)?.marked === true && refusesMarks(error) ? [BREAKPOINT] : undefined;
/** The body for a provider. What this surface's own client sent goes back as it was; others' follow the model's family. */
export const write = (asked: ChatRequest, call: Call): Written => {
  const form = formOf(asked);
  const mine = form !== undefined || asked.rest?.from === CHAT;
  const lost = lostTo(call.ledger);
  const { request: r, names } = mine ? { request: asked, names: NO_NAMES } : withSafeNames(asked, lost);
  if (!mine) checkPairs(r.turns);
  loseResultNames(r.turns, lost, (part) => formOf(part)?.legacy === true);
  const params = writeOwn(r, mine, call.like ?? call.model, lost);
  const { system } = familyOf(call.like ?? call.model);
  const writing = { mine, lost, marking: mine ? undefined : markingOf(call) };
  const messages = r.turns.flatMap((turn) => writeTurn(turn, mine ? 'system' : system, writing));
  if (messages.length === 0 && r.turns.length > 0) throw unsupported('turns', 'Nothing of this conversation can be said to the provider of this call.');
  const caching = mine ? {} : explicitly(messages);
  const streamed = call.stream ? streaming(form?.options) : undefined;
  const body = { model: call.model, messages, ...(mine ? params : applyFamily(params, r, call)), ...caching, ...streamed };
  const spelt = mine ? restore(body, form?.left?.value) : body;
  const headers = mine ? profileHeaders(call) : [];
  const marked = Object.keys(caching).length > 0;
  return {
    body: fitProfile(streamed === undefined ? spelt : { ...spelt, ...streamed }, call),
    ...(headers.length === 0 ? {} : { headers }),
    memo: marked || names.size > 0 ? { names, marked } : undefined,
  };
};
