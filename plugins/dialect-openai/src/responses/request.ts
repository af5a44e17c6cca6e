import {
  asList,
  asObject,
  asText,
  type Call,
  type ChatRequest,
  type Fields,
  type Inbound,
  invalid,
  isObject,
  type Ledger,
  look,
  loseResultNames,
  lostTo,
  type Part,
  type Seal,
  some,
  type Turn,
  unsupported,
} from '@llm-proxy-auth/plugin';
import { explicitly, markingOf } from '../breakpoints.ts';
import { checkFurther, hideTools } from '../invalid.ts';
import { ENCRYPTED, readScalars, writeScalars } from './fields.ts';
import { fitted } from './fit.ts';
import { allTools, asSent, splitBody, withRest } from './form.ts';
import type { Reading } from './items.ts';
import { marked, markOf, withForm } from './mark.ts';
import { bringsReasoning } from './reasoning.ts';
import { RETURNED, SEALED } from './refusal.ts';
import { readItems, writeItems } from './sequence.ts';
import { type Hosted, readTools, writeTools } from './tools.ts';
import { SURFACE } from './wire.ts';

/** Members that need state at the vendor; this half keeps none. */
const STATEFUL: readonly string[] = Object.freeze(['previous_response_id', 'conversation', 'prompt']);
const refuseState = (body: Fields): void => {
  for (const name of STATEFUL) {
    if (body[name] !== undefined && body[name] !== null)
      throw unsupported(name, `${name} needs state that the provider of this model does not keep; send the whole input.`);
  }
  if (body.background === true) throw unsupported('background', 'The provider of this model cannot answer in the background.');
};

/** What this half answers in its own way whoever the provider is. */
const noteState = (body: Fields, ledger: Ledger): void => {
  if (body.store === true) ledger.note('ignored', 'store', 'the provider of this model stores no answers');
  if (asList(body.include).includes(ENCRYPTED)) ledger.note('emulated', 'include', 'reasoning is sealed here, where the provider signs any');
  for (const [name, value] of Object.entries(asObject(body.stream_options) ?? {}))
    if (value !== null && value !== false) ledger.note('ignored', `stream_options.${name}`, 'the provider writes another stream');
};

const ownText = (role: Turn['role'], text: string, as: 'instructions' | 'input'): Turn => ({
  role,
  parts: [marked<Part>({ kind: 'text', text }, { as }, 'input')],
});
const readInput = (body: Fields, reading: Reading): readonly Turn[] => {
  const { input } = body;
  // The vendor takes a stored prompt for the input that is missing.
  if (input === undefined && reading.hosted === 'carry') return [];
  if (typeof input === 'string') return [ownText('user', input, 'input')];
  if (Array.isArray(input)) return readItems(input, 'input', reading);
  throw invalid('input', 'input must be text or a list of items.');
};
/**
 * A `POST /responses` body as a conversation. Everything of it comes back through `writeRequest`. `tools`: carried to a provider of
 * this surface, which keeps state and runs hosted tools; for others both are refused, but for a search where the provider has its own.
 */
export const readRequest = (inbound: Inbound, seal: Seal, tools: Hosted, ledger: Ledger): ChatRequest => {
  const { body } = inbound;
  if (!isObject(body)) throw invalid('body', 'The body must be a JSON object.');
  const native = tools === 'carry';
  const hosted = native ? 'carry' : 'refuse';
  checkFurther(body);
  if (!native) {
    refuseState(body);
    noteState(body, ledger);
  }
  const instructions = asText(body.instructions);
  if (instructions === undefined && body.instructions !== undefined && body.instructions !== null) throw invalid('instructions', 'instructions must be text.');
  const turns = [
    ...(instructions === undefined ? [] : [ownText('system', instructions, 'instructions')]),
    ...readInput(body, { flavour: 'input', hosted, seal }),
  ];
  const { hidden, ...read } = readTools(body, tools);
  if (!native) hideTools(hidden.length, ledger);
  const request = { ...read, ...readScalars(body) };
  const { rest, form } = splitBody(body, request, hidden);
  return withForm({ turns, ...request, choices: 1, rest }, form);
};

const textAs = (turn: Turn | undefined, as: 'instructions' | 'input'): string | undefined => {
  const [part] = turn?.parts ?? [];
  if (part?.kind !== 'text' || markOf(part)?.as !== as) return undefined;
  look(turn?.role); // the member that holds the text says whose it is
  return part.text;
};
/** Whether a client of this surface made the request. */
export const isOwn = ({ rest }: ChatRequest): boolean => rest?.from === SURFACE;
/** The model that can read what this call's answer seals. */
export const signerOf = ({ endpoint, model }: Call): string => endpoint.signer ?? model;
const writeTurns = (turns: readonly Turn[], own: boolean, call: Call): Fields => {
  const signer = call.refused?.has(RETURNED) === true ? undefined : signerOf(call);
  const instructions = own ? textAs(turns[0], 'instructions') : undefined;
  const others = instructions === undefined ? turns : turns.slice(1);
  const only = own && others.length === 1 ? textAs(others[0], 'input') : undefined;
  return {
    ...some('instructions', instructions),
    input: only ?? writeItems(others, { own, ledger: call.ledger, signer, marking: own ? undefined : markingOf(call) }),
  };
};
/** What a request from another surface needs so that the vendor keeps nothing of it and hands its reasoning out. */
const stateless = (request: ChatRequest, body: Fields, { refused }: Call): Fields => {
  const reasons = request.reasoning?.off !== true && (body.reasoning !== undefined || bringsReasoning(request)) && refused?.has(SEALED) !== true;
  const include = [...asList(body.include), ...(reasons ? [ENCRYPTED] : [])];
  return { ...body, store: false, ...(include.length > 0 ? { include } : {}) };
};
/** The body for a provider that speaks this surface. Nothing is fitted to the model when the client itself spoke it. */
export const writeRequest = (request: ChatRequest, call: Call): Fields => {
  const own = isOwn(request);
  if (!own) loseResultNames(request.turns, lostTo(call.ledger));
  const scalars = writeScalars(request);
  const tools = writeTools(request.tools, own);
  const all = own ? allTools(tools, request) : tools;
  const turns = writeTurns(request.turns, own, call);
  const body = {
    model: call.model,
    ...turns,
    ...some('tools', all.length > 0 ? all : undefined),
    ...(own && request.rest !== undefined
      ? withRest(scalars, request.rest, request)
      : stateless(request, { ...explicitly(turns.input), ...fitted(scalars, request, call) }, call)),
    ...(call.stream ? { stream: true } : {}),
  };
  return own ? asSent(body, request) : body;
};
