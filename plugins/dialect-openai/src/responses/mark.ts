import { type Fields, isObject, type Kept, ordered, type Remainder } from '@llm-proxy-auth/plugin';
import type { Flavour } from './content.ts';
import { means } from './means.ts';

/**
 * How an item, content or tool was spelt beyond what the model holds. It stands on the last part of an item and so also says where
 * the item ends. `list`: the content was written as the other of text and list; `empty`: it was an empty list; `as`: the text was the
 * request's own field.
 */
export interface Mark extends Remainder {
  readonly list?: boolean | undefined;
  readonly empty?: boolean | undefined;
  readonly as?: 'instructions' | 'input' | undefined;
  /** Names of the members left over, in their order, where some of them stand in `rest`. */
  readonly names?: readonly string[] | undefined;
}
/** Spelling goes back to this surface and means nothing to any other: it stands where neither the ledger nor JSON looks, and survives a spread. */
const FORM: unique symbol = Symbol('openai.responses.form');

/** Names in `rest` that are ours and no member of an item. */
const OURS: ReadonlySet<string> = new Set(['id', 'form', 'item']);
const membersOf = (rest: Kept['rest']): Fields => Object.fromEntries(Object.entries(rest ?? {}).filter(([name]) => !OURS.has(name)));

/**
 * The same part or tool with its mark. Members that another vendor would miss stand in `rest` by their names, where the ledger sees
 * them (inside content under `item`); in answers the whole mark stands in `rest`, which is what streams can carry.
 */
export const marked = <K extends Kept>(kept: K, mark: Mark | undefined, flavour: Flavour): K => {
  if (mark === undefined) return kept;
  if (flavour === 'output') return { ...kept, rest: { ...kept.rest, [means(mark) ? 'item' : 'form']: mark } };
  const set = Object.entries(mark.set ?? {});
  const named = set.filter(([name, value]) => !OURS.has(name) && means({ set: { [name]: value } }));
  const names = named.length === 0 ? {} : { names: set.map(([name]) => name) };
  const left: Mark = { ...mark, set: Object.fromEntries(set.filter((entry) => !named.includes(entry))), ...names };
  const rest = { ...kept.rest, ...Object.fromEntries(named), ...(means(left) ? { item: left } : {}) };
  return { ...kept, ...(Object.keys(rest).length === 0 ? {} : { rest }), [FORM]: left };
};
export const markOf = (kept: Kept | undefined): Mark | undefined => {
  const rest = kept?.rest;
  const mark = rest?.item ?? rest?.form ?? (kept as { readonly [FORM]?: Mark } | undefined)?.[FORM];
  const members = membersOf(rest);
  const bare = isObject(mark) ? (mark as Mark) : undefined;
  return Object.keys(members).length === 0 ? bare : { ...bare, set: ordered({ ...bare?.set, ...members }, bare?.names ?? []) };
};
/** In answers parts bring the id of their item along. */
export const withId = <K extends Kept>(kept: K, id: string | undefined): K => (id === undefined ? kept : { ...kept, rest: { ...kept.rest, id } });
export const itemId = (kept: Kept | undefined): string | undefined => {
  const id = kept?.rest?.id;
  return typeof id === 'string' ? id : undefined;
};

/** The spelling of a whole request. */
export const withForm = <T extends object>(request: T, form: object): T => ({ ...request, [FORM]: form });
export const formOf = (request: object): object => (request as { readonly [FORM]?: object })[FORM] ?? {};
