import type { Kept } from '@llm-proxy-auth/plugin';
import type { Flavour } from './content.ts';
import { means, type Remainder } from './remainder.ts';
import { isObject } from './wire.ts';

/**
 * How an item, content or tool was spelt beyond what the model holds. It stands on the last part of an item and so also says where
 * the item ends. `list`: the content was written as the other of text and list; `empty`: it was an empty list; `as`: the text was the
 * request's own field.
 */
export interface Mark extends Remainder {
  readonly list?: boolean | undefined;
  readonly empty?: boolean | undefined;
  readonly as?: 'instructions' | 'input' | undefined;
}
/** Spelling goes back to this surface and means nothing to any other: it stands where neither the ledger nor JSON looks, and survives a spread. */
const FORM: unique symbol = Symbol('openai.responses.form');

/**
 * The same part or tool with its mark. A mark that another vendor would miss stands in `rest.item`, where the ledger sees it; in answers
 * all of them stand in `rest`, which is what streams can carry.
 */
export const marked = <K extends Kept>(kept: K, mark: Mark | undefined, flavour: Flavour): K => {
  if (mark === undefined) return kept;
  if (means(mark)) return { ...kept, rest: { ...kept.rest, item: mark } };
  return flavour === 'output' ? { ...kept, rest: { ...kept.rest, form: mark } } : { ...kept, [FORM]: mark };
};
export const markOf = (kept: Kept | undefined): Mark | undefined => {
  const mark = kept?.rest?.item ?? kept?.rest?.form ?? (kept as { readonly [FORM]?: Mark } | undefined)?.[FORM];
  return isObject(mark) ? (mark as Mark) : undefined;
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
