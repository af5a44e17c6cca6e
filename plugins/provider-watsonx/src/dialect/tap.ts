import {
  type AnswerRules,
  answerTap,
  asObject,
  type Bytes,
  type Call,
  type ChatEvent,
  type ErrorLike,
  type Fields,
  type Framing,
  frameReader,
  isWholeObject,
  type StreamReader,
  type Tap,
  type TapState,
  type Usage,
  type Verdict,
} from '@llm-proxy-auth/plugin';
import { countOf, inputUsage } from './answer.ts';
import { readUsage } from './chat/read.ts';
import { errorEvent, errorOf, saidIn } from './error.ts';

/** How a surface reads its stream. */
export type Reading = (call: Call, emit: (e: ChatEvent) => void) => StreamReader;

/** What a reader needs of a call whose bytes pass: nothing is noted, and nobody sees the ids. */
const NOBODY = Object.freeze({ id: 'tap', model: '', ledger: Object.freeze({ note: () => undefined }) }) as unknown as Call;
const isContent = (e: ChatEvent): boolean => e.type === 'part' || e.type === 'delta';

/** Watches a passing stream by the reader of the surface. A class: one for each stream. */
class StreamTap implements Tap {
  state: TapState = 'waiting';
  #usage: Usage | undefined;
  #error: ErrorLike | undefined;
  #model: string | undefined;
  #broken = false;
  readonly #reader: StreamReader;
  readonly #frames = frameReader('sse', (type, data) => this.#reader.event(type, data));
  constructor(reading: Reading) {
    this.#reader = reading(NOBODY, (e) => this.#event(e));
  }
  bytes(chunk: Bytes): void {
    if (this.#broken) return;
    try {
      this.#frames.push(chunk);
    } catch {
      this.#broken = true;
    }
  }
  fail(e: ErrorLike): string {
    return errorEvent(e);
  }
  end(): Verdict {
    const error = this.#error;
    // The last event may lack its blank line; what is left of a cut one says nothing.
    if (this.state === 'waiting' || this.state === 'content') this.#flush();
    return { complete: this.state === 'done', usage: this.#usage, error, model: this.#model };
  }
  #flush(): void {
    if (this.#broken) return;
    try {
      this.#frames.end();
    } catch {
      this.#broken = true;
    }
  }
  #event(e: ChatEvent): void {
    if (e.type === 'start') this.#model = e.model === '' ? undefined : e.model;
    else if (e.type === 'usage') this.#usage = e.usage.estimated ? undefined : e.usage;
    else if (e.type === 'end') this.state = 'done';
    else if (e.type === 'error') {
      this.state = 'failed';
      this.#error = e.error;
    } else if (this.state === 'waiting' && isContent(e)) this.state = 'content';
  }
}

const parse = (text: string): Fields => {
  try {
    return asObject(JSON.parse(text)) ?? {};
  } catch {
    return {};
  }
};
/** What an answer that is no stream says it used: chat, generations, and what has input alone. */
const usageIn = (body: Fields): Usage | undefined => {
  if (body.usage !== undefined) return readUsage(body.usage);
  const results = Array.isArray(body.results) ? body.results.map((one) => asObject(one) ?? {}) : [];
  const sum = (name: string): number => results.reduce((total, one) => total + (countOf(one[name]) ?? 0), 0);
  if (results.some((one) => one.generated_token_count !== undefined)) return { ...inputUsage(sum('input_token_count')), output: sum('generated_token_count') };
  const said = body.input_token_count ?? asObject(body.result)?.token_count;
  return said === undefined ? undefined : inputUsage(said);
};
const modelIn = (text: string): string | undefined => /"model_id":\s?"([^"\\]*)"/.exec(text)?.[1];
const RULES: AnswerRules = Object.freeze({
  whole(bytes: Buffer) {
    const text = bytes.toString('utf8');
    if (!isWholeObject(text)) return { complete: false };
    const body = parse(text);
    const failed = Array.isArray(body.errors) && body.errors.length > 0;
    const error = failed ? errorOf(countOf(body.status_code) ?? 502, saidIn(body), text) : undefined;
    return { complete: error === undefined, usage: usageIn(body), error, model: modelIn(text) };
  },
  /** Of a large answer (vectors) the end is kept, where the counts stand. */
  tail(bytes: Buffer) {
    const text = bytes.toString('utf8');
    const count = /"input_token_count":\s?(\d+)/.exec(text.slice(text.lastIndexOf('"input_token_count"')))?.[1];
    return { complete: text.trimEnd().endsWith('}'), usage: count === undefined ? undefined : inputUsage(Number(count)), model: modelIn(text) };
  },
  fail: errorEvent,
});

/** Watches a passing answer; `reading` for surfaces that stream. */
export const tapOf =
  (reading?: Reading) =>
  (framing: Framing): Tap =>
    framing === 'sse' && reading !== undefined ? new StreamTap(reading) : answerTap(RULES);
