import type { ChatRequest, Fields, Json, Remainder } from '@llm-proxy-auth/plugin';

/** Members of the conversation that this dialect can say in several ways. */
export type Said = Pick<ChatRequest, 'toolChoice' | 'reasoning' | 'logprobs' | 'output' | 'tier' | 'tools'>;
/**
 * How a client or provider spelt what this dialect can write in several ways. It goes back to the same dialect and means nothing
 * to any other, so it stands under a symbol, where neither the ledger nor JSON looks, and survives a spread.
 */
export interface Form {
  /** What was written beside or instead of the usual spelling. */
  readonly left?: Remainder | undefined;
  /** A call or result without an id: it is told by its place. */
  readonly unnamed?: boolean | undefined;
  /** The name that a result repeats of its call. */
  readonly called?: string | undefined;
  /** How the outcome of a call was spelt: `{output:"…"}`, `{error:"…"}`, an object of its own, or not at all. */
  readonly response?: 'output' | 'error' | 'object' | 'absent' | undefined;
  /** Which entry of `tools` a tool stood in. */
  readonly group?: number | undefined;
  /** A schema as it was spelt, and what was read of it. */
  readonly schema?: { readonly read: Json; readonly wire: Fields } | undefined;
  /** Members of a request as they were spelt, and what was read of them. */
  readonly said?: { readonly read: Said; readonly wire: Fields } | undefined;
  /** A provider's answer as it came, for the surface that read it. */
  readonly answer?: { readonly surface: string; readonly wire: Fields } | undefined;
  /** The end of an answer without candidates: the prompt was refused. */
  readonly blocked?: boolean | undefined;
  /** The surface that read a request for vectors; others spell it in their own way. */
  readonly surface?: 'embed' | 'batch_embed' | 'predict' | undefined;
  /** A count that wraps the request in `generateContentRequest`. */
  readonly wrapped?: boolean | undefined;
}
const KEY = Symbol('gemini.form');
/** The same object, carrying its form. */
export const withForm = <T extends object>(o: T, form: Form): T => ({ ...o, [KEY]: form });
/** Undefined: the object was not read from this dialect. */
export const formOf = (o: object): Form | undefined => (o as Readonly<Record<symbol, Form | undefined>>)[KEY];
/** The form of a request for vectors, where this very surface read it. */
export const formOn = (o: object, surface: NonNullable<Form['surface']>): Form | undefined => {
  const form = formOf(o);
  return form?.surface === surface ? form : undefined;
};
