import {
  asList,
  asNumber,
  asObject,
  asText,
  type Call,
  type Fields,
  GatewayError,
  type Json,
  loseBeyond,
  lostTo,
  parseJson,
  type UpstreamReply,
  type Usage,
} from '@llm-proxy-auth/plugin';
import { errorOf, saidIn } from './error.ts';

/** Throws the error that came under a 200. */
const checkErrors = (body: Fields, text: string): void => {
  if (!Array.isArray(body.errors) || body.errors.length === 0) return;
  const { code, message, ...extra } = errorOf(asNumber(body.status_code) ?? 502, saidIn(body), text);
  throw new GatewayError(code, message, extra);
};
/** The object that watsonx.ai answered. Throws `upstream_bad_response`, or the error that came under the 200. */
export const answerOf = (reply: UpstreamReply): Fields => {
  let parsed: Json;
  try {
    parsed = parseJson(reply.body);
  } catch (cause) {
    throw new GatewayError('upstream_bad_response', 'watsonx.ai answered with something that is not JSON.', { cause });
  }
  const body = asObject(parsed);
  if (body === undefined) throw new GatewayError('upstream_bad_response', 'watsonx.ai answered with JSON that is not an object.');
  checkErrors(body, Buffer.from(reply.body).toString());
  return body;
};
export const missing = (what: string): GatewayError => new GatewayError('upstream_bad_response', `watsonx.ai answered without ${what}.`);

/** A count of tokens; undefined for what is none. */
export const countOf = (v: Json): number | undefined => {
  const n = asNumber(v);
  return n !== undefined && Number.isSafeInteger(n) && n >= 0 ? n : undefined;
};
/** Usage of an answer that says how many tokens were put in, and no more. */
export const inputUsage = (v: Json): Usage => {
  const input = countOf(v);
  return { input: input ?? 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: input === undefined };
};

/** Places in the conversation by parameters that warnings name. */
const PLACES: Readonly<Record<string, string>> = Object.freeze({
  max_completion_tokens: 'maxTokens',
  max_tokens: 'maxTokens',
  max_new_tokens: 'maxTokens',
  temperature: 'sampling.temperature',
  top_p: 'sampling.topP',
  n: 'choices',
});
/** What the answer is called and made by; warnings are noted apart. */
const QUIET: ReadonlySet<string> = new Set(['object', 'model_version', 'created_at', 'system', 'finish_reason']);
/** What an answer says beyond the conversation is named: no client speaks this format, so that nobody gets it back. */
export const noteBeyond = (fields: Fields | undefined, call: Call): void => loseBeyond(fields, QUIET, lostTo(call.ledger));
/** Notes the parameters that watsonx.ai says it took otherwise than they were sent: `system.warnings` with `additional_properties.parameter`. */
export const noteWarnings = (body: Fields, call: Call): void => {
  for (const wire of asList(asObject(body.system)?.warnings)) {
    const warning = asObject(wire);
    const parameter = asText(asObject(warning?.additional_properties)?.parameter);
    if (parameter === undefined) continue;
    call.ledger.note('clamped', PLACES[parameter] ?? `rest.fields.${parameter}`, asText(warning?.message) ?? 'the provider took another value');
  }
};
