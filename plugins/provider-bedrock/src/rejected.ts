import { header, type UpstreamReply } from '@llm-proxy-auth/plugin';

export type Verdict = 'refresh' | 'clock' | 'credential';
interface Refused {
  /** `ExpiredTokenException`, without namespace and without what follows a colon. */
  readonly type: string;
  readonly text: string;
}
const member = (value: object, name: string): string | undefined => {
  const found: unknown = (value as Readonly<Record<string, unknown>>)[name];
  return typeof found === 'string' ? found : undefined;
};
/** Type and message of an error of AWS, from the header or the body. Never throws. */
export const readRefusal = (reply: UpstreamReply): Refused => {
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder().decode(reply.body));
  } catch {
    body = undefined;
  }
  const object = typeof body === 'object' && body !== null ? body : {};
  const type = header(reply.headers, 'x-amzn-errortype') ?? member(object, '__type') ?? member(object, 'code') ?? '';
  const text = member(object, 'message') ?? member(object, 'Message') ?? '';
  return { type: (type.split('#').at(-1) ?? '').split(':', 1)[0] ?? '', text };
};

/** What AWS says of credentials that a new one may mend. */
const MENDED_BY_NEW: ReadonlySet<string> = new Set([
  'ExpiredTokenException',
  'ExpiredToken',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
]);
const OF_THE_CREDENTIAL: ReadonlySet<string> = new Set([
  'MissingAuthenticationTokenException',
  'MissingAuthenticationToken',
  'IncompleteSignatureException',
  'IncompleteSignature',
  'NotAuthorizedException',
]);
const OF_THE_CLOCK: ReadonlySet<string> = new Set(['RequestTimeTooSkewed', 'RequestTimeTooSkewedException', 'RequestExpired', 'RequestExpiredException']);
const CLOCK_TEXT = /signature expired|signature not yet current|request has expired|RequestTimeTooSkewed/i;
const EXPIRED_TEXT = /security token included in the request is (?:expired|invalid)/i;
/** Rights that our role lacks, keys that are none, and headers that are no signature; the text names our account and role. */
const CREDENTIAL_TEXT = /is not authorized to perform|api key|bearer token|'Credential' parameter|authentication (?:failed|token)/i;

/**
 * A 401 or 403 about our own credential. That a model may not be used (no access granted, agreement missing) is AWS's answer to the
 * call, so it passes.
 */
export const judge = (reply: UpstreamReply): Verdict | undefined => {
  if (reply.status !== 401 && reply.status !== 403) return undefined;
  const { type, text } = readRefusal(reply);
  if (OF_THE_CLOCK.has(type) || CLOCK_TEXT.test(text)) return 'clock';
  if (MENDED_BY_NEW.has(type) || EXPIRED_TEXT.test(text)) return 'refresh';
  if (OF_THE_CREDENTIAL.has(type) || CREDENTIAL_TEXT.test(text)) return 'credential';
  return reply.status === 401 ? 'credential' : undefined;
};
