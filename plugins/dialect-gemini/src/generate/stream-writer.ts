import {
  type Call,
  type ChatEvent,
  type ErrorLike,
  type Fields,
  type Lost,
  lostTo,
  type Part,
  type Seal,
  type StreamWriter,
  some,
  sseComment,
  sseEvent,
  stringifyJson,
  type TokenLogprob,
  type Usage,
} from '@llm-proxy-auth/plugin';
import { carriedSignature } from '../carried.ts';
import { errorBody, errorEvent } from '../error.ts';
import { writeFinish } from '../finish.ts';
import { formOf } from '../form.ts';
import { NO_USAGE, writeTraffic, writeUsage } from '../usage.ts';
import { GEMINI, GENERATE } from '../wire.ts';
import { writeAnswerPart } from './answer-parts.ts';
import { writeLogprobs } from './logprobs.ts';
import { citedIn, headFields, loseEnd } from './reply.ts';

type EventOf<T extends ChatEvent['type']> = Extract<ChatEvent, { type: T }>;
type PartEvent = EventOf<'part' | 'delta' | 'citation' | 'part-end'>;
/** How pieces stand in the body: each an event, or each an element of one array. */
interface Frames {
  readonly type: string;
  piece(payload: Fields): string;
  error(e: ErrorLike): string;
  end(): string;
  idle(): string;
}
const events = (): Frames => ({
  type: 'text/event-stream; charset=utf-8',
  piece: (payload) => sseEvent(stringifyJson(payload)),
  error: errorEvent,
  end: () => '',
  idle: () => sseComment('keep-alive'),
});
const elements = (): Frames => {
  let begun = false;
  const next = (element: string): string => {
    const out = `${begun ? ',\r\n' : '['}${element}`;
    begun = true;
    return out;
  };
  return {
    type: 'application/json; charset=UTF-8',
    piece: (payload) => next(stringifyJson(payload)),
    error: (e) => `${next(errorBody(e))}]`,
    end: () => `${begun ? '' : '['}]\n`,
    idle: () => '\n',
  };
};

interface OpenPart {
  readonly part: Part;
  text: string;
}
/** One choice. Parts follow one another here, so a part that opens while another is open waits until that has ended. */
interface OpenChoice {
  open: { readonly index: number; readonly part: OpenPart } | undefined;
  readonly waiting: Map<number, PartEvent[]>;
  /** Something of the answer was written. */
  said: boolean;
  cited: readonly Fields[];
  /** Calls without whole arguments, which wait for the reason of the end. */
  readonly broken: Part[];
  finish: EventOf<'finish'> | undefined;
}
/** Writes a stream of answers: each piece of text is one, calls are whole, and the last says why the choices ended and what they cost. */
export class AnswerWriter implements StreamWriter {
  readonly type: string;
  readonly #call: Call;
  readonly #seal: Seal;
  readonly #lost: Lost;
  readonly #frames: Frames;
  readonly #choices = new Map<number, OpenChoice>();
  #head: Fields = {};
  #mine = false;
  #tier: string | undefined;
  #usage: Usage | undefined;

  constructor(call: Call, seal: Seal) {
    this.#call = call;
    this.#seal = seal;
    this.#lost = lostTo(call.ledger);
    this.#frames = call.framing === 'json-array' ? elements() : events();
    this.type = this.#frames.type;
  }
  event(e: ChatEvent): string {
    if (e.type === 'start') return this.#start(e);
    if (e.type === 'usage') this.#usage = e.usage;
    else if (e.type === 'finish') return this.#finish(e);
    else if (e.type === 'end') return this.#last(e);
    else if (e.type === 'error') return this.error(e.error);
    else if (e.type === 'keep') return this.#keep(e);
    else return this.#part(this.#choice(e.choice), e);
    return '';
  }
  error(e: ErrorLike): string {
    return this.#frames.error(e);
  }
  end(): string {
    return this.#frames.end();
  }
  idle(): string {
    return this.#frames.idle();
  }
  #start(e: EventOf<'start'>): string {
    this.#mine = e.rest?.from === GENERATE;
    const traffic = writeTraffic(e.tier, this.#lost);
    const usage = Object.keys(traffic).length > 0 ? { usageMetadata: traffic } : {};
    this.#tier = e.tier;
    this.#head = { ...usage, ...headFields(e, this.#mine ? e.model : this.#call.requestedModel), ...(this.#mine ? e.rest?.fields : {}) };
    return '';
  }
  #choice(index: number): OpenChoice {
    const known = this.#choices.get(index);
    if (known !== undefined) return known;
    const made: OpenChoice = { open: undefined, waiting: new Map(), said: false, cited: [], broken: [], finish: undefined };
    this.#choices.set(index, made);
    return made;
  }
  #piece(choice: number, part: Fields | undefined, more: Fields = {}): string {
    if (part === undefined && Object.keys(more).length === 0) return '';
    const index = choice === 0 ? {} : { index: choice };
    this.#choice(choice).said = true;
    return this.#frames.piece({ candidates: [{ content: contentOf(part ?? NOTHING), ...index, ...more }], ...this.#head });
  }
  #part(choice: OpenChoice, e: PartEvent): string {
    if (e.type === 'part') {
      if (choice.open !== undefined) {
        choice.waiting.set(e.index, [e]);
        return '';
      }
      return this.#open(choice, e);
    }
    if (choice.open?.index !== e.index) {
      choice.waiting.get(e.index)?.push(e);
      return '';
    }
    if (e.type === 'part-end') return this.#close(choice, e) + this.#next(choice);
    return this.#grow(choice, choice.open.part, e);
  }
  #open(choice: OpenChoice, e: EventOf<'part'>): string {
    const open: OpenPart = { part: e.part, text: '' };
    choice.open = { index: e.index, part: open };
    const { part } = e;
    if (part.kind === 'refusal') this.#lost('choices.parts.refusal', 'a refusal is text here', 'emulated');
    if ('text' in part && typeof part.text === 'string' && part.text !== '') return this.#say(e.choice, open, part.text, undefined);
    return '';
  }
  /** A piece of what grows in view; calls and media are written when they are whole. */
  #say(choice: number, open: OpenPart, text: string, tokens: readonly TokenLogprob[] | undefined): string {
    open.text += text;
    const logprobs = tokens === undefined ? {} : { logprobsResult: writeLogprobs(tokens) };
    const shown = text === '' ? undefined : { text, ...(open.part.kind === 'thinking' ? { thought: true } : {}) };
    return this.#piece(choice, shown, logprobs);
  }
  #grow(choice: OpenChoice, open: OpenPart, e: EventOf<'delta' | 'citation'>): string {
    if (e.type === 'citation') {
      choice.cited = [...choice.cited, ...citedIn([e.citation], open.text, this.#lost)];
      return '';
    }
    const { kind } = open.part;
    if (kind === 'text' || kind === 'refusal' || kind === 'thinking') return e.field === 'text' ? this.#say(e.choice, open, e.text, e.logprobs) : '';
    if (e.field === 'input' || e.field === 'data') open.text += e.text;
    else if (e.field === 'transcript') this.#lost('choices.parts.transcript', 'what is said has no place beside its sound');
    return '';
  }
  #close(choice: OpenChoice, e: EventOf<'part-end'>): string {
    const open = choice.open?.part;
    choice.open = undefined;
    if (open === undefined) return '';
    const { part, text } = open;
    const origin = e.origin ?? part.origin;
    if (part.kind === 'text' || part.kind === 'refusal' || part.kind === 'thinking') {
      const thoughtSignature = carriedSignature(origin, this.#seal);
      const proof = { text: '', ...(part.kind === 'thinking' ? { thought: true } : {}), ...some('thoughtSignature', thoughtSignature) };
      return thoughtSignature === undefined ? '' : this.#piece(e.choice, proof);
    }
    const full = whole({ ...part, ...some('origin', origin) } as Part, text);
    const hold = (call: Part): void => void choice.broken.push(call);
    return this.#piece(e.choice, writeAnswerPart(full, this.#mine, { seal: this.#seal, lost: this.#lost, hold }));
  }
  /** The parts that waited, as far as they have come. */
  #next(choice: OpenChoice): string {
    let written = '';
    while (choice.open === undefined) {
      const [first] = choice.waiting;
      if (first === undefined) return written;
      choice.waiting.delete(first[0]);
      for (const e of first[1]) written += e.type === 'part' ? this.#open(choice, e) : this.#held(choice, e);
    }
    return written;
  }
  #held(choice: OpenChoice, e: Exclude<PartEvent, { type: 'part' }>): string {
    if (choice.open === undefined) return '';
    return e.type === 'part-end' ? this.#close(choice, e) : this.#grow(choice, choice.open.part, e);
  }
  #keep(e: EventOf<'keep'>): string {
    if (e.progress === true) return '';
    const part: Part = { kind: 'opaque', origin: e.origin };
    this.#choice(0);
    return this.#piece(0, writeAnswerPart(part, e.origin.dialect === GEMINI, { seal: this.#seal, lost: this.#lost }));
  }
  #finish(e: EventOf<'finish'>): string {
    const choice = this.#choice(e.choice);
    choice.finish = e;
    loseEnd({ finish: e.reason, stopSequence: e.stopSequence }, this.#lost);
    let written = '';
    while (choice.open !== undefined) written += this.#close(choice, { type: 'part-end', choice: e.choice, index: choice.open.index }) + this.#next(choice);
    const answering = { seal: this.#seal, lost: this.#lost, finish: e.reason };
    for (const part of choice.broken.splice(0)) written += this.#piece(e.choice, writeAnswerPart(part, false, answering));
    return written;
  }
  #last(e: EventOf<'end'>): string {
    const fields = e.rest?.from === GENERATE ? e.rest.fields : {};
    const candidates = [...this.#choices]
      .toSorted(([a], [b]) => a - b)
      .map(([index, { finish, cited, said }]) => ({
        ...(said && finish?.reason !== 'filter' && finish?.reason !== 'refusal' ? { content: contentOf(NOTHING) } : {}),
        ...(index === 0 ? {} : { index }),
        finishReason: writeFinish(finish?.reason ?? 'stop'),
        ...(this.#mine ? finish?.rest : {}),
        ...(cited.length === 0 ? {} : { citationMetadata: { citations: cited } }),
      }));
    const blocked = [...this.#choices.values()].every(({ finish }) => finish !== undefined && formOf(finish)?.blocked === true);
    const usage = this.#usage === undefined && this.#mine ? {} : { usageMetadata: writeUsage(this.#usage ?? NO_USAGE, this.#tier, this.#lost) };
    return this.#frames.piece({ ...(blocked ? {} : { candidates }), ...fields, ...this.#head, ...usage });
  }
}
/** Stands where a piece says nothing: chats of the vendor's SDK forget an answer of which one piece had no part. */
const NOTHING: Fields = Object.freeze({ text: '' });
const contentOf = (part: Fields): Fields => ({ role: 'model', parts: [part] });
/** A part that opened empty, with what it grew to. */
const whole = (part: Part, text: string): Part => {
  if (part.kind === 'toolCall') return { ...part, input: 'json' in part.input ? { json: part.input.json + text } : { text: part.input.text + text } };
  if (text === '' || !('media' in part) || !('base64' in part.media)) return part;
  return { ...part, media: { ...part.media, base64: part.media.base64 + text } };
};
