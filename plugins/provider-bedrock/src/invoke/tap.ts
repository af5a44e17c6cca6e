import {
  type Bytes,
  type ErrorLike,
  eventStreamMessage,
  type Fields,
  type Framing,
  frameReader,
  type Tap,
  type TapState,
  type Usage,
  type Verdict,
} from '@llm-proxy-auth/plugin';
import { fieldsOf } from './embed-reply.ts';
import { readError } from './error.ts';

const parse = (text: string): Fields => {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return {};
  }
};
const count = (...said: readonly unknown[]): number | undefined => said.find((n): n is number => typeof n === 'number' && Number.isFinite(n));
const usageOf = (input: number | undefined, output: number | undefined, cacheRead = 0, cacheWrite = 0): Usage | undefined =>
  input === undefined && output === undefined
    ? undefined
    : { input: (input ?? 0) + cacheRead + cacheWrite, output: output ?? 0, cacheRead, cacheWrite, reasoning: 0, estimated: false };

/** What Bedrock itself puts into the last event of every family. */
const METRICS = 'amazon-bedrock-invocationMetrics';
const measured = (metrics: Fields): Usage | undefined =>
  usageOf(count(metrics.inputTokenCount), count(metrics.outputTokenCount), count(metrics.cacheReadInputTokenCount), count(metrics.cacheWriteInputTokenCount));

/** Where the families' own answers say what they used: Titan, Nova, Llama, and what is like OpenAI's. Cohere's and Mistral's say nothing. */
const usageIn = (body: Fields): Usage | undefined => {
  const usage = fieldsOf(body.usage);
  const results = Array.isArray(body.results) ? body.results.map(fieldsOf) : [];
  const generated = results.length === 0 ? undefined : results.reduce((sum, r) => sum + (count(r.tokenCount) ?? 0), 0);
  return usageOf(
    count(usage.inputTokens, usage.prompt_tokens, usage.input_tokens, body.inputTextTokenCount, body.prompt_token_count),
    count(usage.outputTokens, usage.completion_tokens, usage.output_tokens, generated, body.generation_token_count),
    count(usage.cacheReadInputTokenCount, usage.cacheReadInputTokens, usage.cache_read_input_tokens),
    count(usage.cacheWriteInputTokenCount, usage.cacheWriteInputTokens, usage.cache_creation_input_tokens),
  );
};

type Head = (name: string) => string;
const counted = (head: Head, name: string): number | undefined => {
  const said = head(`x-amzn-bedrock-${name}-token-count`);
  return said === '' || !Number.isFinite(Number(said)) ? undefined : Number(said);
};
/** What Bedrock counted of a family whose answers do not say it. */
const usageBeside = (head: Head): Usage | undefined =>
  usageOf(counted(head, 'input'), counted(head, 'output'), counted(head, 'cache-read-input'), counted(head, 'cache-write-input'));

/** Of an answer only this much is kept to look for usage; of a larger one the head tells. */
const KEPT = 4 * 1024 * 1024;
/** A whole answer of InvokeModel. A class: a getter in a literal is a new shape for each answer. */
class WholeTap implements Tap {
  readonly #pieces: Bytes[] = [];
  readonly #head: Head | undefined;
  #size = 0;
  constructor(head: Head | undefined) {
    this.#head = head;
  }
  get state(): TapState {
    return this.#size > 0 ? 'content' : 'waiting';
  }
  bytes(chunk: Bytes): void {
    this.#size += chunk.byteLength;
    if (this.#size <= KEPT) this.#pieces.push(chunk);
  }
  fail(e: ErrorLike): string {
    return JSON.stringify({ message: e.message });
  }
  end(): Verdict {
    const said = this.#size > KEPT ? undefined : usageIn(parse(Buffer.concat(this.#pieces).toString()));
    return { complete: true, usage: said ?? (this.#head === undefined ? undefined : usageBeside(this.#head)) };
  }
}

/** The events of InvokeModelWithResponseStream: base64 of a family's own JSON, the last with what Bedrock measured. */
class StreamTap implements Tap {
  state: TapState = 'waiting';
  #usage: Usage | undefined;
  #error: ErrorLike | undefined;
  #broken = false;
  readonly #frames = frameReader('aws-eventstream', (type, data) => this.#event(type, data));
  bytes(chunk: Bytes): void {
    if (this.#broken) return;
    try {
      this.#frames.push(chunk);
    } catch {
      this.#broken = true;
    }
  }
  fail(e: ErrorLike): Bytes {
    const headers = {
      ':exception-type': e.status === 429 ? 'throttlingException' : 'internalServerException',
      ':content-type': 'application/json',
      ':message-type': 'exception',
    };
    return eventStreamMessage(headers, Buffer.from(JSON.stringify({ message: e.message })));
  }
  end(): Verdict {
    return { complete: this.state === 'done', usage: this.#usage, error: this.#error };
  }
  #event(type: string, data: string): void {
    if (this.state === 'done' || this.state === 'failed') return;
    if (/^(?:exception|error):/.test(type)) {
      this.state = 'failed';
      this.#error = readError({ status: type.includes('throttling') ? 429 : 502, headers: [], body: Buffer.from(data) });
      return;
    }
    const { bytes } = parse(data);
    const text = typeof bytes === 'string' ? Buffer.from(bytes, 'base64').toString() : '';
    this.state = 'content';
    // A model may write the same word: what was measured is a member of the event itself.
    const metrics = text.includes(METRICS) ? parse(text)[METRICS] : undefined;
    if (metrics === undefined) return;
    this.#usage = measured(fieldsOf(metrics));
    this.state = 'done';
  }
}
/** Watches answers of InvokeModel of any family for what they used. */
export const invokeTap = (framing: Framing, _asked = false, head?: Head): Tap => (framing === 'aws-eventstream' ? new StreamTap() : new WholeTap(head));
