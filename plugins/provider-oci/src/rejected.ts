import { asObject, asText, type CorrectedClock, header, type UpstreamReply } from '@llm-proxy-auth/plugin';

export type Verdict = 'refresh' | 'clock' | 'credential';
interface Refused {
  /** `NotAuthenticated`. */
  readonly code: string;
  readonly text: string;
}
/** Code and message of an error of OCI, or of its OpenAI-compatible paths. Never throws. */
export const readRefusal = (reply: UpstreamReply): Refused => {
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder().decode(reply.body));
  } catch {
    body = undefined;
  }
  const object = asObject(body) ?? {};
  const inner = asObject(object.error) ?? object;
  return { code: asText(inner.code) ?? '', text: asText(inner.message) ?? '' };
};

/** `Date '…' is not within allowed clock skew. Current '…', valid datetime range: […]`: OCI allows five minutes. */
const CLOCK_TEXT = /not within allowed clock skew/i;
const CURRENT = /Current '([^']+)'/;
/** The time that OCI says it is, in epoch ms. */
export const timeInText = (text: string): number | undefined => {
  const time = Date.parse(CURRENT.exec(text)?.[1] ?? '');
  return Number.isNaN(time) ? undefined : time;
};
const ALLOWED_MS = 300_000;
/** What OCI answers to an unknown key, a wrong signature and a token that ended is the same sentence, also for a clock that is wrong. */
const isSkewed = (reply: UpstreamReply, clock: Pick<CorrectedClock, 'now'>): boolean => {
  const theirs = Date.parse(header(reply.headers, 'date') ?? '');
  return !Number.isNaN(theirs) && Math.abs(theirs - clock.now()) > ALLOWED_MS;
};

/** A 401 about our own credential. A right that is missing is 404 `NotAuthorizedOrNotFound`, which is an answer to the call. */
export const judge = (reply: UpstreamReply, clock: Pick<CorrectedClock, 'now'>): Verdict | undefined => {
  if (reply.status !== 401) return undefined;
  return CLOCK_TEXT.test(readRefusal(reply).text) || isSkewed(reply, clock) ? 'clock' : 'refresh';
};
