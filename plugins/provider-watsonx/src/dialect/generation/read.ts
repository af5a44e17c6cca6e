import {
  asList,
  asObject,
  asText,
  type Call,
  type ChatEvent,
  type ChatReply,
  type Fields,
  type Finish,
  GatewayError,
  isObject,
  type Json,
  parseJson,
  type StreamReader,
  type UpstreamReply,
  type Usage,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { answerOf, countOf, missing, noteWarnings } from '../answer.ts';
import { streamError } from '../stream-error.ts';

/** Name under which members of an answer belong to this surface. */
export const GENERATION = 'watsonx.generation';
const FINISHES: Readonly<Record<string, Finish>> = Object.freeze({
  eos_token: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  token_limit: 'length',
  time_limit: 'length',
});
const BROKEN: ReadonlySet<string> = new Set(['cancelled', 'error']);
const GOING_ON = 'not_finished';
/** Words are compared in lower case: older versions write them in capitals. */
const reasonOf = (result: Fields): string => asText(result.stop_reason)?.toLowerCase() ?? GOING_ON;
const finishOf = (reason: string, call: Call): Finish => {
  if (reason === 'time_limit') call.ledger.note('emulated', 'choices.finish', 'the time limit ended the answer, which counts as its length');
  else if (FINISHES[reason] === undefined && reason !== GOING_ON) call.ledger.note('emulated', 'choices.finish', `the answer ended with ${reason}`);
  return FINISHES[reason] ?? 'stop';
};
const broken = (reason: string): GatewayError => new GatewayError('upstream_bad_response', `watsonx.ai broke the answer off: ${reason}.`);
const usageOf = (input: number | undefined, output: number | undefined): Usage => ({
  input: input ?? 0,
  output: output ?? 0,
  cacheRead: 0,
  cacheWrite: 0,
  reasoning: 0,
  estimated: input === undefined && output === undefined,
});
const TOP: ReadonlySet<string> = new Set(['model_id', 'results', 'errors', 'status_code', 'trace']);
const RESULT: ReadonlySet<string> = new Set(['generated_text', 'generated_token_count', 'input_token_count', 'stop_reason']);
const createdIn = (body: Fields): number | undefined => {
  const at = Date.parse(asText(body.created_at) ?? '');
  return Number.isNaN(at) ? undefined : Math.floor(at / 1_000);
};
const headOf = (body: Fields, call: Call) => {
  const created = createdIn(body);
  const fields = unknownFields(body, TOP);
  return {
    id: `cmpl-${call.id}`,
    model: asText(body.model_id) || call.model,
    ...(created === undefined ? {} : { created }),
    ...(fields === undefined ? {} : { rest: { from: GENERATION, fields } }),
  };
};

/** A whole answer of `text/generation`. Throws `upstream_bad_response` when it is none. */
export const read = (reply: UpstreamReply, call: Call): ChatReply => {
  const body = answerOf(reply);
  const [result] = asList(body.results).map((one) => asObject(one) ?? {});
  if (result === undefined) throw missing('results');
  const reason = reasonOf(result);
  if (BROKEN.has(reason)) throw broken(reason);
  noteWarnings(body, call);
  const rest = unknownFields(result, RESULT);
  const text = { kind: 'text', text: asText(result.generated_text) ?? '' } as const;
  return {
    ...headOf(body, call),
    choices: [{ index: 0, parts: [text], finish: finishOf(reason, call), ...(rest === undefined ? {} : { rest }) }],
    usage: usageOf(countOf(result.input_token_count), countOf(result.generated_token_count)),
  };
};

/**
 * Reads `text/generation_stream`, which ends with the event that says why. The count of the input stands in the first event and is 0
 * in the others; that of the output grows.
 */
class GenerationReader implements StreamReader {
  readonly #call: Call;
  readonly #emit: (e: ChatEvent) => void;
  #started = false;
  #over = false;
  #input: number | undefined;
  #output: number | undefined;
  constructor(call: Call, emit: (e: ChatEvent) => void) {
    this.#call = call;
    this.#emit = emit;
  }
  event(type: string, data: string): void {
    if (this.#over) return;
    if (type === 'error') return this.#fail(streamError(data));
    let body: Json;
    try {
      body = parseJson(data);
    } catch (cause) {
      return this.#fail(new GatewayError('upstream_bad_response', 'watsonx.ai sent an event that is not JSON.', { cause }));
    }
    if (!isObject(body)) return this.#fail(new GatewayError('upstream_bad_response', 'watsonx.ai sent an event that is not an object.'));
    if (asList(body.errors).length > 0) return this.#fail(streamError(data));
    const [result] = asList(body.results).map((one) => asObject(one) ?? {});
    if (result !== undefined) this.#result(body, result);
  }
  end(): void {
    if (!this.#over) this.#fail(new GatewayError('upstream_stream_truncated', 'watsonx.ai ended its stream before its end.'));
  }
  #fail(error: GatewayError): void {
    this.#over = true;
    this.#emit({ type: 'error', error });
  }
  #start(body: Fields): void {
    this.#started = true;
    noteWarnings(body, this.#call);
    this.#emit({ type: 'start', ...headOf(body, this.#call) });
    this.#emit({ type: 'part', choice: 0, index: 0, part: { kind: 'text', text: '' } });
  }
  #count(result: Fields): void {
    const input = countOf(result.input_token_count);
    if (input !== undefined) this.#input = Math.max(this.#input ?? 0, input);
    this.#output = countOf(result.generated_token_count) ?? this.#output;
  }
  #result(body: Fields, result: Fields): void {
    if (!this.#started) this.#start(body);
    this.#count(result);
    const text = asText(result.generated_text);
    if (text) this.#emit({ type: 'delta', choice: 0, index: 0, field: 'text', text });
    const reason = reasonOf(result);
    if (reason === GOING_ON) return;
    if (BROKEN.has(reason)) return this.#fail(broken(reason));
    this.#over = true;
    this.#emit({ type: 'part-end', choice: 0, index: 0 });
    this.#emit({ type: 'finish', choice: 0, reason: finishOf(reason, this.#call) });
    this.#emit({ type: 'usage', usage: usageOf(this.#input, this.#output) });
    this.#emit({ type: 'end' });
  }
}
export const readStream = (call: Call, emit: (e: ChatEvent) => void): StreamReader => new GenerationReader(call, emit);
