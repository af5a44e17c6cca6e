import type { ChatRequest, Json, Reasoning, Rest } from '@llm-proxy-auth/plugin';
import { ordered, type Remainder, remainderOf, restore, same } from './remainder.ts';
import { type ReadTools, withHidden, writeChoice } from './tools.ts';
import { asList, asNumber, asObject, asText, type Fields, isObject, SURFACE, some } from './wire.ts';

export const ENCRYPTED = 'reasoning.encrypted_content';
const LOGPROBS = 'message.output_text.logprobs';
/** Members that `request.ts` reads by itself or that the call decides. */
const ELSEWHERE: ReadonlySet<string> = new Set(['model', 'stream', 'input', 'instructions', 'tools']);
/** Objects of which the model knows some members: the others stand in `rest` as `text.verbosity`. */
const PARTLY: ReadonlySet<string> = new Set(['text', 'reasoning']);

type Scalars = Omit<ChatRequest, 'turns' | 'tools' | 'toolChoice' | 'choices' | 'rest'>;

const readReasoning = (value: Json): Reasoning | undefined => {
  if (!isObject(value)) return undefined;
  const effort = asText(value.effort);
  const reasoning = { ...(effort === 'none' ? { off: true } : some('effort', effort)), ...some('summary', asText(value.summary)) };
  return Object.keys(reasoning).length === 0 ? undefined : reasoning;
};
const readFormat = (format: Json): ChatRequest['output'] => {
  if (!isObject(format)) return undefined;
  if (format.type === 'json_object') return 'json';
  if (format.type !== 'json_schema') return undefined;
  return { schema: format.schema, name: asText(format.name) ?? '', strict: format.strict === true, ...some('description', asText(format.description)) };
};
const readLogprobs = (body: Fields): number | undefined => {
  const top = asNumber(body.top_logprobs);
  return asList(body.include).includes(LOGPROBS) ? (top ?? 0) : top !== undefined && top > 0 ? top : undefined;
};
/** What the conversation model knows of a request's plain members. */
export const readScalars = (body: Fields): Scalars => {
  const sampling = { ...some('temperature', asNumber(body.temperature)), ...some('topP', asNumber(body.top_p)) };
  return {
    ...some('parallelTools', typeof body.parallel_tool_calls === 'boolean' ? body.parallel_tool_calls : undefined),
    ...some('maxTokens', asNumber(body.max_output_tokens)),
    ...some('output', readFormat(asObject(body.text)?.format)),
    ...some('sampling', Object.keys(sampling).length === 0 ? undefined : sampling),
    ...some('reasoning', readReasoning(body.reasoning)),
    ...some('logprobs', readLogprobs(body)),
    ...some('user', asText(body.user)),
    ...some('tier', asText(body.service_tier)),
  };
};

const writeFormat = (output: ChatRequest['output']): Fields | undefined => {
  if (output === undefined) return undefined;
  return output === 'json'
    ? { type: 'json_object' }
    : { type: 'json_schema', name: output.name, schema: output.schema, strict: output.strict, ...some('description', output.description) };
};
const writeReasoning = (reasoning: Reasoning | undefined): Fields | undefined => {
  if (reasoning === undefined) return undefined;
  const fields = { ...some('effort', reasoning.off === true ? 'none' : reasoning.effort), ...some('summary', reasoning.summary) };
  return Object.keys(fields).length === 0 ? undefined : fields;
};
/** The same members on the wire, with `tool_choice`; those the surface has no name for are left to the ledger. */
export const writeScalars = (request: Omit<ChatRequest, 'turns' | 'choices'>): Fields => {
  const format = writeFormat(request.output);
  return {
    ...some('tool_choice', writeChoice(request.toolChoice, request.tools)),
    ...some('parallel_tool_calls', request.parallelTools),
    ...some('max_output_tokens', request.maxTokens),
    ...some('text', format === undefined ? undefined : { format }),
    ...some('temperature', request.sampling?.temperature),
    ...some('top_p', request.sampling?.topP),
    ...some('reasoning', writeReasoning(request.reasoning)),
    ...(request.logprobs === undefined ? {} : { include: [LOGPROBS], ...(request.logprobs > 0 ? { top_logprobs: request.logprobs } : {}) }),
    ...some('user', request.user),
    ...some('service_tier', request.tier),
  };
};

/** True for a member that this surface itself honours, whatever the provider: nobody loses anything without it. */
const isHonoured = (key: string, value: Json): boolean => {
  if (value === null || key === 'store' || key === 'background' || key === 'stream_options' || key === 'tool_choice' || key === 'top_logprobs') return true;
  if (key === 'truncation') return value === 'disabled';
  return key === 'include' && asList(value).every((entry) => entry === ENCRYPTED || entry === LOGPROBS);
};
interface Split {
  readonly fields: Fields;
  readonly form: Remainder & { readonly hidden?: Json };
}
/** Members of `text` and `reasoning`: those with a meaning by dotted name, the others back into the form. */
const splitPartly = (key: string, value: Fields): { readonly named: Fields; readonly left: Fields } => {
  const entries = Object.entries(value);
  const plain = ([name, member]: [string, Json]): boolean => member === null || (key === 'text' && name === 'format' && same(member, { type: 'text' }));
  return {
    named: Object.fromEntries(entries.filter((entry) => !plain(entry)).map(([name, member]) => [`${key}.${name}`, member])),
    left: Object.fromEntries(entries.filter(plain)),
  };
};
const split = (left: Remainder, written: Fields): Split => {
  let fields: Fields = {};
  let set: Fields = {};
  let at = left.at ?? {};
  for (const [key, value] of Object.entries(left.set ?? {})) {
    if (PARTLY.has(key) && isObject(value) && !Object.hasOwn(written, key)) {
      const parts = splitPartly(key, value);
      fields = { ...fields, ...parts.named };
      set = { ...set, [key]: parts.left };
      at = { ...at, [key]: { order: Object.keys(value) } };
    } else if (isHonoured(key, value)) set = { ...set, [key]: value };
    else fields = { ...fields, [key]: value };
  }
  for (const [key, inner] of Object.entries(left.at ?? {})) {
    if (!PARTLY.has(key) || inner.set === undefined) continue;
    const parts = splitPartly(key, inner.set);
    fields = { ...fields, ...parts.named };
    at = { ...at, [key]: { ...inner, set: parts.left } };
  }
  return { fields, form: { ...left, set, at } };
};
/**
 * What the model does not know of a request: members by name, and under `form` what only this surface needs to write the same body
 * again (their order, defaults that were spelt out, members that this surface honours by itself).
 */
export const restOf = (body: Fields, request: Omit<ChatRequest, 'turns' | 'choices'>, hidden: ReadTools['hidden']): Rest => {
  const actual = Object.fromEntries(Object.entries(body).filter(([key]) => !ELSEWHERE.has(key)));
  const written = writeScalars(request);
  const { fields, form } = split(remainderOf(written, actual) ?? {}, written);
  return { from: SURFACE, fields: { ...fields, form: { ...form, order: Object.keys(body), ...(hidden.length > 0 ? { hidden } : {}) } } };
};
const DOTTED = /^(text|reasoning)\.(.+)$/;
const formOf = (rest: Rest | undefined): Fields => asObject(rest?.fields.form) ?? {};
/** The body's plain members with everything that `restOf` kept. */
export const withRest = (written: Fields, rest: Rest): Fields => {
  let body = restore(written, { ...(formOf(rest) as Remainder), order: undefined });
  for (const [key, value] of Object.entries(rest.fields)) {
    if (key === 'form') continue;
    const [, outer, name] = DOTTED.exec(key) ?? [];
    body =
      outer === undefined || name === undefined ? { ...body, [key]: value } : { ...body, [outer]: dotted(body[outer], name, value, formOf(rest).at, outer) };
  }
  return body;
};
const dotted = (outer: Json, name: string, value: Json, at: Json, key: string): Fields => {
  const fields = { ...asObject(outer), [name]: value };
  const order = asObject(asObject(at)?.[key])?.order;
  return Array.isArray(order) ? ordered(fields, order) : fields;
};
/** `tools` of a request that came from this surface. */
export const allTools = (tools: readonly Fields[], rest: Rest | undefined): readonly Fields[] => withHidden(tools, formOf(rest).hidden);
/** The body's members in the order they were sent in, with `false`, `null` and `[]` where they were spelt out. */
export const asSent = (body: Fields, rest: Rest | undefined): Fields => {
  const order = asList(formOf(rest).order).filter((name) => typeof name === 'string');
  const spelt = { instructions: null, tools: [], stream: false };
  const named = Object.fromEntries(Object.entries(spelt).filter(([name]) => order.includes(name)));
  return ordered({ ...named, ...body }, order);
};
