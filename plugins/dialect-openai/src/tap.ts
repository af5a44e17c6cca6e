import type { Bytes, ErrorLike, Framing, Tap, TapState, Verdict } from '@llm-proxy-auth/plugin';
import { errorEvent } from './error.ts';
import { readErrorMember } from './read-error.ts';
import { binaryTap, jsonTap, objectEnd } from './tap-json.ts';
import { readUsage } from './usage.ts';
import { asList, asObject, type Fields } from './wire.ts';

/**
 * What makes an event worth reading: usage, an error, the terminal event. Quotes inside JSON strings are escaped, so none
 * of it matches in text that a model wrote, `[DONE]` apart, which `readEvent` decides.
 */
const RARE = /usage": ?\{|error": ?[{"]|\[DONE\]/;
const USAGE_NULL = ',"usage":null';
/** The same as JSON writers with spaces have it. */
const SPACED_USAGE_NULL = /, "usage": null/g;
const MODEL = /"model": ?"((?:[^"\\]|\\.)*)"/;
/** An event ends at an empty line, whatever the line ends are. */
const EVENT_END = /\r\n\r\n|\n\n|\r\r/;

const parse = (data: string): Fields | undefined => {
  try {
    return asObject(JSON.parse(data));
  } catch {
    return undefined;
  }
};
const modelIn = (text: string): string | undefined => {
  const found = MODEL.exec(text)?.[1];
  return found === undefined || found === '' ? undefined : utf8(found);
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

/** Watches a passing `text/event-stream`; JSON and binary answers get their own. */
export const sseTap =
  (form: TapForm) =>
  (framing: Framing, asked: boolean): Tap => {
    if (framing === 'json') return jsonTap();
    if (framing !== 'sse') return binaryTap();
    const rare = form.terminal === undefined ? RARE : new RegExp(`${RARE.source}|${form.terminal.source}`);
    let state: TapState = 'waiting';
    let usage: { readonly wire: unknown; readonly json: string } | undefined;
    let failure: ErrorLike | undefined;
    let model: string | undefined;
    let last: Bytes | undefined;
    let text = '';
    let rarely = true;

    const readEvent = (event: string): void => {
      const data = dataOf(event);
      if (data === '[DONE]') {
        if (state !== 'failed') state = 'done';
        return;
      }
      const chunk = parse(utf8(data));
      if (chunk === undefined || state === 'done') return;
      const wire = asObject(chunk.usage) ?? asObject(asObject(chunk.response)?.usage);
      if (wire !== undefined) usage = { wire, json: JSON.stringify(wire) };
      if (chunk.error !== undefined && chunk.error !== null) {
        failure ??= readErrorMember(chunk.error);
        state = 'failed';
      } else if (form.terminal?.test(data) === true) state = 'done';
    };
    const scan = (): void => {
      model ??= modelIn(text);
      if (state === 'waiting' && form.content.test(text)) state = 'content';
      if (rarely) for (const event of text.split(EVENT_END)) if (rare.test(event)) readEvent(event);
    };
    const bytes = (chunk: Bytes): void => {
      last = chunk;
      text = latin1(chunk);
      rarely = rare.test(text);
      if (rarely || state === 'waiting' || model === undefined) scan();
    };
    const cutEvents = (): string => {
      const events = text.split(/(?<=\n\n|\r\r|\r\n\r\n)/);
      const kept = events.map((event) => {
        const chunk = /usage": ?\{/.test(event) ? parse(utf8(dataOf(event))) : undefined;
        if (chunk === undefined || asObject(chunk.usage) === undefined) return event;
        return isUsageOnly(chunk) ? '' : withoutUsage(event);
      });
      return kept.join('');
    };
    const cut = (chunk: Bytes): Bytes => {
      if (last !== chunk) {
        text = latin1(chunk);
        rarely = true;
      }
      const left = rarely && /usage": ?\{/.test(text) ? cutEvents() : text;
      const compact = left.replaceAll(USAGE_NULL, '');
      const shown = compact.length === text.length ? compact.replace(SPACED_USAGE_NULL, '') : compact;
      return shown.length === text.length ? chunk : Buffer.from(shown, 'latin1');
    };
    const end = (): Verdict => ({
      complete: state === 'done',
      usage: usage === undefined ? undefined : readUsage(usage.wire, usage.json),
      error: failure,
      model,
    });
    return {
      bytes,
      ...(asked ? { cut } : {}),
      get state() {
        return state;
      },
      fail: errorEvent,
      idle: () => ': ping\n\n',
      end,
    };
  };

/** Chat: text, refusal, tool calls, audio and the reasoning members of compatible servers; a role-only chunk is none. */
export const chatTap = sseTap({
  content: /"(?:content|refusal|reasoning_content|reasoning|transcript|data)": ?"[^"]|"tool_calls": ?\[ ?\{|"function_call": ?\{/,
});
/** Completions: any text. */
export const completionsTap = sseTap({ content: /"text": ?"[^"]/ });
