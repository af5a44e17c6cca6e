import {
  asObject,
  type Building,
  type Call,
  type ChatRequest,
  type Endpoint,
  type Fields,
  filled,
  flagField,
  type Inbound,
  invalid,
  type Json,
  Late,
  type Ledger,
  type Lost,
  losePart,
  lostTo,
  numberField,
  oneText,
  remainderOf,
  restore,
  textField,
  unknownFields,
  unsupported,
} from '@llm-proxy-auth/plugin';
import { type Form, formsOf } from '../chat/form.ts';
import { checkFurther, loseOptions } from '../invalid.ts';
import { unheard } from '../lost.ts';
import { optionsOf, readParams, streaming, writeParams } from '../params.ts';
import { fitProfile } from '../profile.ts';

/** Name under which `rest` belongs to this surface. */
export const COMPLETIONS = 'openai.completions';
const KNOWN: ReadonlySet<string> = new Set(
  'model prompt stream stream_options max_tokens temperature top_p seed frequency_penalty presence_penalty logit_bias stop n logprobs user echo best_of suffix'.split(
    ' ',
  ),
);
const { withForm, formOf } = formsOf('openai.completions.form');
/** What the vendor assumes without `max_tokens`. */
const DEFAULT_TOKENS = 16;

/** Most prompts of one call that are asked one after the other. */
const MOST_PROMPTS = 20;
/** A body for each of several prompts of text; prompts of tokens, and too many, are refused by `read`. */
export const split = (body: Json): readonly Json[] | undefined => {
  const fields = asObject(body);
  const prompts = fields?.prompt;
  if (fields === undefined || !Array.isArray(prompts) || prompts.length < 2 || prompts.length > MOST_PROMPTS) return undefined;
  return prompts.every((prompt) => typeof prompt === 'string') ? prompts.map((prompt) => ({ ...fields, prompt })) : undefined;
};
const promptOf = (prompt: Json): string => {
  const list = Array.isArray(prompt) ? prompt : [prompt];
  if (list.length > 1)
    throw unsupported(
      'prompt',
      `Streams of several prompts, more than ${MOST_PROMPTS} of them, and prompts of tokens cannot be translated; send one text a call.`,
    );
  const [text] = list;
  if (typeof text !== 'string')
    throw Array.isArray(text) || typeof text === 'number'
      ? unsupported('prompt', 'Prompts of tokens cannot be translated; send text.')
      : invalid('prompt', "'prompt' must be a string.");
  return text;
};
const refuse = (body: Fields): void => {
  if (flagField(body, 'echo') === true) throw unsupported('echo', "'echo' cannot be translated.");
  if ((numberField(body, 'best_of') ?? 1) > 1) throw unsupported('best_of', "'best_of' cannot be translated.");
  if ((textField(body, 'suffix') ?? '') !== '') throw unsupported('suffix', "'suffix' cannot be translated.");
};
/** Reads a legacy completion as one message of a user. Throws `unsupported_parameter` for what a chat cannot do. */
export const read = (inbound: Inbound, ledger: Ledger, target?: Endpoint): ChatRequest => {
  const body = asObject(inbound.body);
  if (body === undefined) throw invalid('body', 'The body must be a JSON object.');
  checkFurther(body);
  refuse(body);
  loseOptions(body, 'completions', target, ledger);
  const maxTokens = numberField(body, 'max_tokens');
  if (maxTokens === undefined) ledger.note('defaulted', 'max_tokens', `this surface means ${DEFAULT_TOKENS} when nothing is said`);
  const fields = unknownFields(body, KNOWN);
  const logprobs = numberField(body, 'logprobs');
  const request: ChatRequest = {
    turns: [{ role: 'user', parts: [{ kind: 'text', text: promptOf(body.prompt) }] }],
    tools: [],
    ...readParams(body),
    maxTokens: maxTokens ?? DEFAULT_TOKENS,
    ...filled({ logprobs }),
    ...(fields === undefined ? {} : { rest: { from: COMPLETIONS, fields } }),
  };
  const form: Form = { options: optionsOf(body) };
  const written = { model: body.model, ...bodyOf(request, unheard), ...(body.stream === true ? streaming(form.options) : {}) };
  return withForm(request, { ...form, left: new Late(() => remainderOf(written, body)) });
};

/** A prompt is one text: who said what and everything but text goes to the ledger. */
const noteTurns = (r: ChatRequest, lost: Lost): void => {
  if (r.turns.length !== 1 || r.turns[0]?.role !== 'user' || r.turns[0].parts.some((p) => p.kind === 'refusal'))
    lost('turns', 'a prompt is one text', 'emulated');
  for (const part of r.turns.flatMap((turn) => turn.parts))
    if (part.kind !== 'text' && part.kind !== 'refusal') losePart(part, `turns.parts.${part.kind}`, 'a prompt is text', lost);
};
const bodyOf = (r: ChatRequest, lost: Lost): Building => {
  const body: Building = {
    prompt: r.turns.map((t) => oneText(t.parts, lost)).join('\n\n'),
    max_tokens: r.maxTokens,
    ...writeParams(r),
    logprobs: r.logprobs,
    ...(r.rest?.from === COMPLETIONS ? r.rest.fields : {}),
  };
  for (const key in body) if (body[key] === undefined) delete body[key];
  return body;
};
/** The body for a provider of text completions: the turns' text, apart by an empty line. */
export const write = (r: ChatRequest, call: Call): { readonly body: Fields; readonly memo: undefined } => {
  const form = formOf(r);
  const asked = call.stream ? streaming(form?.options) : undefined;
  const lost = lostTo(call.ledger);
  noteTurns(r, lost);
  return { body: fitProfile({ ...restore({ model: call.model, ...bodyOf(r, lost), ...asked }, form?.left?.value), ...asked }, call), memo: undefined };
};
