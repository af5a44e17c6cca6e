/*
 * The one place in the core that knows header names of vendors: where callers put credentials, and what is never handed on.
 */

/** What becomes of a request header. */
export type HeaderUse = 'forward' | 'drop' | 'authorization' | 'key' | 'session' | 'ours' | 'once' | 'factor' | 'forwarded-for' | 'proxied';

const USE: Readonly<Record<string, HeaderUse>> = Object.freeze({
  authorization: 'authorization',
  'x-api-key': 'key',
  'api-key': 'key',
  'x-goog-api-key': 'key',
  'x-session-token': 'session',
  'x-totp-code': 'factor',
  host: 'once',
  'content-length': 'once',
  'content-type': 'once',
  'content-encoding': 'once',
  'transfer-encoding': 'drop',
  connection: 'drop',
  'keep-alive': 'drop',
  'proxy-connection': 'drop',
  'proxy-authorization': 'drop',
  'proxy-authenticate': 'drop',
  te: 'drop',
  trailer: 'drop',
  upgrade: 'drop',
  'http2-settings': 'drop',
  expect: 'drop',
  cookie: 'drop',
  'ocp-apim-subscription-key': 'drop',
  'x-forwarded-for': 'forwarded-for',
  'x-forwarded-client-cert': 'proxied',
  'x-amzn-oidc-data': 'proxied',
  'x-rewrite-url': 'drop',
  'x-real-ip': 'drop',
  forwarded: 'drop',
  via: 'drop',
  'x-http-method-override': 'drop',
  'x-request-id': 'drop',
});
const DROPPED_PREFIXES = Object.freeze([
  'x-amz-',
  'x-amzn-',
  'x-lpa-',
  'proxy-',
  'x-stainless-',
  'x-service-account',
  'x-namespace',
  'cf-',
  // What proxies say about the caller and its request, whoever wrote it.
  'x-forwarded',
  'x-original-',
]);

/** How a header of a request is used; `lower` is the lower-case name. Aliases with underscores are never honoured and never handed on. */
export const headerUse = (lower: string): HeaderUse => {
  const use = USE[lower];
  if (use !== undefined) return use;
  if (lower.startsWith('x-lpa-')) return 'ours';
  if (lower[0] === ':') return 'drop';
  const dashed = lower.replaceAll('_', '-');
  if (USE[dashed] !== undefined) return 'drop';
  // Parameters of a call (guardrail, trace, tier) that stand in headers.
  if (lower.startsWith('x-amzn-bedrock-')) return 'forward';
  return DROPPED_PREFIXES.some((p) => dashed.startsWith(p)) ? 'drop' : 'forward';
};

/** Parameters of a query, beside the names of slots, in which some vendor takes a credential. */
const QUERY_CREDENTIALS: ReadonlySet<string> = new Set(['key', 'access-token', 'oauth-token', 'subscription-key', 'ocp-apim-subscription-key']);
const SLOT_USES: ReadonlySet<HeaderUse | undefined> = new Set(['authorization', 'key', 'session', 'factor', 'proxied']);
/** A credential of ours by its form, in whatever parameter it stands. */
const OURS = /^lpas?_[0-9A-Za-z_]{20,}/;
/** Whether a parameter of a query, decoded, is a credential: never read, never handed on. */
export const isQueryCredential = (name: string, value: string): boolean => {
  const dashed = name.toLowerCase().replaceAll('_', '-');
  return QUERY_CREDENTIALS.has(dashed) || SLOT_USES.has(USE[dashed]) || dashed.startsWith('x-amz-') || OURS.test(value);
};

/** Schemes of `Authorization`, lower case, and the slot they fill. */
export const SCHEMES: Readonly<Record<string, 'bearer' | 'basic' | 'aws4' | 'oci-signature'>> = Object.freeze({
  bearer: 'bearer',
  basic: 'basic',
  'aws4-hmac-sha256': 'aws4',
  signature: 'oci-signature',
});
/** A signature counts only when its key id begins like a key pair of ours; otherwise it is an SDK's dummy: no credential. */
export const SIGNING_KEY_ID = /(?:credential=|keyid=")LPA/i;

/** Reply headers of a provider that never reach a client, in either mode. */
const REPLY_DROPPED = Object.freeze(
  new Set([
    'connection',
    'keep-alive',
    'proxy-connection',
    'transfer-encoding',
    'upgrade',
    'te',
    'trailer',
    'set-cookie',
    'authorization',
    'proxy-authenticate',
    'www-authenticate',
    'x-request-id',
    'x-amzn-trace-id',
    'alt-svc',
    'strict-transport-security',
    'server',
    'via',
    'nel',
    'report-to',
    'cf-ray',
    'cf-cache-status',
    'x-envoy-upstream-service-time',
    'content-security-policy',
  ]),
);
const REPLY_DROPPED_PREFIXES = Object.freeze(['x-amzn-oidc-', 'x-amzn-remapped-', 'access-control-', 'x-lpa-']);
const passes = (lower: string): boolean => !REPLY_DROPPED.has(lower) && !REPLY_DROPPED_PREFIXES.some((p) => lower.startsWith(p));
// Providers repeat their header names: a look-up instead of the prefixes. Bounded, since a provider chooses names.
const known = new Map<string, boolean>();
export const replyHeaderPasses = (lower: string): boolean => {
  const found = known.get(lower);
  if (found !== undefined) return found;
  const made = passes(lower);
  if (known.size < 1_000) known.set(lower, made);
  return made;
};

/** Where providers put their own request id, in order of preference. */
export const UPSTREAM_REQUEST_IDS = Object.freeze([
  'x-request-id',
  'apim-request-id',
  'request-id',
  'x-amzn-requestid',
  'opc-request-id',
  'x-global-transaction-id',
]);
