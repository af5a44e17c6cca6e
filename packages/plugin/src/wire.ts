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
/** `sse-lines`: server-sent events of which each ends with its `data` line, because the vendor leaves out the blank one. */
export type Framing = 'json' | 'sse' | 'sse-lines' | 'aws-eventstream' | 'json-array' | 'ndjson' | 'binary';

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

/** First value of a header in flat pairs. */
export const header = (headers: HeaderPairs, name: string): string | undefined => {
  for (let i = 0; i + 1 < headers.length; i += 2) if (headers[i]?.toLowerCase() === name) return headers[i + 1];
  return undefined;
};
const decoder = new TextDecoder();
/** UTF-8 bytes to text, without a byte order mark; broken sequences become U+FFFD. */
export const textOf = (bytes: Uint8Array): string => decoder.decode(bytes);
