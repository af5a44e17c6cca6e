import type { ErrorLike } from './error.ts';
import type { Json, JsonText } from './wire.ts';

/** What a vendor signed or only it understands, byte for byte, bound to the dialect (and model) that issued it. */
export interface Origin {
  readonly dialect: string;
  readonly model?: string | undefined;
  readonly payload: JsonText;
}
/** Members every part, turn and tool may carry. `rest` holds fields the surface had and the model does not know. */
export interface Kept {
  readonly origin?: Origin | undefined;
  readonly rest?: Readonly<Record<string, Json>> | undefined;
  readonly cache?: { readonly ttl?: '5m' | '1h' | undefined } | undefined;
}
export type Media =
  | { readonly base64: string; readonly type: string }
  | { readonly url: string; readonly type?: string | undefined }
  | { readonly file: string };
export interface Citation {
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  readonly url?: string | undefined;
  readonly title?: string | undefined;
  readonly quote?: string | undefined;
  readonly origin?: Origin | undefined;
}
export interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
  readonly bytes?: readonly number[] | undefined;
  readonly top: readonly TokenLogprob[];
}
export interface TextPart extends Kept {
  readonly kind: 'text';
  readonly text: string;
  readonly citations?: readonly Citation[] | undefined;
  readonly logprobs?: readonly TokenLogprob[] | undefined;
}
export interface RefusalPart extends Kept {
  readonly kind: 'refusal';
  readonly text: string;
  readonly logprobs?: readonly TokenLogprob[] | undefined;
}
export interface ThinkingPart extends Kept {
  readonly kind: 'thinking';
  readonly text: string;
  readonly redacted: boolean;
}
export interface MediaPart extends Kept {
  readonly kind: 'image' | 'audio' | 'video';
  readonly media: Media;
  readonly detail?: string | undefined;
  readonly transcript?: string | undefined;
  readonly id?: string | undefined;
  readonly expires?: number | undefined;
}
export interface DocumentPart extends Kept {
  readonly kind: 'document';
  readonly media: Media;
  readonly name?: string | undefined;
  readonly title?: string | undefined;
  readonly context?: string | undefined;
  readonly cite?: boolean | undefined;
  /** Lengths of the texts that it was given in, for `textsOf`; a vendor that cites it counts them. Undefined: it is one. */
  readonly pieces?: readonly number[] | undefined;
  /** Where a search found it: a URL, or what else the client calls it. */
  readonly found?: string | undefined;
}
export interface ToolCallPart extends Kept {
  readonly kind: 'toolCall';
  readonly id: string;
  readonly name: string;
  /** JSON source for function tools, free text for custom tools. */
  readonly input: JsonText | { readonly text: string };
}
export interface ToolResultPart extends Kept {
  readonly kind: 'toolResult';
  readonly id: string;
  readonly name?: string | undefined;
  readonly parts: readonly Part[];
  readonly failed: boolean;
}
/** Server tools and items only their vendor understands. */
export interface OpaquePart extends Kept {
  readonly kind: 'opaque';
  readonly origin: Origin;
}
export type Part = TextPart | RefusalPart | ThinkingPart | MediaPart | DocumentPart | ToolCallPart | ToolResultPart | OpaquePart;
export interface Turn extends Kept {
  readonly role: 'system' | 'user' | 'assistant';
  readonly name?: string | undefined;
  readonly parts: readonly Part[];
}
export type Tool = Kept &
  (
    | {
        readonly kind: 'function';
        readonly name: string;
        readonly description?: string | undefined;
        readonly schema: Json;
        readonly strict?: boolean | undefined;
      }
    | {
        readonly kind: 'custom';
        readonly name: string;
        readonly description?: string | undefined;
        /** `{"syntax":"lark"|"regex","definition":"…"}`. */
        readonly grammar?: JsonText | undefined;
      }
    | { readonly kind: 'server'; readonly origin: Origin }
  );
export interface Sampling {
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
  readonly seed?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  readonly presencePenalty?: number | undefined;
  readonly logitBias?: Readonly<Record<string, number>> | undefined;
}
export interface Reasoning {
  readonly effort?: string | undefined;
  readonly budget?: number | undefined;
  readonly summary?: string | undefined;
  readonly off?: boolean | undefined;
}
/** The model may look things up on the web before it answers. */
export interface WebSearch {
  /** How much of what it finds it may read: `low`, `medium`, `high`. */
  readonly size?: string | undefined;
  /** About where the person is who asks. */
  readonly location?: Place | undefined;
}
export interface Place {
  readonly city?: string | undefined;
  readonly region?: string | undefined;
  /** ISO 3166-1, two letters. */
  readonly country?: string | undefined;
  /** `Europe/Oslo`. */
  readonly timezone?: string | undefined;
}
export interface ChatRequest {
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: 'auto' | 'none' | 'required' | { readonly name: string } | undefined;
  readonly parallelTools?: boolean | undefined;
  readonly maxTokens?: number | undefined;
  readonly stop?: readonly string[] | undefined;
  readonly output?: 'json' | { readonly schema: Json; readonly name: string; readonly strict: boolean; readonly description?: string | undefined } | undefined;
  readonly sampling?: Sampling | undefined;
  readonly reasoning?: Reasoning | undefined;
  readonly choices: number;
  /** Number of alternatives wanted per token; 0 = logprobs of the chosen token only. */
  readonly logprobs?: number | undefined;
  readonly user?: string | undefined;
  readonly tier?: string | undefined;
  /** How much is said in an answer: `low`, `medium`, `high`. */
  readonly verbosity?: string | undefined;
  /** What the caller files with the call at the vendor; never empty. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** What most of the answer is expected to be, so that it is made faster. */
  readonly prediction?: string | undefined;
  readonly webSearch?: WebSearch | undefined;
  /** Fields of the surface that the model does not know; `from` names the surface (`openai.chat`) that alone gets them back. */
  readonly rest?: Rest | undefined;
}
export interface Rest {
  readonly from: string;
  readonly fields: Readonly<Record<string, Json>>;
}
/** Why a choice ended. */
export type Finish = 'stop' | 'length' | 'tool' | 'filter' | 'refusal' | 'pause' | 'context';
export interface Choice {
  readonly index: number;
  readonly parts: readonly Part[];
  readonly finish: Finish;
  /** The sequence of the client's that ended the answer; empty where one did and the provider does not say which. */
  readonly stopSequence?: string | undefined;
  readonly rest?: Readonly<Record<string, Json>> | undefined;
}
export interface ChatReply {
  readonly id: string;
  readonly model: string;
  /** Epoch seconds, where the provider says. */
  readonly created?: number | undefined;
  readonly choices: readonly Choice[];
  readonly usage: Usage;
  /** Service tier actually used, where the provider says. */
  readonly tier?: string | undefined;
  readonly rest?: Rest | undefined;
}
/** Tokens. `input` includes cacheRead and cacheWrite; `output` includes reasoning. */
export interface Usage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly reasoning: number;
  /** Tokens of sound, within `input` and `output`; undefined: none, or nobody counts them apart. */
  readonly audioIn?: number | undefined;
  readonly audioOut?: number | undefined;
  /** Tokens of images, in the same way. */
  readonly imageIn?: number | undefined;
  readonly imageOut?: number | undefined;
  /** True when the provider gave no usage and the figures are an estimate. */
  readonly estimated: boolean;
  /** The provider's own usage object; only a surface of the same dialect may write it back. */
  readonly raw?: (JsonText & { readonly dialect: string }) | undefined;
}
/** One step of an answer that streams. `index` counts the parts of a choice from 0 in order of opening. */
export type ChatEvent =
  | {
      readonly type: 'start';
      readonly id: string;
      readonly model: string;
      readonly created?: number | undefined;
      readonly tier?: string | undefined;
      readonly rest?: Rest | undefined;
    }
  | { readonly type: 'part'; readonly choice: number; readonly index: number; readonly part: Part }
  | {
      readonly type: 'delta';
      readonly choice: number;
      readonly index: number;
      readonly field: 'text' | 'input' | 'data' | 'transcript' | 'signature';
      readonly text: string;
      readonly logprobs?: readonly TokenLogprob[] | undefined;
      readonly rest?: Readonly<Record<string, Json>> | undefined;
    }
  | { readonly type: 'citation'; readonly choice: number; readonly index: number; readonly citation: Citation }
  | {
      readonly type: 'part-end';
      readonly choice: number;
      readonly index: number;
      readonly origin?: Origin | undefined;
      readonly rest?: Readonly<Record<string, Json>> | undefined;
    }
  | {
      readonly type: 'finish';
      readonly choice: number;
      readonly reason: Finish;
      readonly stopSequence?: string | undefined;
      readonly rest?: Readonly<Record<string, Json>> | undefined;
    }
  | { readonly type: 'usage'; readonly usage: Usage }
  /** What only the vendor's own surface understands. `progress`: it tells how the answer comes about and is no part of it. */
  | { readonly type: 'keep'; readonly origin: Origin; readonly progress?: true | undefined }
  | { readonly type: 'end'; readonly rest?: Rest | undefined }
  | { readonly type: 'error'; readonly error: ErrorLike };

export interface EmbedRequest {
  readonly inputs: readonly ({ readonly text: string } | { readonly tokens: readonly number[] } | { readonly parts: readonly Part[] })[];
  readonly dimensions?: number | undefined;
  /** What the vectors are for, in the words of whoever asks: `query`, `search_document`, `RETRIEVAL_QUERY`; `purposeOf` knows most of them. */
  readonly purpose?: string | undefined;
  /** Of what is embedded, where that is a document. */
  readonly title?: string | undefined;
  /** What becomes of an input that is too long: it fails, or loses its start or its end. */
  readonly truncate?: 'none' | 'start' | 'end' | undefined;
  readonly encoding: 'float' | 'base64';
  readonly user?: string | undefined;
  readonly rest?: Rest | undefined;
}
export interface EmbedReply {
  readonly model?: string | undefined;
  readonly vectors: readonly Float32Array[];
  readonly usage: Usage;
}

/** What `documents` of a rerank call holds: text, or an object of which some fields are ranked. */
export type RankedDocument = { readonly text: string } | { readonly fields: Json };
export interface RerankRequest {
  readonly query: string;
  readonly documents: readonly RankedDocument[];
  /** How many of the best are wanted; all when absent. */
  readonly topN?: number | undefined;
  /** The answer repeats the documents. A client half does that from the request where the provider did not: it is no loss to look at this and leave it. */
  readonly returnDocuments?: boolean | undefined;
  readonly maxTokensPerDocument?: number | undefined;
  /** Fields of objects that are ranked, in this order. */
  readonly rankFields?: readonly string[] | undefined;
  readonly rest?: Rest | undefined;
}
export interface RerankReply {
  readonly id?: string | undefined;
  readonly model?: string | undefined;
  /** Best first. `index` counts the documents of the request from 0; `score` is the vendor's own scale. */
  readonly results: readonly { readonly index: number; readonly score: number; readonly document?: RankedDocument | undefined }[];
  readonly usage: Usage;
  readonly rest?: Rest | undefined;
}
