import {
  asList,
  asObject,
  asText,
  type Call,
  type Fields,
  type Finish,
  isObject,
  parseJson,
  type Remainder,
  type Rest,
  remainderOf,
  restore,
  some,
  type Usage,
} from '@llm-proxy-auth/plugin';
import { countedIn } from '../lost.ts';
import { readUsage } from '../usage.ts';
import { OPENAI, SURFACE, wordOf } from './wire.ts';

/** Reasons that `status` and its details can say. */
export const FINISHES: ReadonlySet<Finish> = new Set(['stop', 'length', 'tool', 'filter']);
/** `status` and `incomplete_details` of an answer that ended for this reason. */
export const statusOf = (finish: Finish): Fields => {
  if (finish === 'length' || finish === 'context') return { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
  if (finish === 'filter') return { status: 'incomplete', incomplete_details: { reason: 'content_filter' } };
  return { status: 'completed', incomplete_details: null };
};
/** Why a response object ended; a call of one of the client's tools outranks `completed`. */
export const finishOf = (response: Fields, calls: boolean): Finish => {
  if (response.status === 'completed') return calls ? 'tool' : 'stop';
  const reason = asObject(response.incomplete_details)?.reason;
  if (reason === 'max_output_tokens') return 'length';
  return reason === 'content_filter' ? 'filter' : 'pause';
};

const isOurs = (usage: Usage): boolean => usage.raw?.dialect === OPENAI && usage.raw.json.includes('"input_tokens"');
/** The usage object; the provider's own where it is one of this surface. */
export const writeUsage = (usage: Usage): Fields => {
  const own = isOurs(usage) ? parseJson(usage.raw?.json ?? '') : undefined;
  if (isObject(own)) return own;
  return {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: usage.input + usage.output,
  };
};
/**
 * Usage of a response object; undefined when it has none. A recorded `response.incomplete` says 0 of 0 after it sent text:
 * that is an unknown, so it is marked as an estimate.
 */
export const usageOf = (response: Fields): Usage | undefined => {
  const usage = readUsage(response.usage, JSON.stringify(response.usage));
  if (usage === undefined || usage.input > 0 || usage.output > 0) return usage;
  return asList(response.output).length > 0 ? { ...usage, estimated: true } : usage;
};

const reasoningOf = (body: Fields): Fields => {
  const reasoning = asObject(body.reasoning) ?? {};
  return { ...reasoning, effort: reasoning.effort ?? null, summary: reasoning.summary ?? null };
};
const textOf = (body: Fields): Fields => {
  const text = asObject(body.text) ?? {};
  return { format: text.format ?? { type: 'text' }, verbosity: text.verbosity ?? 'medium' };
};
/** Members that a response repeats only when the request had them. */
const ECHOED: readonly string[] = Object.freeze(['prompt_cache_key', 'prompt_cache_retention', 'safety_identifier']);
/** Everything of a response object that the request decides: every member that strict clients read is there. */
const echo = (body: Fields): Fields => ({
  background: false,
  instructions: asText(body.instructions) ?? null,
  max_output_tokens: body.max_output_tokens ?? null,
  max_tool_calls: body.max_tool_calls ?? null,
  parallel_tool_calls: body.parallel_tool_calls ?? true,
  previous_response_id: null,
  reasoning: reasoningOf(body),
  store: false,
  temperature: body.temperature ?? 1,
  text: textOf(body),
  tool_choice: body.tool_choice ?? 'auto',
  tools: asList(body.tools),
  top_logprobs: body.top_logprobs ?? 0,
  top_p: body.top_p ?? 1,
  truncation: body.truncation ?? 'disabled',
  user: asText(body.user) ?? null,
  metadata: asObject(body.metadata) ?? {},
  ...Object.fromEntries(ECHOED.filter((key) => body[key] !== undefined).map((key) => [key, body[key]])),
});

/** What is known of an answer we compose. */
export interface Answer {
  readonly id: string;
  /** Epoch seconds. */
  readonly created: number;
  readonly tier?: string | undefined;
  readonly output: readonly Fields[];
  readonly usage?: Usage | undefined;
  readonly status: Fields;
  readonly error?: Fields | undefined;
}
/** The whole response object of an answer to `call`. */
export const composeResponse = (call: Call, answer: Answer): Fields => {
  const usage = countedIn(answer.usage);
  const completed = answer.status.status === 'completed' ? Math.floor(call.now / 1000) : null;
  return {
    id: answer.id,
    object: 'response',
    created_at: answer.created,
    completed_at: completed === null ? null : Math.max(completed, answer.created),
    status: answer.status.status,
    error: answer.error ?? null,
    incomplete_details: answer.status.incomplete_details ?? null,
    model: call.requestedModel,
    output: answer.output,
    service_tier: answer.tier ?? null,
    usage: usage === undefined ? null : writeUsage(usage),
    ...echo(asObject(call.inbound.body) ?? {}),
  };
};
/** True when the client asked for reasoning that it can send back. */
export const wantsEncrypted = (call: Call): boolean => asList(asObject(call.inbound.body)?.include).includes('reasoning.encrypted_content');
export const isStatus = (response: Fields, status: string): boolean => wordOf(response.status) === status;

interface Started {
  readonly id: string;
  readonly model: string;
  readonly created?: number | undefined;
}
const startKnown = (start: Started, model: string): Fields => ({
  id: start.id,
  object: 'response',
  ...some('created_at', start.created),
  status: 'in_progress',
  model,
  output: [],
});
/** What the model does not know of the response object that opens a stream. */
export const startRest = (start: Started, response: Fields): Rest => {
  const left = remainderOf(startKnown(start, start.model), response);
  return { from: SURFACE, fields: left === undefined ? {} : { form: left } };
};
/** The response object that opens a stream of this surface, as the provider sent it. */
export const startResponse = (start: Started, rest: Rest, model: string): Fields => {
  const { form } = rest.fields;
  return restore(startKnown(start, model), isObject(form) ? (form as Remainder) : undefined);
};
