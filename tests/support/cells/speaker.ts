import type { Bench } from '../gateway.ts';

/** What a trait is tried with; the same for every client. */
export interface Question {
  readonly model: string;
  /** The newest user message. */
  readonly text: string;
  /** What stood before it, in the client's own words. */
  readonly before?: readonly unknown[];
  /** Results of the calls of an answer, instead of `text`. */
  readonly results?: readonly { readonly id: string; readonly text: string }[];
  readonly tools?: readonly string[];
  readonly force?: string;
  readonly media?: 'image' | 'document';
  readonly schema?: Readonly<Record<string, unknown>>;
  readonly thinking?: boolean;
  readonly most?: number;
  /** Ends the answer where it would be said. */
  readonly until?: string;
  readonly stream?: boolean;
  /** Asks for a cache as the client does: by a mark on the text, or by this name of a cache. */
  readonly hint?: string;
}
/** An answer in terms that every client has. */
export interface Answer {
  readonly text: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly input: unknown }[];
  /** `sequence`: where the client has a word of its own for it. */
  readonly stop: 'end' | 'length' | 'tools' | 'sequence' | 'other';
  /** All input tokens, those of the cache, and output tokens. */
  readonly usage: { readonly input: number; readonly cached: number; readonly output: number };
  /** What the gateway said it could not carry. */
  readonly fidelity: string;
  /** The conversation up to here in the client's own words, for `before`. */
  readonly after: readonly unknown[];
}
/** One vendor's SDK, unmodified, at the instance `main`. */
export interface Speaker {
  ask(bench: Bench, question: Question): Promise<Answer>;
  /** Status and machine-readable kind of a call that was refused. */
  failure(error: unknown): { readonly status: number | undefined; readonly kind: unknown };
}
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
export const PDF = Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64');
/** Parameters of every tool. */
export const PARAMETERS = Object.freeze({ type: 'object', properties: { city: { type: 'string' } }, additionalProperties: false });
