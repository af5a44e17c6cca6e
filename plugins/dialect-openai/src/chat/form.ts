import type { ChatReply, Fields, Json, Late, Remainder } from '@llm-proxy-auth/plugin';

/**
 * How a client spelled what the surface can write in two ways: `max_tokens`, text as a list of one part, `null`. It goes
 * back to the same surface and means nothing to any other, so it stands under a symbol, where neither the ledger nor JSON
 * looks, and survives a spread.
 */
export interface Form {
  /** What the client wrote beside or instead of the usual spelling; found when the same surface writes it, which is rare. */
  readonly left?: Late<Remainder | undefined> | undefined;
  /** `functions`, `function_call` and role `function` instead of tools. */
  readonly legacy?: boolean | undefined;
  /** Content written as a list although text would do. */
  readonly list?: boolean | undefined;
  /** Refusals written as content parts instead of the message's own member. */
  readonly refusals?: boolean | undefined;
  /** A mark for the cache written as another vendor writes it. */
  readonly hint?: Json | undefined;
  /** The person was named by `safety_identifier`, beside this `user`. */
  readonly identified?: { readonly user: string | undefined } | undefined;
  /** The data of a file written without its type. */
  readonly bare?: boolean | undefined;
  /** Name the token limit was written under. */
  readonly limit?: 'max_tokens' | undefined;
  /** A provider's answer as it came, and what was read of it. */
  readonly answer?: { readonly wire: Fields; readonly read: ChatReply } | undefined;
  /** Members of `stream_options` other than `include_usage`. */
  readonly options?: Readonly<Record<string, Json>> | undefined;
}
export interface Forms {
  /** The same object, carrying its form. */
  readonly withForm: <T extends object>(o: T, form: Form) => T;
  /** Undefined: the object was not read from this surface. */
  readonly formOf: (o: object) => Form | undefined;
}
/** Forms of one surface, which no other sees. */
export const formsOf = (surface: string): Forms => {
  const key = Symbol(surface);
  return {
    withForm: (o, form) => ({ ...o, [key]: form }),
    formOf: (o) => (o as Readonly<Record<symbol, Form | undefined>>)[key],
  };
};
export const { withForm, formOf } = formsOf('openai.chat.form');
