import type { Framing, HeaderPairs, Json, Operation, UpstreamReply, UpstreamRequest } from './wire.ts';

/** What the core wants to do; `endpoint` answers where. `route` is the surface's own pattern (`/files/{id}/content`). */
export interface Ask {
  readonly operation: Operation;
  readonly surface: string;
  readonly dialect: string;
  readonly method: string;
  readonly route: string;
  readonly model: string;
  readonly stream: boolean;
}
export interface Endpoint {
  /** Which provider half speaks there, e.g. `anthropic` `messages`. Equal to the client's dialect and surface: bytes pass. */
  readonly dialect: string;
  readonly surface: string;
  readonly method: string;
  /** Below `Provider.base.path`; `{name}` is replaced by the route's parameter as the client wrote it (still encoded). */
  readonly path: string;
  readonly origin?: string | undefined;
  readonly headers?: HeaderPairs | undefined;
  /** When it is not the surface's own (Claude on Bedrock: messages inside aws-eventstream). */
  readonly framing?: Framing | undefined;
  /** Named variant the dialect knows: `vertex`, `bedrock-invoke`. */
  readonly profile?: string | undefined;
  /** The model that signs what it thinks, where several ids (profiles, ARNs) name one; left out: the id itself. */
  readonly signer?: string | undefined;
  /** Another surface of the same dialect there, for requests that this one's provider half leaves to it (`ProviderHalf.yields`). */
  readonly instead?: Endpoint | undefined;
  /** Inputs per call; the core splits, keeps order, adds usage. */
  readonly batch?: number | undefined;
  /** What the configuration wants in the JSON body: objects are merged and lists joined with what is there, everything else replaces it. */
  readonly members?: Readonly<Record<string, Json>> | undefined;
  /** Members at the top of the JSON body that the configuration keeps a client from saying: taken out, with a note for each. */
  readonly without?: readonly string[] | undefined;
  /** Judges the JSON body as it would go to the provider, translated or not. Pure. */
  readonly judge?: ((body: Json) => Refusal | undefined) | undefined;
  readonly capabilities: Capabilities;
}
export interface Capabilities {
  readonly tools: boolean;
  readonly parallelTools: boolean;
  readonly forcedTool: boolean;
  readonly images: boolean;
  readonly documents: boolean;
  readonly audioIn: boolean;
  readonly audioOut: boolean;
  readonly jsonSchema: 'native' | 'tool' | 'none';
  readonly sampling: boolean;
  readonly choices: number;
  readonly logprobs: number;
  readonly reasoning: boolean;
  readonly cache: boolean;
  readonly stopSequences: number;
  /** True where the provider looks things up on the web by itself when a request says `webSearch`. */
  readonly webSearch?: boolean | undefined;
}
/**
 * Ids at any depth of a JSON body that the caller must own. A body that names one and has a key twice is refused, because
 * readers differ in which one they take.
 */
export interface IdsInside {
  /** Names of members, wherever they stand, whose string or strings are ids (`file_id`, `vector_store_ids`). */
  readonly members: readonly string[];
  /** Of `members`, those that name something the vendor has for everybody where the member `with` beside them is `value`. */
  readonly builtIn?: Readonly<Record<string, { readonly with: string; readonly value: string }>> | undefined;
  /** Names of members, wherever they stand, whose object has the id in its member `id` (`audio`). */
  readonly objects?: readonly string[] | undefined;
  /** Pointers to places that hold the client's own data and are not looked at; a step `*` is every element or member. */
  readonly apart?: readonly string[] | undefined;
  /**
   * Pointers to lists whose items may be references: `id` in an item of this type, or of none and without `role` or `content`.
   * `unlessWith`: types whose items stand for a stored one when they lack the member named.
   */
  readonly references?:
    | { readonly lists: readonly string[]; readonly type: string; readonly unlessWith?: Readonly<Record<string, string>> | undefined }
    | undefined;
}
/**
 * Where ids that belong to their creator stand: `request` = route parameters (`{id}`) and JSON pointers into the body
 * (`/input_file_id`) that the caller must own (else 404); `reply` = JSON pointers whose values become the caller's (`/id`; a
 * step `*` is every element or member), but for those that the request held already; `list` = pointer to an array in the reply
 * that is cut to the caller's own, by its `id` members. What names ids deeper inside a body is said by `inside`.
 */
export interface NamedIds {
  readonly request: readonly string[];
  readonly inside?: IdsInside | undefined;
  readonly reply: readonly string[];
  /** Pointer to a member of the request that must be true for the ids of `reply` to become the caller's (`/store`). */
  readonly replyWhen?: string | undefined;
  /** Further pointers of the reply, for requests that have a member `with` at their top that `inside` knows as one of `objects`. */
  readonly replyFor?: { readonly with: string; readonly reply: readonly string[] } | undefined;
  readonly list?: string | undefined;
  /** Ids are names of resources (`projects/1/locations/x/caches/9`) that differ before the last slash: what follows it says which is meant. */
  readonly tail?: boolean | undefined;
  /** How a list goes on: `after` = query parameter that takes the last id seen, `more` = pointer that is true while there is more. */
  readonly page?: { readonly after: string; readonly more: string } | undefined;
}
/** What a call may touch. */
export interface Reach {
  readonly class: 'inference' | 'models' | 'control' | 'stateful';
  readonly ids?: NamedIds | undefined;
  /** The model is not in the call itself (batches, stored prompts, a vendor's default): a caller restricted by models is refused. */
  readonly modelElsewhere?: boolean | undefined;
  /**
   * The vendor takes nothing for it, although it is neither read nor deleted (what is under way is cancelled, what is stored gets a
   * name): limits of tokens and money let it pass. What says nothing may start paid work.
   */
  readonly free?: boolean | undefined;
}
export interface NativeHead {
  readonly method: string;
  /** Raw path as sent, from the vendor's own prefix on, without the query. */
  readonly path: string;
  readonly query: string;
  readonly headers: HeaderPairs;
  /** `model` as found in the body, where it stands there; undefined when absent or not read yet. */
  readonly bodyModel: string | undefined;
}
export interface NativeCall {
  readonly operation: Operation;
  readonly dialect?: string | undefined;
  readonly surface?: string | undefined;
  readonly model: string | undefined;
  /** What policies test in place of `model`, where that name alone could be another vendor's. */
  readonly qualified?: string | undefined;
  readonly stream: boolean;
  /** Where the model stands: the core reads it from the body, or `model` above already came from the path. */
  readonly modelIn: 'body' | 'path' | 'none';
  readonly framing: Framing;
  readonly reach: Reach;
  /** Name among `Dialect.ids` of `dialect`, which then says what the call names and makes; `reach` says the rest. */
  readonly ids?: string | undefined;
  /** Route parameters by name, decoded once, for the ids of a request. */
  readonly params?: Readonly<Record<string, string>> | undefined;
  /**
   * With `modelIn: 'path'`: the native path with `{model}` where the model stands. The core writes the model, or the one that its
   * name stands for, as one strictly encoded segment. Undefined: the path goes on as it was sent.
   */
  readonly path?: string | undefined;
  /** When it is not that of `Provider.base`, such as a control plane's. */
  readonly origin?: string | undefined;
  /** Query parameters that go along where the client sends none of that name (the version of an API). */
  readonly query?: Readonly<Record<string, string>> | undefined;
  /**
   * Places of the JSON body, by JSON pointer, that choose an account: what stands there must be this value; undefined: nothing may
   * stand there. The whole body is read before the head goes out.
   */
  readonly pinned?: Readonly<Record<string, string | undefined>> | undefined;
  /** Judges the JSON body, which is read whole before the head goes out; it is undefined where there is none. Pure. */
  readonly judge?: ((body: Json) => Refusal | undefined) | undefined;
  /** Why the call is refused all the same, unless its model is a name of `models:`: then the table is asked again. */
  readonly refused?: Refusal | undefined;
}
export interface Refusal {
  readonly refuse: string;
  readonly message: string;
  readonly param?: string | undefined;
}
export interface Attempt {
  /** 1 for the first try at a target. */
  readonly number: number;
  readonly signal: AbortSignal;
  /** Epoch ms. */
  readonly now: number;
  readonly session?: string | undefined;
  /** True after `rejected` said `refresh`: do not use a cached credential. */
  readonly fresh: boolean;
}
export interface ModelInfo {
  readonly id: string;
  /** Epoch seconds. */
  readonly created?: number | undefined;
  readonly owner?: string | undefined;
  readonly context?: number | undefined;
  /** Days, as in `ModelFacts`, when the vendor says them in its list. */
  readonly deprecated?: string | undefined;
  readonly retires?: string | undefined;
  readonly capabilities?: Partial<Capabilities> | undefined;
}
/** USD per million tokens. Cached input costs what other input does where nothing else is said. */
export interface Rates {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite?: number | undefined;
}
export interface Price extends Rates {
  /** What all of a call costs whose input, cached or not, is of more tokens than `over`. */
  readonly long?: (Rates & { readonly over: number }) | undefined;
}
/** What is known of a model without asking; never a reason to refuse one. */
export interface ModelFacts {
  /** Most tokens of a call and its answer. */
  readonly context?: number | undefined;
  /** Most tokens of an answer. */
  readonly output?: number | undefined;
  readonly price?: Price | undefined;
  /** Members at the top of the provider's JSON body that the model refuses: a request that is translated loses them, with a note for each. */
  readonly rejects?: readonly string[] | undefined;
  /** Day from which the vendor advises against it, `2026-06-05`. */
  readonly deprecated?: string | undefined;
  /** Day on which the vendor stops serving it, `2026-10-19`. */
  readonly retires?: string | undefined;
  /** Where it was read. */
  readonly source: string;
  /** Day on which it was read. */
  readonly date: string;
  /** Where `deprecated` and `retires` were read, if elsewhere. */
  readonly endSource?: string | undefined;
}
/** For accounts that call models by names of their own, such as deployments. Both are pure; a name they do not know is itself. */
export interface ModelNames {
  /** What a model is called there: bodies are given it where the client's name stood. */
  wire(model: string): string;
  /** The model that a name of theirs stands for: policies are tested on it. */
  model(wire: string): string;
}
export interface Provider {
  /** `origin` + `path`: what the vendor's own SDK takes as base URL. `prefix`: the start of native paths that `path` stands for (`/v1`). */
  readonly base: { readonly origin: string; readonly path: string; readonly prefix: string };
  readonly region: string;
  /** Dialect whose error envelope this vendor uses. */
  readonly errors: string;
  /** Pure; the core caches the answer. Undefined: the provider does not have it (404 `operation_not_supported`). */
  endpoint(ask: Ask): Endpoint | undefined;
  /**
   * Asks the vendor what `endpoint` must know of a model (what a name of the account stands for), before it is asked for one. Undefined:
   * nothing is to be asked. Never rejects, and not for long: what cannot be learned is unknown, and the call goes on.
   */
  learn?(model: string): Promise<void> | undefined;
  /** Transparent mode: the closed table of what may be reached; pins project, region and account. */
  native(head: NativeHead): NativeCall | Refusal;
  readonly names?: ModelNames | undefined;
  /** Request headers, in lower case, in which a caller names a further model as the account calls it: policies test it like one in a body. */
  readonly modelHeaders?: readonly string[] | undefined;
  /** `body`: the whole body is needed before the head goes out. */
  readonly signs: 'head' | 'body';
  /** Adds credentials to the finished request. Throws GatewayError `upstream_credentials_unavailable`. */
  sign(request: UpstreamRequest, attempt: Attempt): void | Promise<void>;
  /** A 401/403 that concerns our credential: mended by a new one, by a corrected clock, or not at all (502). Undefined: the vendor's answer to the call itself. */
  rejected?(reply: UpstreamReply): 'refresh' | 'clock' | 'credential' | undefined;
  models?(signal: AbortSignal): Promise<readonly ModelInfo[]>;
  /** Pure. Prices hold where the instance's `prices` say nothing. */
  facts?(model: string): ModelFacts | undefined;
  probe?(signal: AbortSignal): Promise<void>;
  /** Epoch ms at which the credential in use ends. */
  credentialExpires?(): number | undefined;
  close?(): Promise<void>;
}
