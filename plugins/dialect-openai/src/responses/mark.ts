import type { Kept, Part } from '@llm-proxy-auth/plugin';
import { means, type Remainder } from './remainder.ts';
import { isObject } from './wire.ts';

/**
 * What `rest` of a part or tool keeps for this surface. It stands on the last part of an item and so also says where the item ends.
 * `list`: the content was written as the other of text and list; `empty`: it was an empty list; `as`: the text was the request's own field.
 */
export interface Mark extends Remainder {
  readonly list?: boolean | undefined;
  readonly empty?: boolean | undefined;
  readonly as?: 'instructions' | 'input' | undefined;
}
/** Under `form` when no other vendor would miss it, else under `item`, where the ledger sees it. */
export const keep = (mark: Mark | undefined): Readonly<Record<string, Mark>> => (mark === undefined ? {} : means(mark) ? { item: mark } : { form: mark });
export const markOf = (kept: Kept | undefined): Mark | undefined => {
  const mark = kept?.rest?.item ?? kept?.rest?.form;
  return isObject(mark) ? (mark as Mark) : undefined;
};
/** Id of the item that the part belongs to, in answers. */
export const itemId = (kept: Kept | undefined): string | undefined => {
  const id = kept?.rest?.id;
  return typeof id === 'string' ? id : undefined;
};
export const marked = <P extends Part>(part: P, rest: Readonly<Record<string, unknown>>): P =>
  Object.keys(rest).length === 0 ? part : { ...part, rest: { ...part.rest, ...rest } };
