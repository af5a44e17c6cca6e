import { asObject, asText, type Code, type ErrorLike, type Fields, type Json, parseJson } from '@llm-proxy-auth/plugin';
import { readError, statusHint, statusOfWord } from '../read-error.ts';
import { OPENAI } from './wire.ts';

/** Codes of ours that have a word in `response.error.code`'s closed list; the others are `server_error`. */
const WORDS: Readonly<Partial<Record<Code, string>>> = Object.freeze({
  upstream_rate_limited: 'rate_limit_exceeded',
  rate_limit_exceeded: 'rate_limit_exceeded',
  too_many_concurrent_requests: 'rate_limit_exceeded',
  content_filtered: 'invalid_prompt',
  context_length_exceeded: 'invalid_prompt',
  invalid_request: 'invalid_prompt',
});
/** The type of an error that says none. */
const typeOf = (word: string): string => (statusOfWord(word) >= 500 ? 'server_error' : 'invalid_request_error');
/** Refusals for what was asked, by their own words. */
const REFUSED: ReadonlySet<string> = new Set(['bio_policy', 'misalignment_policy_violation', 'content_filter', 'content_policy_violation']);

const vendorError = (e: ErrorLike): Fields => {
  if (e.vendor?.dialect !== OPENAI || e.code === 'upstream_auth_failed') return {};
  try {
    return asObject(asObject(parseJson(e.vendor.body.json))?.error) ?? {};
  } catch {
    return {};
  }
};
/** `error` of a failed response object; the vendor's own with what it says beside, such as why a policy was broken. */
export const responseError = (e: ErrorLike): Fields => {
  const { code, message: _message, type, param, ...more } = vendorError(e);
  const word = asText(code) ?? WORDS[e.code] ?? 'server_error';
  return {
    code: word,
    message: e.message,
    ...(typeof type === 'string' && type !== typeOf(word) ? { type } : {}),
    ...(typeof param === 'string' ? { param } : {}),
    ...more,
  };
};
/** Members of the flat `error` event, its type and number apart. `code` is ours, or the vendor's where it is the vendor's error. */
export const errorFields = (e: ErrorLike): Fields => ({ code: asText(vendorError(e).code) ?? e.code, message: e.message, param: e.param ?? null });

/** The error of a failed response, of an `error` event (flat or nested), or of both. */
export const readFailure = (failed: Json, event?: Json): ErrorLike => {
  const flat = asObject(event) ?? {};
  const fields: Fields = { ...asObject(failed), ...(asObject(flat.error) ?? withoutEnvelope(flat)) };
  const word = asText(fields.code) ?? '';
  const status = statusHint(fields);
  const error = {
    message: 'The provider failed while it answered.',
    type: typeOf(word),
    param: null,
    code: null,
    ...fields,
  };
  const read = readError({ status, headers: [], body: Buffer.from(JSON.stringify({ error })) });
  return REFUSED.has(word) ? { ...read, code: 'content_filtered', status: 400 } : read;
};
const withoutEnvelope = (event: Fields): Fields =>
  Object.fromEntries(Object.entries(event).filter(([key, value]) => key !== 'type' && key !== 'sequence_number' && value !== null && value !== undefined));
