import {
  asList,
  asObject,
  type ChatRequest,
  type Fields,
  isObject,
  type Json,
  ordered,
  type Remainder,
  type Rest,
  remainderOf,
  restore,
  sameValue,
} from '@llm-proxy-auth/plugin';
import { ENCRYPTED, LOGPROBS, writeScalars } from './fields.ts';
import { formOf } from './mark.ts';
import { type ReadTools, withHidden } from './tools.ts';
import { SURFACE } from './wire.ts';

/** Members that `request.ts` reads by itself or that the call decides. */
const ELSEWHERE: ReadonlySet<string> = new Set(['model', 'stream', 'input', 'instructions', 'tools']);
/** Objects of which the model knows some members: the others stand in `rest` as `text.verbosity`. */
const PARTLY: ReadonlySet<string> = new Set(['text', 'reasoning']);
/** Members in the order in which we write them; what is not named here stands between `tools` and `stream`. */
const FIRST: readonly string[] = Object.freeze(['model', 'instructions', 'input', 'tools']);

/** How a request was spelt: names in their order, defaults that were written out, members that this surface honours by itself. */
interface Form extends Remainder {
  readonly hidden?: Json;
  /** Members that say nothing, as they were written out: `null`, `[]`, `false`. */
  readonly bare?: Fields | undefined;
}
/** True for a member that this surface itself honours, whatever the provider: nobody loses anything without it. */
const isHonoured = (key: string, value: Json): boolean => {
  if (value === null || key === 'store' || key === 'background' || key === 'stream_options' || key === 'tool_choice' || key === 'top_logprobs') return true;
  if (key === 'truncation') return value === 'disabled';
  return key === 'include' && asList(value).every((entry) => entry === ENCRYPTED || entry === LOGPROBS);
};
interface Split {
  readonly fields: Fields;
  readonly form: Form;
}
/** Members of `text` and `reasoning`: those with a meaning by dotted name, the others back into the form. */
const splitPartly = (key: string, value: Fields): { readonly named: Fields; readonly left: Fields } => {
  const entries = Object.entries(value);
  const plain = ([name, member]: [string, Json]): boolean => member === null || (key === 'text' && name === 'format' && sameValue(member, { type: 'text' }));
  return {
    named: Object.fromEntries(entries.filter((entry) => !plain(entry)).map(([name, member]) => [`${key}.${name}`, member])),
    left: Object.fromEntries(entries.filter(plain)),
  };
};
const namesOf = (value: Json): readonly string[] => Object.keys(asObject(value) ?? {});
const split = (left: Remainder, written: Fields, actual: Fields): Split => {
  let fields: Fields = {};
  let set: Fields = {};
  let at = left.at ?? {};
  for (const [key, value] of Object.entries(left.set ?? {})) {
    if (PARTLY.has(key) && isObject(value) && !Object.hasOwn(written, key)) {
      const parts = splitPartly(key, value);
      fields = { ...fields, ...parts.named };
      set = { ...set, [key]: parts.left };
      at = { ...at, [key]: { order: namesOf(actual[key]) } };
    } else if (isHonoured(key, value)) set = { ...set, [key]: value };
    else fields = { ...fields, [key]: value };
  }
  for (const [key, inner] of Object.entries(left.at ?? {})) {
    if (!PARTLY.has(key) || inner.set === undefined) continue;
    const parts = splitPartly(key, inner.set);
    fields = { ...fields, ...parts.named };
    at = { ...at, [key]: { ...inner, set: parts.left, order: namesOf(actual[key]) } };
  }
  return { fields, form: { ...left, set, at } };
};

const inOurOrder = (body: Fields, members: readonly string[]): readonly string[] =>
  [...FIRST, ...members, 'stream'].filter((name) => Object.hasOwn(body, name));
/** What the model does not know of a request: members by name, and apart from them its spelling. */
export const splitBody = (
  body: Fields,
  request: Omit<ChatRequest, 'turns' | 'choices'>,
  hidden: ReadTools['hidden'],
): { readonly rest: Rest; readonly form: Form } => {
  const actual = Object.fromEntries(Object.entries(body).filter(([key]) => !ELSEWHERE.has(key)));
  const written = writeScalars(request);
  const { fields, form } = split(remainderOf(written, actual) ?? {}, written, actual);
  const order = Object.keys(body);
  const moved = order.some((name, index) => name !== inOurOrder(body, Object.keys(written))[index]);
  const says: Readonly<Record<string, boolean>> = {
    instructions: body.instructions !== null,
    tools: asList(body.tools).length > 0,
    stream: body.stream === true,
  };
  const bare = Object.fromEntries(Object.entries(body).filter(([name]) => says[name] === false));
  const spelt = moved || !Object.hasOwn(body, 'input') || Object.keys(bare).length > 0;
  return { rest: { from: SURFACE, fields }, form: { ...form, order: spelt ? order : undefined, bare, ...(hidden.length > 0 ? { hidden } : {}) } };
};
const DOTTED = /^(text|reasoning)\.(.+)$/;
const spelling = (request: object): Form => formOf(request) as Form;
/** The body's plain members with everything that `splitBody` kept. */
export const withRest = (written: Fields, rest: Rest, request: object): Fields => {
  const form = spelling(request);
  let body = restore(written, { ...form, order: undefined });
  for (const [key, value] of Object.entries(rest.fields)) {
    const [, outer, name] = DOTTED.exec(key) ?? [];
    if (outer === undefined || name === undefined) body = { ...body, [key]: value };
    else body = { ...body, [outer]: ordered({ ...asObject(body[outer]), [name]: value }, form.at?.[outer]?.order ?? []) };
  }
  return body;
};
/** `tools` of a request that came from this surface. */
export const allTools = (tools: readonly Fields[], request: object): readonly Fields[] => withHidden(tools, spelling(request).hidden);
/** The body's members in the order they were sent in, with `false`, `null` and `[]` where they were spelt out. */
export const asSent = (body: Fields, request: object): Fields => {
  const { order, bare } = spelling(request);
  if (order === undefined) return body;
  const { input, ...others } = body;
  return ordered({ ...bare, ...others, ...(order.includes('input') ? { input } : {}) }, order);
};
