import type { Static, TSchema } from 'typebox';
import type { AuthStrategy, Counters, Principal, SecondFactor, Store } from './access.ts';
import type { ChatEvent, ChatReply, ChatRequest } from './conversation.ts';
import type { Call, Dialect } from './dialect.ts';
import type { Provider, Refusal } from './provider.ts';
import type { Secret } from './schema.ts';
import type { Bytes, HeaderPairs, Json, UpstreamReply, UpstreamRequest } from './wire.ts';

declare const made: unique symbol;
/** How a plugin makes one kind of thing. Comes from `define`; a bare object literal is refused by the type. */
export interface Factory<T> {
  readonly [made]: T;
  readonly summary: string;
  readonly config: TSchema;
  create(config: unknown, host: Host): T | Promise<T>;
}
export type Kinds<T> = Readonly<Record<string, Factory<T>>>;
/** Infers the configuration's type from its schema and checks `create` against both. */
export const define =
  <T>() =>
  <S extends TSchema>(f: { readonly summary: string; readonly config: S; readonly create: (config: Static<S>, host: Host) => T | Promise<T> }): Factory<T> =>
    f as unknown as Factory<T>;

/** Default export of a plugin package. */
export interface Plugin {
  readonly name: string;
  readonly api: 1;
  readonly providers?: Kinds<Provider>;
  readonly dialects?: Kinds<Dialect>;
  readonly auth?: Kinds<AuthStrategy>;
  readonly factors?: Kinds<SecondFactor>;
  readonly secrets?: Kinds<SecretSource>;
  readonly stores?: Kinds<Store>;
  readonly counters?: Kinds<Counters>;
  readonly hooks?: Kinds<Hook>;
  readonly pages?: Kinds<Pages>;
  readonly telemetry?: Kinds<Telemetry>;
  /** `keys.create`, `totp.enroll`: the command line and /admin/v1 are generated from these. */
  readonly admin?: readonly AdminOperation[];
  readonly shortcuts?: readonly Shortcut[];
  readonly metricAliases?: Readonly<Record<string, string>>;
}
/** What a plugin may use of the process. */
export interface Host {
  /** Package name of the plugin. */
  readonly name: string;
  /** Aborted when the plugin's graph is disposed. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Epoch ms, the clock tests control. */
  now(): number;
  secret(value: Secret): Promise<string>;
  readonly seal: Seal;
  /** Undefined without `keyEncryption` in the configuration. */
  readonly encryption?: Encryption | undefined;
  /** What the configuration lets callers do; what makes credentials asks it. Absent: nobody but an administrator may be trusted with them. */
  readonly access?: Access | undefined;
  /** Unsigned; only to hosts the manifest's `reaches` names and to URLs of the instance's or the strategy's configuration. */
  fetch(request: UpstreamRequest, signal?: AbortSignal, options?: FetchOptions): Promise<UpstreamReply>;
  /** Namespaced by plugin name. */
  readonly store: Store;
  readonly counters: Counters;
}
export interface FetchOptions {
  /** PEM text of the authorities that the server's certificate may come from, in place of the well-known ones. */
  readonly ca?: string | undefined;
  /** Longest answer that is taken, in bytes; 16 MiB when left out. A longer one is `upstream_bad_response`. */
  readonly maxBytes?: number | undefined;
}
export interface Seal {
  seal(purpose: string, plain: Bytes): string;
  /** Undefined when it was forged, cut or sealed for another purpose. */
  open(purpose: string, sealed: string): Bytes | undefined;
}
/** Encrypts what is kept, under the keys of `keyEncryption`. */
export interface Encryption {
  /** `place` says where the text is kept: put anywhere else, it cannot be opened. */
  encrypt(place: string, plain: Bytes): string;
  /** Undefined when it was forged, moved, or encrypted under a key that is not configured. */
  decrypt(place: string, text: string): Bytes | undefined;
  /** False: it was encrypted under an earlier key and is to be encrypted again. */
  isCurrent(text: string): boolean;
}
export interface Access {
  /** Whether the policies, wherever both call from, give `other` nothing that they do not give `caller`. */
  covers(caller: Principal, other: Principal): boolean;
  /** Who owns a credential that lets in now, by its id (`Principal.credential`); undefined when nobody does. Throws what strategies throw that cannot say now. */
  ownerOf?(credential: string): Promise<string | undefined>;
  /** Whether an owner (`Principal.owner`) is there; undefined when no strategy keeps a list of owners of its kind. Throws what strategies throw that cannot say now. */
  knows?(owner: string): Promise<boolean | undefined>;
  /** Every caller is asked for a second factor, whatever its credential demands. */
  readonly factorAlways: boolean;
}
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
export interface Metrics {
  counter(name: string, labels?: Readonly<Record<string, string>>): { add(n: number): void };
}
export interface AdminOperation {
  readonly name: string;
  readonly summary: string;
  readonly scope: string;
  /** It changes nothing and shows no secret: the scope `viewer` is enough for it. */
  readonly reads?: boolean | undefined;
  readonly input: TSchema;
  readonly output: TSchema;
  /** Example of a command line, for `--help`. */
  readonly example?: string | undefined;
  /** What people read on a terminal in place of the output's members. */
  readonly text?: ((output: unknown) => string) | undefined;
  /** What an input is about (a key's name or id), for the audit record that the gateway makes of each run; never a secret. */
  target?(input: unknown): string | undefined;
  run(input: unknown, caller: Principal, host: Host): Promise<unknown>;
}
/** A legacy route rewritten into a transparent call, then governed like one. */
export interface Shortcut {
  readonly method: string;
  readonly pattern: string;
  readonly provider: string;
  /** True: `open` is given the body, and what it makes of it is sent. Otherwise the client's bytes and headers go on. */
  readonly reads?: boolean | undefined;
  /** `params` as sent, still encoded. */
  open(
    params: Readonly<Record<string, string>>,
    body: Json,
  ): { readonly path: string; readonly headers: HeaderPairs; readonly body: Bytes | undefined } | Refusal;
}
export interface SecretSource {
  resolve(path: string, field: string | undefined): Promise<{ readonly value: string; readonly version: string; readonly ttlMs?: number | undefined }>;
}
export interface Hook {
  request?(r: ChatRequest, call: Call): ChatRequest | Refusal | Promise<ChatRequest | Refusal>;
  reply?(r: ChatReply, call: Call): ChatReply | Promise<ChatReply>;
  event?(e: ChatEvent, call: Call): readonly ChatEvent[];
}
/**
 * Files that the admin listener serves to browsers under `/<kind>`: data alone, so that the gateway answers every request for them and
 * sets every header. Whoever reaches the listener is served them without a credential: nothing in them may be secret.
 */
export interface Pages {
  /** By name below `/<kind>/`: lower-case letters, digits and `-`, ending in `.html`, `.js`, `.css`, `.svg` or `.png`. `index.html` is what `/<kind>` is. */
  readonly files: Readonly<Record<string, string | Bytes>>;
}
export interface Telemetry {
  settled(record: Readonly<Record<string, unknown>>): void;
  close(): Promise<void>;
}
