import { type Credential, GatewayError } from '@llm-proxy-auth/plugin';
import { type HeaderUse, headerUse, SCHEMES, SIGNING_KEY_ID } from './credential-slots.ts';

/** The request head, read once from the raw headers. */
export interface Head {
  /** The one explicit credential, undefined when there is none. */
  readonly credential: Credential | undefined;
  /** A credential of a scheme nobody knows. */
  readonly unknownScheme: boolean;
  /** What a proxy in front wrote about the caller, each header once; believed only from a trusted peer. Empty where no strategy reads it. */
  readonly proxied: readonly Credential[];
  readonly host: string;
  readonly contentType: string;
  readonly contentEncoding: string;
  /** Bytes; undefined = not said. */
  readonly contentLength: number | undefined;
  readonly chunked: boolean;
  readonly factor: string | undefined;
  readonly forwardedFor: string | undefined;
  /** Lower case; several lines joined. */
  readonly forwardedProto: string | undefined;
  /** Our own `x-lpa-*`, name without the prefix. */
  readonly ours: ReadonlyMap<string, string>;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  readonly clientRequestId: string | undefined;
  /** What may be handed on: flat pairs, lower-case names. Without content-length and content-type. */
  readonly forward: readonly string[];
}

const NOTHING: readonly Credential[] = Object.freeze([]);
const NONE: ReadonlyMap<string, string> = new Map();
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
interface Known {
  readonly lower: string;
  readonly use: HeaderUse;
}
// Names repeat on every request: one look-up instead of lower-casing and classifying. Bounded, since callers choose names.
const known = new Map<string, Known>();
const classify = (name: string): Known => {
  const found = known.get(name);
  if (found !== undefined) return found;
  const lower = name.toLowerCase();
  if (lower[0] !== ':' && !TOKEN.test(lower)) throw new GatewayError('invalid_request', 'A header name holds a character that does not belong there.');
  const entry = { lower, use: headerUse(lower) };
  if (known.size < 2_000) known.set(name, entry);
  return entry;
};

const PLAIN_CONNECTION = /^(?:keep-alive|close)$/i;
/** Lower-case names of further headers that end at this hop because `Connection` names them (RFC 9110 7.6.1); mostly none. */
export const namedHops = (connection: string): ReadonlySet<string> | undefined =>
  connection === '' || PLAIN_CONNECTION.test(connection)
    ? undefined
    : new Set(
        connection
          .toLowerCase()
          .split(',')
          .map((name) => name.trim()),
      );

/** What a caller shows as a credential is at least so long; a dummy that SDKs send where nobody asks for one may be a word. */
export const SHORTEST_SHOWN = 16;
/** The pairs without those whose value holds the credential that the request shows: it stands in its slot, and none of it goes further. */
const withoutShown = (pairs: readonly string[], shown: string | undefined): readonly string[] => {
  if (shown === undefined || shown.length < SHORTEST_SHOWN) return pairs;
  for (let i = 1; i < pairs.length; i += 2) if (pairs[i]?.includes(shown) === true) return pairs.filter((_, at) => pairs[at | 1]?.includes(shown) !== true);
  return pairs;
};
export const ambiguous = (): GatewayError => new GatewayError('ambiguous_credentials', 'The request carries two credentials; send exactly one.');

const readAuthorization = (value: string, slots: ReadonlySet<Credential['slot']>): Credential | 'unknown' | undefined => {
  const space = value.indexOf(' ');
  const scheme = SCHEMES[(space < 0 ? value : value.slice(0, space)).toLowerCase()];
  if (scheme === undefined) return 'unknown';
  const rest = space < 0 ? '' : value.slice(space + 1).trim();
  if ((scheme === 'aws4' || scheme === 'oci-signature') && !(slots.has(scheme) && SIGNING_KEY_ID.test(rest))) return undefined;
  if (rest === '') return 'unknown';
  return { slot: scheme, value: rest };
};

/** Two lines of one header are handed on joined, so that the strategy sees both and refuses. */
const joined = (all: readonly Credential[], header: string, value: string): readonly Credential[] => {
  const before = all.find((c) => c.header === header);
  const others = all.filter((c) => c !== before);
  return [...others, { slot: 'proxy', header, value: before === undefined ? value : `${before.value}, ${value}` }];
};

/**
 * Throws `ambiguous_credentials` and `invalid_request`; that one valid host is named, the listener has seen to. `raw` is `rawHeaders` of the request; `slots` are those that a strategy in
 * use looks at: where nobody verifies signatures, an SDK's signature is no credential.
 */
export const readHead = (raw: readonly string[], authority: string | undefined, slots: ReadonlySet<Credential['slot']>): Head => {
  let credential: Credential | undefined;
  let unknownScheme = false;
  let host: string | undefined = authority;
  let contentType: string | undefined;
  let contentEncoding: string | undefined;
  let contentLength: string | undefined;
  let chunked = false;
  let factor: string | undefined;
  let forwardedFor: string | undefined;
  let forwardedProto: string | undefined;
  let ours: Map<string, string> | undefined;
  let origin: string | undefined;
  let fetchSite: string | undefined;
  let clientRequestId: string | undefined;
  let authorizations = 0;
  let keyHeaders: string | undefined;
  let connection = '';
  let proxied = NOTHING;
  const forward: string[] = [];
  const take = (found: Credential): void => {
    if (credential !== undefined && credential.value !== found.value) throw ambiguous();
    credential ??= found;
  };
  for (let i = 0; i < raw.length; i += 2) {
    const { lower, use } = classify(raw[i] ?? '');
    const value = raw[i + 1] ?? '';
    if (use === 'forward') {
      if (lower === 'origin') origin = value;
      else if (lower === 'sec-fetch-site') fetchSite = value;
      else if (lower === 'x-client-request-id') clientRequestId = value;
      forward.push(lower, value);
    } else if (use === 'authorization') {
      if (++authorizations > 1) throw ambiguous();
      const found = readAuthorization(value, slots);
      if (found === 'unknown') unknownScheme = true;
      else if (found !== undefined) take(found);
    } else if (use === 'key' || use === 'session') {
      // With a comma on both sides: `api-key` ends `x-api-key`.
      if (keyHeaders?.includes(`,${lower},`)) throw ambiguous();
      keyHeaders = `${keyHeaders ?? ','}${lower},`;
      if (/[\s,]/.test(value)) throw ambiguous();
      if (value !== '') take({ slot: use === 'key' ? 'api-key' : 'session', value });
    } else if (use === 'once') {
      if (lower === 'host') {
        host = value;
      } else if (lower === 'content-type') {
        if (contentType !== undefined) throw new GatewayError('invalid_request', 'The request has two Content-Type headers.');
        contentType = value;
      } else if (lower === 'content-length') {
        if (contentLength !== undefined) throw new GatewayError('invalid_request', 'The request has two Content-Length headers.');
        contentLength = value;
      } else {
        contentEncoding = contentEncoding === undefined ? value : `${contentEncoding}, ${value}`;
      }
    } else if (use === 'ours') {
      ours ??= new Map();
      ours.set(lower.slice(6), value);
    } else if (use === 'factor') {
      if (factor !== undefined) throw ambiguous();
      factor = value;
    } else if (use === 'forwarded-for') forwardedFor = forwardedFor === undefined ? value : `${forwardedFor}, ${value}`;
    else if (use === 'proxied') {
      if (slots.has('proxy')) proxied = joined(proxied, lower, value);
    } else if (lower === 'transfer-encoding') chunked = true;
    else if (lower === 'connection') connection = connection === '' ? value : `${connection},${value}`;
    else if (lower === 'x-forwarded-proto') forwardedProto = forwardedProto === undefined ? value.toLowerCase() : `${forwardedProto}, ${value.toLowerCase()}`;
    else if (lower === 'x-request-id') clientRequestId ??= value;
  }
  const hops = namedHops(connection);
  return {
    credential,
    unknownScheme,
    proxied,
    host: host ?? '',
    contentType: contentType ?? '',
    contentEncoding: contentEncoding ?? '',
    contentLength: contentLength === undefined ? undefined : Number(contentLength),
    chunked,
    factor,
    forwardedFor,
    forwardedProto,
    ours: ours ?? NONE,
    origin,
    fetchSite,
    clientRequestId,
    forward: withoutShown(hops === undefined ? forward : forward.filter((_, i) => !hops.has(forward[i - (i % 2)] ?? '')), credential?.value),
  };
};
