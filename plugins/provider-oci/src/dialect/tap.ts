import {
  type AnswerRules,
  answerTap,
  asList,
  asNumber,
  asObject,
  type Bytes,
  type ErrorLike,
  type Fields,
  type Framing,
  frameReader,
  parseJson,
  some,
  type Tap,
  type TapState,
  type Usage,
  type Verdict,
} from '@llm-proxy-auth/plugin';
import { error } from './error.ts';
import { isReason } from './finish.ts';
import { readEvent } from './read-error.ts';
import { readUsage, usageOf } from './usage.ts';

const parse = (text: string): Fields | undefined => {
  try {
    return asObject(parseJson(text));
  } catch {
    return undefined;
  }
};
const failed = (e: ErrorLike): string => `data: ${error(e, 'chat').body}\n\n`;
const isShown = (content: Fields): boolean => content.type !== 'TEXT' || (typeof content.text === 'string' && content.text !== '');
/** Whether an event has something that a client shows, in any of the formats. */
const shows = (event: Fields): boolean => {
  const message = asObject(event.message) ?? {};
  if (typeof event.text === 'string' && event.text !== '') return true;
  if (asList(event.toolCalls).length > 0 || asList(message.toolCalls).length > 0) return true;
  if (typeof message.reasoningContent === 'string' && message.reasoningContent !== '') return true;
  return asList(message.content).some((content) => isShown(asObject(content) ?? {}));
};
/** Watches a passing stream of any format: it is whole when it said why it ended. */
class StreamTap implements Tap {
  state: TapState = 'waiting';
  #usage: Usage | undefined;
  #failure: ErrorLike | undefined;
  #finished = false;
  /** Choices that began and did not say why they ended. */
  readonly #open = new Set<number>();
  readonly #frames = frameReader('sse-lines', (_type, data) => this.#event(data));
  bytes(chunk: Bytes): void {
    this.#frames.push(chunk);
  }
  fail(e: ErrorLike): string {
    return failed(e);
  }
  end(): Verdict {
    this.#frames.end();
    return { complete: this.#finished && this.#failure === undefined, usage: this.#usage, ...some('error', this.#failure) };
  }
  #event(data: string): void {
    const event = data.trim() === '[DONE]' ? undefined : parse(data);
    if (event === undefined || this.state === 'failed') return;
    this.#failure = readEvent(event);
    if (this.#failure !== undefined) {
      this.state = 'failed';
      return;
    }
    this.#usage = readUsage(event.usage) ?? this.#usage;
    if (this.state === 'waiting' && shows(event)) this.state = 'content';
    this.#choice(asNumber(event.index), isReason(event.finishReason));
  }
  /** Where several answers come mixed, each ends by itself; a reason without an index ends all that are open. */
  #choice(index: number | undefined, ends: boolean): void {
    if (!ends) {
      if (index !== undefined && this.state !== 'done') this.#open.add(index);
      return;
    }
    if (index === undefined) this.#open.clear();
    else this.#open.delete(index);
    if (this.#open.size > 0) return;
    this.#finished = true;
    this.state = 'done';
  }
}
const RULES: AnswerRules = Object.freeze({
  whole(bytes: Buffer): Verdict {
    const body = parse(bytes.toString('utf8'));
    if (body === undefined) return { complete: false };
    const response = asObject(body.chatResponse) ?? asObject(body.inferenceResponse) ?? body;
    return { complete: true, usage: usageOf(response), ...some('model', typeof body.modelId === 'string' ? body.modelId : undefined) };
  },
  tail(bytes: Buffer): Verdict {
    const text = bytes.toString('utf8');
    const at = text.lastIndexOf('"usage":{');
    const end = text.lastIndexOf('}');
    const found = at < 0 ? undefined : usageIn(text.slice(at + '"usage":'.length, end + 1));
    return { complete: text.trimEnd().endsWith('}'), usage: readUsage(found) };
  },
  fail: (e: ErrorLike): string => error(e, 'chat').body,
});
/** The object at the start of a text that ends somewhere in it. */
const usageIn = (text: string): Fields | undefined => {
  for (let close = text.lastIndexOf('}'); close > 0; close = text.lastIndexOf('}', close - 1)) {
    const found = parse(text.slice(0, close + 1));
    if (found !== undefined) return found;
  }
  return undefined;
};
export const chatTap = (framing: Framing): Tap => (framing === 'sse-lines' ? new StreamTap() : answerTap(RULES));
