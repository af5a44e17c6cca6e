import type { ChatReply, ChatRequest, Fields, Remainder } from '@llm-proxy-auth/plugin';

/** Members of the conversation that stand in `additionalModelRequestFields`, where each family of models has its own words. */
export type Additional = Pick<ChatRequest, 'toolChoice' | 'parallelTools' | 'reasoning' | 'user'> & { readonly topK?: number | undefined };

/**
 * How a client spelled what the surface can write in several ways. It goes back to the same surface and means nothing to any
 * other, so it stands under a symbol, where neither the ledger nor JSON looks, and survives a spread.
 */
export interface Form {
  /** What the client wrote beside or instead of the usual spelling. */
  readonly left?: Remainder | undefined;
  /** The cache point that stands behind the block or tool. */
  readonly cachePoint?: Fields | undefined;
  /** Lengths of the texts that one text was joined from. */
  readonly pieces?: readonly number[] | undefined;
  /** A document given as text or as a list of texts instead of bytes. */
  readonly source?: 'text' | 'content' | undefined;
  /** Text of a tool result that was written as JSON. */
  readonly json?: boolean | undefined;
  /** A system turn among the messages instead of in `system`. */
  readonly inMessages?: boolean | undefined;
  /** Where a request says what it says beyond the common parameters, and what was read of it. */
  readonly said?:
    | { readonly read: Additional; readonly fields: Fields | undefined; readonly effort: string | undefined; readonly toolChoice: Fields | undefined }
    | undefined;
  /** The source of a JSON schema, which stands in a string. */
  readonly schema?: { readonly value: unknown; readonly source: string } | undefined;
  /** What stands round a request whose tokens are counted. */
  readonly envelope?: Remainder | undefined;
  /** A provider's answer as it came, and what was read of it. */
  readonly answer?: { readonly wire: Fields; readonly read: ChatReply } | undefined;
}
const FORM: unique symbol = Symbol('converse.form');
/** The same object, carrying its form. */
export const withForm = <T extends object>(o: T, form: Form): T => ({ ...o, [FORM]: form });
/** Undefined: the object was not read from this surface, or has no form of its own. */
export const formOf = (o: object): Form | undefined => (o as { readonly [FORM]?: Form })[FORM];
