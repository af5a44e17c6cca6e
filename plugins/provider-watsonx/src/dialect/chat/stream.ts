import {
  asList,
  asNumber,
  asObject,
  asText,
  type Call,
  type Fields,
  GatewayError,
  isObject,
  type Json,
  parseJson,
  type StreamReader,
  type Usage,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { noteBeyond, noteWarnings } from '../answer.ts';
import { streamError } from '../stream-error.ts';
import { BROKEN, CHAT, createdIn, modelIn, NO_USAGE, readUsage } from './read.ts';
import { noteFinish } from './reply.ts';
import { type Emit, StreamChoice } from './stream-choice.ts';

const CHUNK: ReadonlySet<string> = new Set(['id', 'object', 'model', 'model_id', 'created', 'choices', 'usage']);
const DONE = '[DONE]';

/**
 * Reads `text/chat_stream`. The answer is whole at the event that has usage and no choices, when each choice said why it ended.
 * Usage on other events is what was used up to there.
 */
class ChatReader implements StreamReader {
  readonly #call: Call;
  readonly #emit: Emit;
  readonly #choices = new Map<number, StreamChoice>();
  #started = false;
  #over = false;
  #usage: Usage | undefined;
  constructor(call: Call, emit: Emit) {
    this.#call = call;
    this.#emit = emit;
  }
  event(type: string, data: string): void {
    if (this.#over) return;
    if (data === DONE) return this.#done();
    if (type === 'error') return this.#fail(streamError(data));
    let chunk: Json;
    try {
      chunk = parseJson(data);
    } catch (cause) {
      return this.#fail(new GatewayError('upstream_bad_response', 'watsonx.ai sent an event that is not JSON.', { cause }));
    }
    if (!isObject(chunk)) return this.#fail(new GatewayError('upstream_bad_response', 'watsonx.ai sent an event that is not an object.'));
    if (asList(chunk.errors).length > 0) return this.#fail(streamError(data));
    this.#chunk(chunk);
  }
  end(): void {
    if (!this.#over) this.#fail(new GatewayError('upstream_stream_truncated', 'watsonx.ai ended its stream before its end.'));
  }
  #fail(error: GatewayError): void {
    this.#over = true;
    this.#emit({ type: 'error', error });
  }
  #chunk(chunk: Fields): void {
    const choices = asList(chunk.choices);
    const usage = readUsage(chunk.usage);
    if (usage !== undefined && (!usage.estimated || this.#usage?.estimated !== false)) this.#usage = usage;
    if (!this.#started && choices.length > 0) this.#start(chunk);
    for (const wire of choices) if (!this.#over) this.#choice(asObject(wire) ?? {});
    if (choices.length === 0 && isObject(chunk.usage) && !this.#over) this.#done();
  }
  #start(chunk: Fields): void {
    this.#started = true;
    noteWarnings(chunk, this.#call);
    const created = createdIn(chunk);
    const fields = unknownFields(chunk, CHUNK);
    noteBeyond(fields, this.#call);
    this.#emit({
      type: 'start',
      id: asText(chunk.id) || `chatcmpl-${this.#call.id}`,
      model: modelIn(chunk) ?? this.#call.model,
      ...(created === undefined ? {} : { created }),
      ...(fields === undefined ? {} : { rest: { from: CHAT, fields } }),
    });
  }
  #choice(wire: Fields): void {
    const index = asNumber(wire.index) ?? 0;
    const choice = this.#choices.get(index) ?? new StreamChoice(index, this.#call.id, this.#emit);
    this.#choices.set(index, choice);
    if (choice.finished) return;
    choice.delta(wire);
    const reason = wire.finish_reason;
    // Some servers say an empty word while they go on.
    if (reason === undefined || reason === null || reason === '') return;
    if (typeof reason === 'string' && BROKEN.has(reason))
      return this.#fail(new GatewayError('upstream_bad_response', `watsonx.ai broke the answer off: ${reason}.`));
    noteFinish(reason, this.#call);
    choice.finish(reason);
  }
  #done(): void {
    const choices = [...this.#choices.values()];
    if (choices.length === 0) return this.#fail(new GatewayError('upstream_bad_response', 'watsonx.ai ended its stream before it began an answer.'));
    if (choices.some(({ finished }) => !finished))
      return this.#fail(new GatewayError('upstream_stream_truncated', 'watsonx.ai ended its stream before its answer was whole.'));
    this.#over = true;
    this.#emit({ type: 'usage', usage: this.#usage ?? NO_USAGE });
    this.#emit({ type: 'end' });
  }
}
export const readStream = (call: Call, emit: Emit): StreamReader => new ChatReader(call, emit);
