/** Operations a provider can be asked for; several surfaces of a dialect may share one. `opaque` passes or is refused, never translated. */
export type Operation = 'chat' | 'embeddings' | 'rerank' | 'countTokens' | 'models' | 'opaque';
export type Bytes = Uint8Array;
/** Flat `[name, value, name, value]`; names lower case, values as received. */
export type HeaderPairs = readonly string[];
/** Parsed JSON; a number that a double cannot hold is a `JSON.rawJSON` value. */
export type Json = unknown;
/** JSON source kept verbatim (tool input, origin payloads). */
export interface JsonText {
  readonly json: string;
}
export type Framing = 'json' | 'sse' | 'aws-eventstream' | 'json-array' | 'ndjson' | 'binary';

/** A request to a provider before or after signing. `path` includes the query and starts with `/`. */
export interface UpstreamRequest {
  method: string;
  /** Scheme, host and port, without a trailing slash. */
  origin: string;
  path: string;
  /** Flat pairs, lower-case names; a signer appends or replaces. */
  headers: string[];
  /** The exact bytes in order, or undefined when there is none or when it is piped. */
  body: readonly Bytes[] | undefined;
}
/** A whole reply of a provider. */
export interface UpstreamReply {
  readonly status: number;
  readonly headers: HeaderPairs;
  readonly body: Bytes;
}
