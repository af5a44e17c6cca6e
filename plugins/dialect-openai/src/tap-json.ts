import {
  type AnswerRules,
  answerTap,
  asObject,
  asText,
  type ErrorLike,
  type Fields,
  isWholeObject,
  type Tap,
  type Usage,
  usageInBytes,
  usageText,
  type Verdict,
} from '@llm-proxy-auth/plugin';
import { errorEvent } from './error.ts';
import { readErrorMember } from './read-error.ts';
import { readUsage } from './usage.ts';

const parse = (text: string): Fields | undefined => {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
};
const usageOf = (json: string | undefined): Usage | undefined => (json === undefined ? undefined : readUsage(parse(json), json));
const modelIn = (text: string): string | undefined => /"model":\s?"([^"\\]*)"/.exec(text)?.[1];
/** A pattern with alternatives in it is found several times faster than the same word by a search for it. */
const MAY_FAIL = /"error"\s*:\s*[^n\s]/;

interface Ending {
  readonly complete: boolean;
  readonly error: ErrorLike | undefined;
  readonly model: string | undefined;
}
const CUT: Ending = Object.freeze({ complete: false, error: undefined, model: undefined });
const endingOf = (text: string): Ending => {
  if (!isWholeObject(text)) return CUT;
  // Only what is looked at is parsed; an answer that may be an error is parsed whole.
  if (!MAY_FAIL.test(text)) return { complete: true, error: undefined, model: modelIn(text) };
  const body = parse(text);
  if (body === undefined) return CUT;
  const error = body.error === undefined || body.error === null ? undefined : readErrorMember(body.error);
  return { complete: error === undefined, error, model: asText(body.model) };
};
/** A whole answer; transparent mode asks for nothing but its usage, so the rest is read, and made text, when somebody looks. */
class WholeAnswer implements Verdict {
  readonly #bytes: Buffer;
  #text: string | undefined;
  #ending: Ending | undefined;
  /** Null: nobody has asked. */
  #usage: Usage | undefined | null = null;
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }
  #ended(): Ending {
    if (this.#ending === undefined) {
      this.#text = this.#bytes.toString('utf8');
      this.#ending = endingOf(this.#text);
    }
    return this.#ending;
  }
  get usage(): Usage | undefined {
    if (this.#usage === null) this.#usage = usageOf(this.#text === undefined ? usageInBytes(this.#bytes) : usageText(this.#text));
    return this.#usage;
  }
  get complete(): boolean {
    return this.#ended().complete;
  }
  get error(): ErrorLike | undefined {
    return this.#ended().error;
  }
  get model(): string | undefined {
    return this.#ended().model;
  }
}
const RULES: AnswerRules = Object.freeze({
  whole: (bytes: Buffer) => new WholeAnswer(bytes),
  /** A body too large to keep: its end must close an object; usage and model are looked for there. */
  tail(bytes: Buffer) {
    const text = bytes.toString('utf8');
    return { complete: text.trimEnd().endsWith('}'), usage: usageOf(usageText(text)), model: modelIn(text) };
  },
  fail: errorEvent,
});
/** Watches a JSON answer for usage and model; fails on nothing. */
export const jsonTap = (): Tap => answerTap(RULES);
