import { type TSchema, type TString, type TUnsafe, Type } from 'typebox';

/** Handle of a `Secret()` field; its value follows rotation. */
export interface Secret {
  /** Where the value comes from, without the value: `OPENAI_API_KEY`, `file:/run/secrets/x`, `literal`. */
  readonly ref: string;
  /** The value when it is known already (always for values and files read at start). */
  peek(): string | undefined;
  onRotate(f: () => void): void;
}
/** Options of a configuration field beyond JSON Schema's. */
export interface FieldOptions {
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  /** Environment variable of the vendor that fills the field when the file leaves it out. */
  readonly env?: string;
}
/** A field whose value is never shown; the plugin gets a handle that follows rotation. */
export const Secret = (options: FieldOptions = {}): TUnsafe<Secret> =>
  Type.Unsafe<Secret>({ type: 'string', minLength: 1, ...options, lpa: 'secret' } as unknown as TSchema);
/** A certificate, key or CA: a path (relative to the configuration's folder) or PEM text; the handle holds the PEM text. */
export const Pem = (options: FieldOptions = {}): TUnsafe<Secret> => Secret({ ...options, pem: true } as FieldOptions);
/** `250ms` `15s` `5m` `12h` `90d`; the plugin gets milliseconds. */
export const Duration = (options: FieldOptions = {}): TUnsafe<number> =>
  Type.Unsafe<number>({ type: 'string', pattern: '^[0-9]+(ms|s|m|h|d)$', ...options, lpa: 'duration' } as unknown as TSchema);
/** `64KiB` `32MiB` or a number of bytes; the plugin gets bytes. */
export const Size = (options: FieldOptions = {}): TUnsafe<number> =>
  Type.Unsafe<number>({ type: ['string', 'integer'], pattern: '^[0-9]+(B|KiB|MiB|GiB)$', minimum: 0, ...options, lpa: 'size' } as unknown as TSchema);
/** `20%`; the plugin gets 0.2. */
export const Percent = (options: FieldOptions = {}): TUnsafe<number> =>
  Type.Unsafe<number>({ type: 'string', pattern: '^[0-9]{1,3}(\\.[0-9]+)?%$', ...options, lpa: 'percent' } as unknown as TSchema);
/** A URL that is a name too, compared byte for byte (an issuer): as `BaseUrl`, but with its trailing slash when it is written with one. */
export const ExactUrl = (options: FieldOptions = {}): TString => BaseUrl({ ...options, asWritten: true } as FieldOptions);
/** `https://host[:port][/path]` without user, query and fragment, and without a trailing slash once read. */
export const BaseUrl = (options: FieldOptions = {}): TString =>
  Type.String({ pattern: '^https?://[^/?#@\\s]+(/[^?#\\s]*)?$', ...options, lpa: 'url' } as never) as TString;
