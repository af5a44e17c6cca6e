import type { Bytes, ErrorLike, Framing, Tap, TapState, Verdict } from '@llm-proxy-auth/plugin';
import { errorEvent } from './error.ts';
import { readErrorMember } from './read-error.ts';
import { binaryTap, jsonTap, objectEnd } from './tap-json.ts';
import { readUsage } from './usage.ts';
import { asList, asObject, asText, type Fields } from './wire.ts';

/**
 * What makes an event worth reading: usage, an error, the terminal event. Quotes inside JSON strings are escaped, so none
 * of it matches in text that a model wrote, `[DONE]` apart, which `readEvent` decides.
 */
const RARE = /usage": ?\{|error": ?[{"]|\[DONE\]/;
/** One of these stands wherever `RARE` matches; found natively, which is several times faster. A `usage` that is null stands in every event of many streams. */
const NEEDLES: readonly string[] = Object.freeze(['usage":{', 'usage": {', 'error":', '[DONE]']);
const USAGE_NULL = ',"usage":null';
/** The same as JSON writers with spaces have it. */
const SPACED_USAGE_NULL = /, "usage": null/g;
const MODEL = /"model": ?"((?:[^"\\]|\\.)+)"/;
/** Why a choice ended. It stands in one of the last events, so only the last pieces are searched for it, and only at the end. */
const FINISHED: readonly string[] = Object.freeze(['"finish_reason":"', '"finish_reason": "']);
const LAST_PIECES = 16;
/** Where a spoken answer begins. */
const SPOKEN = /"audio": ?\{ ?"id": ?"([^"\\]+)"/g;
/** An event ends at an empty line, whatever the line ends are. */
const EVENT_END = /\r\n\r\n|\n\n|\r\r/;
const EVENT_ENDS = new RegExp(EVENT_END, 'g');

const parse = (data: string): Fields | undefined => {
  try {
    return asObject(JSON.parse(data));
  } catch {
    return undefined;
  }
};
const holdsOne = (text: string, needles: readonly string[]): boolean => {
  for (const needle of needles) if (text.includes(needle)) return true;
  return false;
};
/** The event of the text that stands at a place. */
const eventAt = (text: string, at: number): string => {
  if (text.includes('\r')) return text.split(EVENT_END).find((event) => MODEL.test(event)) ?? '';
  const end = text.indexOf('\n\n', at);
  return text.slice(text.lastIndexOf('\n\n', at) + 1, end < 0 ? text.length : end);
};
/** The data of one event: its `data:` lines joined. */
const dataOf = (event: string): string => {
  const lines = event.split(/\r\n|\n|\r/);
  const data: string[] = [];
  for (const line of lines) if (line.startsWith('data:')) data.push(line.startsWith('data: ') ? line.slice(6) : line.slice(5));
  return data.join('\n');
};
/** One character a byte: the fastest text a pattern can be matched against; ASCII patterns mean the same in it. */
const latin1 = (chunk: Bytes): string => (Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)).toString('latin1');
const utf8 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');
const idIn = (event: string | undefined): string | undefined => (event === undefined ? undefined : asText(parse(utf8(dataOf(event)))?.id));
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
  /** Undefined: only the pattern tells. */
  readonly needles: readonly string[] | undefined;
}
/** Takes an event, and where in the text it begins and ends. */
type Take = (event: string, start: number, end: number) => void;
/** Calls back with every event that holds a needle. Lines end with LF alone; no place is searched twice. */
const withNeedle = (text: string, needles: readonly string[], take: Take): void => {
  const places = needles.map((needle) => text.indexOf(needle));
  for (let from = 0; ; ) {
    let at = -1;
    for (let i = 0; i < needles.length; i++) {
      let place = places[i] ?? -1;
      if (place >= 0 && place < from) {
        place = text.indexOf(needles[i] ?? '', from);
        places[i] = place;
      }
      if (place >= 0 && (at < 0 || place < at)) at = place;
    }
    if (at < 0) return;
    const before = text.lastIndexOf('\n\n', at);
    const end = text.indexOf('\n\n', at);
    const start = before < from ? from : before + 2;
    take(text.slice(start, end < 0 ? text.length : end), start, end < 0 ? text.length : end + 2);
    if (end < 0) return;
    from = end + 2;
  }
};
/** Calls back with every event and where it ends, whatever the line ends are. */
const eachEvent = (text: string, take: Take): void => {
  let from = 0;
  for (const { 0: line, index } of text.matchAll(EVENT_ENDS)) {
    take(text.slice(from, index), from, index + line.length);
    from = index + line.length;
  }
  if (from < text.length) take(text.slice(from), from, text.length);
};
/** Watches passing events; a class, so that no stream makes closures or shapes of its own. */
class SseTap implements Tap {
  state: TapState = 'waiting';
  ended: number | undefined;
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
  #rarely = true;
  readonly #latest: string[] = [];

  constructor(form: CompiledForm, asked: boolean) {
    this.#form = form;
    this.#asked = asked;
  }
  bytes(chunk: Bytes): void {
    if (this.ended !== undefined) {
      this.ended = 0;
      return;
    }
    this.#last = chunk;
    this.#text = latin1(chunk);
    if (this.#latest.push(this.#text) > LAST_PIECES) this.#latest.shift();
    const { rare, needles } = this.#form;
    this.#rarely = needles === undefined ? rare.test(this.#text) : holdsOne(this.#text, needles);
    if (this.state === 'waiting' || this.#spoken !== undefined) this.#listen();
    if (this.#rarely || this.state === 'waiting' || this.#model === undefined) this.#scan();
  }
  fail(e: ErrorLike): string {
    return errorEvent(e);
  }
  idle(): string {
    return ': ping\n\n';
  }
  end(): Verdict {
    const usage = this.#usage === undefined ? undefined : readUsage(this.#usage.wire, this.#usage.json);
    const ids = this.#spoken === undefined ? undefined : [...this.#spoken];
    return { complete: this.state === 'done', usage, error: this.#failure, model: this.#model, id: idIn(this.#opening), ids };
  }
  cut(chunk: Bytes): Bytes {
    if (!this.#asked) return chunk;
    if (this.#last !== chunk) {
      this.#text = latin1(chunk);
      this.#rarely = true;
    }
    const text = this.#text;
    const left = this.#rarely && /usage": ?\{/.test(text) ? cutEvents(text) : text;
    const compact = left.replaceAll(USAGE_NULL, '');
    const shown = compact.length === text.length ? compact.replace(SPACED_USAGE_NULL, '') : compact;
    return shown.length === text.length ? chunk : Buffer.from(shown, 'latin1');
  }
  #listen(): void {
    if (!this.#text.includes('"audio"')) return;
    for (const { 1: id = '' } of this.#text.matchAll(SPOKEN)) {
      this.#spoken ??= new Set();
      this.#spoken.add(id);
    }
  }
  #scan(): void {
    const text = this.#text;
    if (this.#model === undefined) {
      const found = MODEL.exec(text);
      if (found !== null) {
        this.#model = utf8(found[1] ?? '');
        this.#opening = eventAt(text, found.index);
      }
    }
    if (this.state === 'waiting' && this.#form.content.test(text)) this.state = 'content';
    if (!this.#rarely) return;
    const { rare, needles } = this.#form;
    const take: Take = (event, start, end) => {
      if (this.ended !== undefined || !rare.test(event)) return;
      this.#readEvent(event, start);
      if (this.state === 'done' || this.state === 'failed') this.ended = end;
    };
    if (needles === undefined || text.includes('\r')) eachEvent(text, take);
    else withNeedle(text, needles, take);
  }
  #readEvent(event: string, start: number): void {
    const data = dataOf(event);
    if (data === '[DONE]') {
      // Broken-off answers come with it too (a proxy's cleanup): without a finish it is kept back, and the stream has no end.
      if (this.#form.terminal !== undefined || this.#latest.findLast((text) => holdsOne(text, FINISHED)) !== undefined) this.state = 'done';
      else this.ended = start;
      return;
    }
    const chunk = parse(utf8(data));
    if (chunk === undefined) return;
    const wire = asObject(chunk.usage) ?? asObject(asObject(chunk.response)?.usage);
    if (wire !== undefined) this.#usage = { wire, json: JSON.stringify(wire) };
    if (chunk.error !== undefined && chunk.error !== null) {
      this.#failure ??= readErrorMember(chunk.error);
      this.state = 'failed';
    } else if (this.#form.terminal?.test(data) === true) this.state = 'done';
  }
}
const cutEvents = (text: string): string => {
  const events = text.split(/(?<=\n\n|\r\r|\r\n\r\n)/);
  const kept = events.map((event) => {
    const chunk = /usage": ?\{/.test(event) ? parse(utf8(dataOf(event))) : undefined;
    if (chunk === undefined || asObject(chunk.usage) === undefined) return event;
    return isUsageOnly(chunk) ? '' : withoutUsage(event);
  });
  return kept.join('');
};

/** Watches a passing `text/event-stream`; JSON and binary answers get their own. */
export const sseTap = (form: TapForm): ((framing: Framing, asked: boolean) => Tap) => {
  const { terminal } = form;
  const compiled: CompiledForm =
    terminal === undefined ? { ...form, rare: RARE, needles: NEEDLES } : { ...form, rare: new RegExp(`${RARE.source}|${terminal.source}`), needles: undefined };
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
