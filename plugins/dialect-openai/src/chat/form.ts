import type { ChatReply, Json } from '@llm-proxy-auth/plugin';
import type { Remainder } from '../responses/remainder.ts';
import type { Fields } from '../wire.ts';

/**
 * How a client spelled what the surface can write in two ways: `max_tokens`, text as a list of one part, `null`. It goes
 * back to the same surface and means nothing to any other, so it stands under a symbol, where neither the ledger nor JSON
 * looks, and survives a spread.
 */
export interface Form {
  /** What the client wrote beside or instead of the usual spelling. */
  readonly left?: Remainder | undefined;
  /** `functions`, `function_call` and role `function` instead of tools. */
  readonly legacy?: boolean | undefined;
  /** Content written as a list although text would do. */
  readonly list?: boolean | undefined;
  /** Refusals written as content parts instead of the message's own member. */
  readonly refusals?: boolean | undefined;
  /** Name the token limit was written under. */
  readonly limit?: 'max_tokens' | undefined;
  /** A provider's answer as it came, and what was read of it. */
  readonly answer?: { readonly wire: Fields; readonly read: ChatReply } | undefined;
  /** Members of `stream_options` other than `include_usage`. */
  readonly options?: Readonly<Record<string, Json>> | undefined;
}
const FORM: unique symbol = Symbol('openai.chat.form');

/** The same object, carrying its form. */
export const withForm = <T extends object>(o: T, form: Form): T => ({ ...o, [FORM]: form });
/** Undefined: the object was not read from this surface. */
export const formOf = (o: object): Form | undefined => (o as { readonly [FORM]?: Form })[FORM];
