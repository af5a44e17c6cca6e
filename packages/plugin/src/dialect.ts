import type { ChatEvent, ChatReply, ChatRequest, EmbedReply, EmbedRequest, RerankReply, RerankRequest, Usage } from './conversation.ts';
import type { ErrorLike } from './error.ts';
import type { Seal } from './plugin.ts';
import type { Endpoint, ModelInfo, NamedIds, Reach } from './provider.ts';
import type { Bytes, Framing, HeaderPairs, Json, JsonText, Operation, UpstreamReply } from './wire.ts';

/** The vendor-neutral request and reply of each operation. */
export interface Canonical {
  chat: { request: ChatRequest; reply: ChatReply };
  embeddings: { request: EmbedRequest; reply: EmbedReply };
  rerank: { request: RerankRequest; reply: RerankReply };
  countTokens: { request: ChatRequest; reply: { readonly input: number } };
  models: { request: undefined; reply: readonly ModelInfo[] };
  opaque: { request: never; reply: never };
}
export interface Dialect {
  readonly name: string;
  readonly surfaces: readonly AnySurface[];
  /** A word that, with a model behind it, may stand in front of a route (`/deployments/{model}/chat/completions`). */
  readonly modelSegment?: string | undefined;
  /** Request headers of the client that reach a provider of the same dialect in protocol mode (lower case). */
  readonly requestHeaders?: readonly string[] | undefined;
  /** Request headers that carry what clients know as a parameter (lower case), by its name. One that does not reach the provider is told as lost. */
  readonly headerParams?: Readonly<Record<string, string>> | undefined;
  /** Reply headers of a provider of the same dialect that reach the client in protocol mode; a trailing `*` is a prefix. */
  readonly replyHeaders?: readonly string[] | undefined;
  /** What bodies and answers name of stored objects, by the names that native tables of providers refer to (`NativeCall.ids`). */
  readonly ids?: Readonly<Record<string, NamedIds>> | undefined;
  /** Reply header in which clients find the id of their request (lower case); holds the gateway's where no provider's passes. `x-request-id` needs none. */
  readonly requestIdHeader?: string | undefined;
  /** Writes an error of ours, or a provider's, in this dialect's exact envelope. `requestId`: what its request is called, for envelopes that say so. */
  error(e: ErrorLike, operation: Operation | undefined, requestId?: string): WireError;
  /** Reads a provider's error answer. Never throws: HTML, empty and foreign bodies become an ErrorLike too. */
  readError(reply: UpstreamReply): ErrorLike;
  rateHeaders?(limit: LimitState): HeaderPairs;
  /** What the answer of a provider of this dialect says of its limits, for clients of others. `head`: a header by its name in lower case. */
  readLimits?(head: (name: string) => string | undefined): LimitState | undefined;
}
export type AnySurface = { [O in Operation]: Surface<O> }[Operation];
/**
 * What a success holds that is no stream, in protocol mode. `json`: one whole JSON object that is no error; `text`: such an object, or plain text;
 * `sound`: neither JSON nor a page; `any`: whatever was stored. What is something else is a bad answer of the provider, never a success.
 */
export type Answered = 'json' | 'text' | 'sound' | 'any';
export interface Surface<O extends Operation> {
  /** Unique in the dialect. OpenAI: chat, responses and completions are three surfaces of one operation. */
  readonly name: string;
  readonly operation: O;
  readonly routes: readonly Route[];
  readonly body: readonly ('json' | 'multipart' | 'none')[];
  readonly governed: Governed;
  readonly reach: Reach;
  /** Framing of a streamed answer. */
  readonly framing: Framing;
  /** The framing that a client's query asks for, where clients choose (`alt=sse`). An answer that comes in another is translated. */
  framingOf?(query: string): Framing;
  /**
   * Texts that stand in a body when the client brings back what this gateway issued of another vendor's: such a body is translated even for
   * a provider of this surface, which must not see it.
   */
  readonly marks?: readonly string[] | undefined;
  /** What a whole answer is; without it `json`, and `any` where the operation is opaque. */
  readonly answers?: Answered | undefined;
  readonly client?: ClientHalf<O> | undefined;
  readonly provider?: ProviderHalf<O> | undefined;
  /**
   * Models that a JSON body names beside the governed one (hosted tools, moderation); undefined for one that the vendor
   * would choose. Asked only for callers who may use certain models: each of them must be allowed.
   */
  furtherModels?(body: Json): readonly (string | undefined)[];
  /** Whether a passing whole answer has the form that the request asked for; one that has not is read and written anew. Asked of every answer. */
  fits?(answer: Bytes, request: readonly Bytes[]): boolean;
  /**
   * Byte-level observer of a passing answer. `asked`: the gateway itself asked for usage, which the client must not see. `head`: a header
   * of an answer that comes whole, by its name in lower case; empty where there is none.
   */
  tap?(framing: Framing, asked: boolean, head?: (name: string) => string): Tap;
}
/**
 * `pattern` below `/{dialect}[/{instance}]`: `/chat/completions`, `/files/{id}`, `/models/{model+}` (`+`: may hold `/`),
 * `/publishers/{owner}/models/{model+}` (the model is `{owner}/{model}`).
 */
export interface Route {
  readonly method: string;
  readonly pattern: string;
  readonly model?: 'path' | undefined;
  /** Fixed by the route, or `query`: by `stream=true` there; undefined = the body says. */
  readonly stream?: boolean | 'query' | undefined;
  /** Overrides the surface's. */
  readonly reach?: Reach | undefined;
  /** Overrides the surface's. */
  readonly answers?: Answered | undefined;
  /** True: the client's query goes to the provider (lists, content ranges). */
  readonly query?: boolean | undefined;
}
/** Where governed fields stand in the body: a path of object keys. */
export interface Governed {
  readonly model: 'path' | 'none' | readonly string[];
  readonly stream: 'route' | readonly string[];
  /** Boolean flag that asks the provider to report usage in the stream. */
  readonly usage?: readonly string[] | undefined;
  /** Numbers that bound the tokens of an answer; the largest counts. Looked at where limits reserve tokens or money. */
  readonly output?: readonly (readonly string[])[] | undefined;
  /** Numbers of answers wanted at once; the largest counts. */
  readonly choices?: readonly (readonly string[])[] | undefined;
  /** Lists of prompts, each of which is answered that often: of strings, lists or objects. A list of numbers is one prompt, in tokens. */
  readonly prompts?: readonly (readonly string[])[] | undefined;
  /** Tokens of one answer where nothing in the body bounds it; default 4,096. */
  readonly usual?: number | undefined;
  /** Where it is true the answer is made in the background, and what it used is not told by the call that asked. */
  readonly later?: readonly string[] | undefined;
}
/** Where a passing stream stands. */
export type TapState = 'waiting' | 'content' | 'done' | 'failed';
/** Watches passing bytes. In a stream it is given whole events only. */
export interface Tap {
  bytes(chunk: Bytes): void;
  /**
   * The chunk without what the gateway itself asked for, or with an error in the form in which clients see one; the same object when there is
   * nothing to change. Asked behind `bytes`.
   */
  cut?(chunk: Bytes): Bytes;
  /** waiting: nothing a client shows yet · content: text, tool call, thinking or refusal seen · done: the vendor's terminal event · failed: an error event. */
  readonly state: TapState;
  /**
   * Bytes of the last chunk up to the end of the terminal event, or of an error event that is the last of the surface; what stands
   * behind it is not forwarded. Without state `done` or `failed`: the rest is no ending, and the stream counts as cut.
   */
  readonly ended?: number | undefined;
  /** An error event in this surface's form, continuing what passed (sequence numbers, ids). `requestId` as in `Dialect.error`. */
  fail(e: ErrorLike, requestId?: string): string | Bytes;
  /** The surface's sign of life. */
  idle?(): string | Bytes;
  /** The transport ended cleanly. For vendors whose stream has no last event: state becomes `done` here when the answer is whole. */
  over?(): void;
  end(): Verdict;
}
export interface Verdict {
  readonly complete: boolean;
  readonly usage?: Usage | undefined;
  readonly error?: ErrorLike | undefined;
  /** Id of the stored object the answer created (`response.id`, of a chat completion its `id`). */
  readonly id?: string | undefined;
  /** Ids of what else it created (output items, containers). */
  readonly ids?: readonly string[] | undefined;
  /** Model the provider says it used. */
  readonly model?: string | undefined;
}
export interface Inbound {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: HeaderPairs;
  readonly body: Json;
  readonly model?: string | undefined;
  readonly stream: boolean;
  /** JSON source of the value at a JSON pointer, as the client wrote it. */
  readonly raw: (pointer: string) => JsonText | undefined;
  /** Undefined: nothing is remembered. */
  readonly memory?: Memory | undefined;
}
/**
 * What the gateway remembers for a caller whose client drops what it does not know: for an hour since its last use, within bounds, and
 * for nobody else. A call that asks nothing of it costs nothing.
 */
export interface Memory {
  /** The same in all calls of one principal: what is sealed for one is worth nothing to another. */
  readonly owner: string;
  /** Copies the value. False: it has no room, and is not kept. */
  keep(key: string, value: Bytes): boolean;
  /** Undefined: this caller never kept it, or it is gone. */
  recall(key: string): Bytes | undefined;
  /** Thinking that was issued to the caller cannot be found; counted once a call, in `llm_proxy_thinking_lost_total`. */
  lost(): void;
}
export interface Call {
  readonly id: string;
  /** Epoch ms; a translator's only clock. */
  readonly now: number;
  /** The name the client sent; what it sees as `model` in translated answers. */
  readonly requestedModel: string;
  /** The provider's model id. */
  readonly model: string;
  /** The model whose rules this one keeps, where the configuration says that its own name does not tell. */
  readonly like?: string | undefined;
  /** What the configuration says that the model refuses, in place of what the data of its family says. */
  readonly rejects?: readonly string[] | undefined;
  /** What the model was found to refuse, in words of `ProviderHalf.refusal`; absent: nothing. */
  readonly refused?: ReadonlySet<string> | undefined;
  readonly stream: boolean;
  /** The framing that the client asked for, where its surface lets it choose. */
  readonly framing?: Framing | undefined;
  readonly ledger: Ledger;
  readonly seal: Seal;
  readonly inbound: Inbound;
  readonly endpoint: Endpoint;
}
export type LedgerKind = 'ignored' | 'clamped' | 'emulated' | 'defaulted';
export interface Ledger {
  note(kind: LedgerKind, param: string, why: string): void;
}
/** Lets an SDK speak this surface to us. Throws GatewayError `invalid_request` or `unsupported_parameter` with `param`. */
export interface ClientHalf<O extends Operation> {
  /** Canonical field path (`sampling.logitBias`, `turns.parts.detail`) to this surface's parameter name, for the ledger. */
  readonly names?: Readonly<Record<string, string>> | undefined;
  /** Other names of the same parameters, by the name above: who wrote `max_tokens` is not told of `max_completion_tokens`. */
  readonly spellings?: Readonly<Record<string, readonly string[]>> | undefined;
  /**
   * `target`: where the call goes, `model`: the provider's id of the model there. What only the vendor understands (hosted tools, stored
   * state) is refused unless the target speaks this very surface.
   */
  read(inbound: Inbound, ledger: Ledger, target?: Endpoint, model?: string): Canonical[O]['request'];
  /**
   * A body that asks several things at once (a completion of many prompts), as one for each: where it is translated the core asks
   * one after the other and joins the choices in this order. Undefined: it is one. Streams are not split.
   */
  split?(body: Json): readonly Json[] | undefined;
  write(reply: Canonical[O]['reply'], call: Call): Written;
  stream?(call: Call): StreamWriter;
}
export interface Written {
  readonly status?: number | undefined;
  readonly headers?: HeaderPairs | undefined;
  readonly body: string | Bytes;
}
export interface StreamWriter {
  /** Content type of the answer. */
  readonly type: string;
  event(e: ChatEvent): string | Bytes;
  error(e: ErrorLike): string | Bytes;
  end(): string | Bytes;
  idle?(): string | Bytes;
}
/** Lets us reach a provider in this surface. */
export interface ProviderHalf<O extends Operation, M = unknown> {
  /** `memo`: renamed tools, emulations; comes back to `read` and `stream`. The core notes every canonical field that was not looked at in the ledger. */
  write(request: Canonical[O]['request'], call: Call): { readonly body: Json | Bytes; readonly headers?: HeaderPairs | undefined; readonly memo?: M };
  /** Whether `Endpoint.instead` can say what this surface cannot, and all else of the request too. Asked only where there is one. Pure. */
  yields?(request: Canonical[O]['request'], call: Call): boolean;
  read(reply: UpstreamReply, call: Call, memo: M): Canonical[O]['reply'];
  stream?(call: Call, memo: M, emit: (e: ChatEvent) => void): StreamReader;
  /**
   * What of the request a 400 says that the model does not take, in words of this surface's own: the call is asked once more with them in
   * `Call.refused`, and `write` says it in another way. Undefined: the refusal is the answer. Pure.
   */
  refusal?(error: ErrorLike, memo: M): readonly string[] | undefined;
}
/** Fed one framed event at a time; emits exactly one `end` or `error`. */
export interface StreamReader {
  event(type: string, data: string): void;
  /** The transport ended. The core emits `upstream_stream_truncated` when neither `end` nor `error` came. */
  end(): void;
}
export interface WireError {
  readonly status: number;
  readonly headers: HeaderPairs;
  readonly body: string;
}
export interface LimitState {
  readonly requests?: LimitLine | undefined;
  readonly tokens?: LimitLine | undefined;
}
export interface LimitLine {
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
}
