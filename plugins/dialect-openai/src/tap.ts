import {
  asList,
  asObject,
  asText,
  type Bytes,
  binaryTap,
  type ErrorLike,
  type Fields,
  type Framing,
  objectEnd,
  type Tap,
  type TapState,
  type Verdict,
} from '@llm-proxy-auth/plugin';
import { errorEvent } from './error.ts';
import { dataOf, eachEvent, eventAt, eventsWith, type Take } from './events-in-text.ts';
import { readErrorMember } from './read-error.ts';
import { jsonTap } from './tap-json.ts';
import { readUsage } from './usage.ts';

/**
 * What makes an event worth reading: usage, an error, why a choice ended, the terminal event. Quotes inside JSON strings are
 * escaped, so none of it matches in text that a model wrote, `[DONE]` apart, which `readEvent` decides. The alternatives share
 * how they go on: V8 skips through the text several times faster than with one ending for each.
 */
const RARE = /(?:usage": ?|error": ?|_reason": ?)[{"]|\[DONE\]/;
/** A `usage` that is null stands in every event of many streams, and means nothing. */
const USAGE = /usage": ?\{/;
const USAGES = new RegExp(USAGE, 'g');
/** What the events before the last carry where usage was asked for; JSON writers with spaces have it too. */
const USAGE_NULL = /, ?"usage": ?null/g;
const MODEL = /"model": ?"((?:[^"\\]|\\.)+)"/;
/** Why a choice ended. */
const FINISHED = /"finish_reason": ?"/;
/** Bytes of a stream's end that are read when nobody asked about the stream before: some events more than the last ones. An answer that is spoken says so in as many of its first. */
const UNREAD = 8_192;
const LF = 0x0a;
/** Pieces of it; each keeps the memory of its own read. */
const UNREAD_PIECES = 8;
/** The word that a spoken answer has. In a group: a pattern that is plain text is searched for like text, four times slower. */
const AUDIO = /"(?:audio)"/;
/** Where a spoken answer begins. */
const SPOKEN = /"audio": ?\{ ?"id": ?"([^"\\]+)"/g;
const parse = (data: string): Fields | undefined => {
  try {
    return asObject(JSON.parse(data));
  } catch {
    return undefined;
  }
};
/** One character a byte: the fastest text a pattern can be matched against; ASCII patterns mean the same in it. */
const latin1 = (chunk: Bytes): string => (Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)).toString('latin1');
const utf8 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');
/** The events that end a piece, where it is longer than what is read of a stream's end. */
const lastEvents = (chunk: Bytes): Bytes => {
  if (chunk.length <= UNREAD) return chunk;
  const at = chunk.indexOf(LF, chunk.length - UNREAD);
  return at < 0 ? chunk : chunk.subarray(at + 1);
};
const idIn = (event: string | undefined): string | undefined => (event === undefined ? undefined : asText(parse(dataOf(event))?.id));
/** True for a chunk that carries usage and nothing a client shows: no choices, or only empty ones (OmniRoute#9750). */
const isUsageOnly = (chunk: Fields): boolean =>
  asList(chunk.choices).every((c) => {
    const choice = asObject(c) ?? {};
    return (
      (choice.finish_reason ?? undefined) === undefined &&
      Object.values(asObject(choice.delta) ?? {}).every((v) => v === null || v === '') &&
      (choice.text ?? '') === ''
    );
  });
/** The event without its `usage` member, for providers that put it beside content. */
const withoutUsage = (event: string): string => {
  const at = /, ?"usage": ?\{/.exec(event);
  const end = at === null ? -1 : objectEnd(event, event.indexOf('{', at.index));
  return at === null || end < 0 ? event : event.slice(0, at.index) + event.slice(end);
};

/** What differs between the surfaces that stream `data:` events. */
export interface TapForm {
  /** Matches an event that shows something to a client. */
  readonly content: RegExp;
  /** Matches the event that ends a stream without `[DONE]`. */
  readonly terminal?: RegExp | undefined;
}
interface CompiledForm extends TapForm {
  readonly rare: RegExp;
  /** The same with flag `g`. One pattern over the text is several times faster than a native search for each of its words. */
  readonly rares: RegExp;
}
/**
 * Watches passing events; a class, so that no stream makes closures or shapes of its own. Pieces are read when somebody asks
 * about the stream: where it passes untouched that is at its end, and then only its beginning and its end are read.
 */
class SseTap implements Tap {
  #state: TapState = 'waiting';
  #ended: number | undefined;
  readonly #form: CompiledForm;
  /** The gateway itself asked for usage, which the client must not see. */
  readonly #asked: boolean;
  #usage: { readonly wire: unknown; readonly json: string } | undefined;
  #failure: ErrorLike | undefined;
  #model: string | undefined;
  /** The first event that names the model: it names the object too. */
  #opening: string | undefined;
  /** Ids of spoken answers; looked for until something is shown, and on in a stream that speaks. */
  #spoken: Set<string> | undefined;
  #last: Bytes | undefined;
  #text = '';
  /** Where the first rare thing of the text stands; -1: it has none. Whoever looks for one begins there, as no text is searched twice. */
  #rareAt = 0;
  #finished = false;
  #unread: Bytes[] | undefined;
  #unreadSize = 0;

  constructor(form: CompiledForm, asked: boolean) {
    this.#form = form;
    this.#asked = asked;
  }
  get state(): TapState {
    this.#readUp();
    return this.#state;
  }
  get ended(): number | undefined {
    this.#readUp();
    return this.#ended;
  }
  bytes(chunk: Bytes): void {
    this.#unread ??= [];
    this.#unread.push(chunk);
    this.#unreadSize += chunk.length;
    if (this.#unreadSize <= UNREAD && this.#unread.length <= UNREAD_PIECES) return;
    if (this.#unread.length > UNREAD_PIECES) return this.#readUp();
    for (let first = this.#unread[0]; first !== undefined; first = this.#unread[0]) {
      const skipped = this.#isBetween;
      if (skipped && this.#unreadSize - first.length < UNREAD) return;
      this.#unreadSize -= first.length;
      this.#unread.shift();
      if (!skipped) this.#read(first);
    }
  }
  /** Content was seen and the model is known: but for its end, what still comes tells nothing. */
  get #isBetween(): boolean {
    return this.#state === 'content' && this.#model !== undefined && this.#spoken === undefined;
  }
  #readUp(): void {
    const unread = this.#unread;
    if (unread === undefined) return;
    this.#unread = undefined;
    this.#unreadSize = 0;
    for (const chunk of unread) this.#read(chunk);
  }
  #read(chunk: Bytes): void {
    if (this.#ended !== undefined) {
      this.#ended = 0;
      return;
    }
    this.#last = chunk;
    this.#text = latin1(chunk);
    this.#rareAt = this.#text.search(this.#form.rare);
    if (this.#state === 'waiting' || this.#spoken !== undefined) this.#listen();
    if (this.#rareAt >= 0 || this.#state === 'waiting' || this.#model === undefined) this.#scan();
    if (!this.#asked) this.#release();
  }
  /** Text of up to 64 KB a stream that lay about until the next piece would outlive every collection of young objects. */
  #release(): void {
    this.#text = '';
    this.#last = undefined;
  }
  fail(e: ErrorLike): string {
    return errorEvent(e);
  }
  idle(): string {
    return ': ping\n\n';
  }
  end(): Verdict {
    const [only] = this.#unread ?? [];
    if (only !== undefined && this.#unread?.length === 1 && this.#isBetween) this.#unread = [lastEvents(only)];
    this.#readUp();
    const usage = this.#usage === undefined ? undefined : readUsage(this.#usage.wire, this.#usage.json);
    const ids = this.#spoken === undefined ? undefined : [...this.#spoken];
    return { complete: this.#state === 'done', usage, error: this.#failure, model: this.#model, id: idIn(this.#opening), ids };
  }
  cut(chunk: Bytes): Bytes {
    if (!this.#asked) return chunk;
    this.#readUp();
    if (this.#last !== chunk) {
      this.#text = latin1(chunk);
      this.#rareAt = 0;
    }
    const text = this.#text;
    this.#release();
    const left = this.#rareAt < 0 ? text : cutUsage(text, this.#rareAt);
    const shown = left.replace(USAGE_NULL, '');
    return shown.length === text.length ? chunk : Buffer.from(shown, 'latin1');
  }
  #listen(): void {
    if (this.#spoken === undefined && !AUDIO.test(this.#text.slice(0, UNREAD))) return;
    for (const { 1: id = '' } of this.#text.matchAll(SPOKEN)) {
      this.#spoken ??= new Set();
      this.#spoken.add(utf8(id));
    }
  }
  #scan(): void {
    const text = this.#text;
    if (this.#model === undefined) {
      const found = MODEL.exec(text);
      if (found !== null) {
        this.#model = utf8(found[1] ?? '');
        // Decoded, for another string: a slice would keep the whole text.
        this.#opening = utf8(eventAt(text, found.index));
      }
    }
    if (this.#state === 'waiting' && this.#form.content.test(text)) this.#state = 'content';
    if (this.#rareAt < 0) return;
    const { rare, rares } = this.#form;
    const take: Take = (event, start, end) => {
      if (this.#ended !== undefined || !rare.test(event)) return;
      this.#readEvent(event, start);
      if (this.#state === 'done' || this.#state === 'failed') this.#ended = end;
    };
    if (text.includes('\r')) eachEvent(text, take);
    else eventsWith(text, this.#rareAt, rares, take);
  }
  #readEvent(event: string, start: number): void {
    const data = dataOf(event);
    if (data === '[DONE]') {
      // Broken-off answers come with it too (a proxy's cleanup): without a finish it is kept back, and the stream has no end.
      if (this.#finished || this.#form.terminal !== undefined) this.#state = 'done';
      else this.#ended = start;
      return;
    }
    if (FINISHED.test(event)) this.#finished = true;
    const chunk = parse(utf8(data));
    if (chunk === undefined) return;
    const wire = asObject(chunk.usage) ?? asObject(asObject(chunk.response)?.usage);
    if (wire !== undefined) this.#usage = { wire, json: JSON.stringify(wire) };
    if (chunk.error !== undefined && chunk.error !== null) {
      this.#failure ??= readErrorMember(chunk.error);
      this.#state = 'failed';
    } else if (this.#form.terminal?.test(data) === true) this.#state = 'done';
  }
}
/** The text without the usage that its events from a place on carry, and without the events that carry nothing else. */
const cutUsage = (text: string, at: number): string => {
  let kept = '';
  let from = 0;
  const take: Take = (event, start, end) => {
    const chunk = USAGE.test(event) ? parse(utf8(dataOf(event))) : undefined;
    if (chunk === undefined || asObject(chunk.usage) === undefined) return;
    kept += text.slice(from, start);
    if (!isUsageOnly(chunk)) kept += withoutUsage(text.slice(start, end));
    from = end;
  };
  if (text.includes('\r')) eachEvent(text, take);
  else eventsWith(text, at, USAGES, take);
  return kept + text.slice(from);
};

/** Watches a passing `text/event-stream`; JSON and binary answers get their own. */
export const sseTap = (form: TapForm): ((framing: Framing, asked: boolean) => Tap) => {
  const { terminal } = form;
  const rare = terminal === undefined ? RARE : new RegExp(`${RARE.source}|${terminal.source}`);
  const compiled: CompiledForm = { ...form, rare, rares: new RegExp(rare, 'g') };
  return (framing, asked) => {
    if (framing === 'json') return jsonTap();
    if (framing !== 'sse') return binaryTap();
    return new SseTap(compiled, asked);
  };
};

/** Chat: text, refusal, tool calls, audio and the reasoning members of compatible servers; a role-only chunk is none. */
export const chatTap = sseTap({
  content: /"(?:content|refusal|reasoning_content|reasoning|transcript|data)": ?"[^"]|"tool_calls": ?\[ ?\{|"function_call": ?\{/,
});
/** Completions: any text. */
export const completionsTap = sseTap({ content: /"text": ?"[^"]/ });
