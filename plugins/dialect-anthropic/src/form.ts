import type { Late } from '@llm-proxy-auth/plugin';
import type { Remainder } from './remainder.ts';

/**
 * How a client or provider spelt what this dialect can write in several ways. It goes back to the same dialect and means nothing
 * to any other, so it stands under a symbol, where neither the ledger nor JSON looks, and survives a spread.
 */
export interface Form {
  /** What was written beside or instead of the usual spelling; found when the same dialect writes it, which is rare. */
  readonly left?: Late<Remainder | undefined> | undefined;
  /** Content written as text although a list would do. */
  readonly text?: boolean | undefined;
  /** What a document is made of was written as one text, or as a list of them. */
  readonly texts?: 'one' | 'list' | undefined;
  /** A result or a message without `content`. */
  readonly absent?: boolean | undefined;
  /** Where a system turn stood: in the member of its own, or among the messages. */
  readonly place?: 'system' | 'messages' | undefined;
}
const KEY = Symbol('anthropic.form');
/** The same object, carrying its form. */
export const withForm = <T extends object>(o: T, form: Form): T => ({ ...o, [KEY]: form });
/** Undefined: the object was not read from this dialect. */
export const formOf = (o: object): Form | undefined => (o as Readonly<Record<symbol, Form | undefined>>)[KEY];
