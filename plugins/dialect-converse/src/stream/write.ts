import { Buffer } from 'node:buffer';
import {
  asList,
  asObject,
  asText,
  type Bytes,
  type Call,
  type ChatEvent,
  type ErrorLike,
  type Fields,
  lostTo,
  type Part,
  type Seal,
  type StreamWriter,
  some,
  type Usage,
} from '@llm-proxy-auth/plugin';
import { writeCitation } from '../blocks/citations.ts';
import { answerThinking } from '../blocks/thinking.ts';
import { writeOwnBlock } from '../blocks/write.ts';
import { losePart } from '../lost.ts';
import { writeFinish } from '../reply/finish.ts';
import { NO_USAGE, writeUsage } from '../reply/usage.ts';
import { noteFinish, noteForeign, noteHead, noteLogprobs, noteProof, noteText } from '../reply/write.ts';
import { REST } from '../wire.ts';
import { eventFrame, exceptionFrame } from './frames.ts';

type EventOf<T extends ChatEvent['type']> = Extract<ChatEvent, { type: T }>;
const NOTHING = new Uint8Array();
interface Open {
  readonly part: Part;
  /** Number of the block, once something of it was sent. */
  at: number;
  said: boolean;
  /** Text of a call that takes free text: it travels in an object, whole. */
  text: string;
  length: number;
}
const asBytes = (pieces: readonly Bytes[]): Bytes => (pieces.length === 1 ? (pieces[0] ?? NOTHING) : pieces.length === 0 ? NOTHING : Buffer.concat(pieces));

/** An image that could not be made has an error instead of bytes. */
const shownSource = (source: unknown): Fields => (asObject(source)?.bytes === '' ? {} : { source });

/** Writes a ConverseStream: `messageStart`, blocks, `messageStop`, `metadata` last. */
export const writeStream =
  (seal: Seal) =>
  (call: Call): StreamWriter => {
    const { ledger } = call;
    const parts = new Map<number, Open>();
    let blocks = 0;
    let mine = false;
    let begun = false;
    let usage: Usage | undefined;
    let early: Fields = {};

    const start = (): readonly Bytes[] => {
      if (begun) return [];
      begun = true;
      return [eventFrame('messageStart', { role: 'assistant' })];
    };
    const number = (open: Open): number => {
      if (open.at < 0) open.at = blocks++;
      return open.at;
    };
    const started = (open: Open, wire: Fields): Bytes => eventFrame('contentBlockStart', { start: wire, contentBlockIndex: number(open) });
    const piece = (open: Open, wire: Fields): Bytes => {
      open.said = true;
      return eventFrame('contentBlockDelta', { delta: wire, contentBlockIndex: number(open) });
    };
    const stopped = (open: Open): Bytes => eventFrame('contentBlockStop', { contentBlockIndex: number(open) });

    /** A block that comes whole: the vendor's own, or an image. */
    const whole = (open: Open, part: Part): readonly Bytes[] => {
      const block = writeOwnBlock(part);
      const image = asObject(block?.image);
      if (image !== undefined)
        return [
          started(open, { image: { ...some('format', image.format) } }),
          piece(open, { image: { ...shownSource(image.source), ...some('error', image.error) } }),
        ];
      const tool = asObject(block?.toolUse);
      if (tool !== undefined && part.kind === 'opaque') {
        const { input, ...head } = tool;
        return [started(open, { toolUse: head }), piece(open, { toolUse: { input: asText(input) ?? JSON.stringify(input) } })];
      }
      const result = asObject(block?.toolResult);
      if (result !== undefined && part.kind === 'opaque') {
        const { content, ...head } = result;
        return [started(open, { toolResult: head }), piece(open, { toolResult: asList(content) })];
      }
      if (block !== undefined && asObject(block.start) !== undefined && Array.isArray(block.deltas))
        return asList(block.deltas).map((delta) => piece(open, asObject(delta) ?? {}));
      losePart(part, 'choices', 'a stream has no such part', lostTo(ledger));
      return [];
    };
    const begin = (e: EventOf<'part'>): readonly Bytes[] => {
      const { part } = e;
      const open: Open = { part, at: -1, said: false, text: '', length: 0 };
      parts.set(e.index, open);
      if (part.kind === 'text' || part.kind === 'refusal') {
        return part.text === '' ? [] : words(open, part.text);
      }
      if (part.kind === 'thinking') return part.text === '' ? [] : [piece(open, { reasoningContent: { text: part.text } })];
      if (part.kind !== 'toolCall') return whole(open, part);
      const rest = mine ? part.rest : {};
      const first = started(open, { toolUse: { toolUseId: part.id, name: part.name, ...rest } });
      return [first, ...input(open, 'json' in part.input ? part.input.json : part.input.text)];
    };
    const words = (open: Open, text: string): readonly Bytes[] => {
      if (open.length === 0) noteText(open.part, ledger);
      open.length += text.length;
      return [piece(open, { text })];
    };
    const input = (open: Open, text: string): readonly Bytes[] => {
      if (open.part.kind === 'toolCall' && 'text' in open.part.input) {
        open.text += text;
        return [];
      }
      return text === '' ? [] : [piece(open, { toolUse: { input: text } })];
    };
    const delta = (e: EventOf<'delta'>): readonly Bytes[] => {
      const open = parts.get(e.index);
      if (open === undefined) return [];
      if (e.logprobs !== undefined) noteLogprobs(ledger);
      const { kind } = open.part;
      if (kind === 'toolCall') return input(open, e.text);
      if (e.field !== 'text' || e.text === '') return [];
      if (kind === 'thinking') return [piece(open, { reasoningContent: { text: e.text } })];
      return kind === 'text' || kind === 'refusal' ? words(open, e.text) : [];
    };
    const cite = (e: EventOf<'citation'>): readonly Bytes[] => {
      const open = parts.get(e.index);
      const wire = writeCitation(e.citation);
      if (open === undefined || wire === undefined) {
        ledger.note('ignored', 'choices.parts.citations', 'nothing of the citation has a place here');
        return [];
      }
      noteForeign(e.citation, ledger);
      const { start: from, end } = e.citation;
      if ((from ?? 0) !== 0 || (end ?? open.length) !== open.length)
        ledger.note('ignored', 'choices.parts.citations', 'a citation stands behind its whole text here');
      return [piece(open, { citation: wire })];
    };
    const proof = (open: Open, e: EventOf<'part-end'>): readonly Bytes[] => {
      const { part } = open;
      if (part.kind !== 'thinking') return [];
      const block = answerThinking({ kind: 'thinking', text: '', redacted: part.redacted, ...some('origin', e.origin ?? part.origin) }, seal, false);
      if (block.redactedContent !== undefined) return [piece(open, { reasoningContent: { redactedContent: block.redactedContent } })];
      const signature = asObject(block.reasoningText)?.signature;
      if (signature !== undefined) return [piece(open, { reasoningContent: { signature } })];
      return open.said ? [] : [piece(open, { reasoningContent: { text: '' } })];
    };
    const last = (open: Open): readonly Bytes[] => {
      const { part } = open;
      if (part.kind !== 'toolCall' || open.said) return [];
      if ('json' in part.input) return [piece(open, { toolUse: { input: '{}' } })];
      ledger.note('emulated', 'choices.parts.input', 'free text is a member of an object here');
      return [piece(open, { toolUse: { input: JSON.stringify({ input: open.text }) } })];
    };
    const end = (e: EventOf<'part-end'>): readonly Bytes[] => {
      const open = parts.get(e.index);
      parts.delete(e.index);
      if (open === undefined) return [];
      noteProof(open.part, e.origin ?? open.part.origin, ledger);
      const frames = [...proof(open, e), ...last(open)];
      return open.at < 0 ? frames : [...frames, stopped(open)];
    };
    const finish = (e: EventOf<'finish'>): readonly Bytes[] => {
      if (!mine) noteFinish(e, ledger);
      return [eventFrame('messageStop', { stopReason: writeFinish(e.reason, e.stopSequence), ...(mine ? e.rest : {}) })];
    };
    const metadata = (e: EventOf<'end'>): readonly Bytes[] => {
      const fields = { ...early, ...(e.rest?.from === REST ? e.rest.fields : {}) };
      if (!('metrics' in fields)) ledger.note('defaulted', 'metrics.latencyMs', 'only the vendor measures its own time');
      return [eventFrame('metadata', { usage: writeUsage(usage ?? NO_USAGE, ledger), metrics: { latencyMs: 0 }, ...fields })];
    };
    const write: { readonly [T in ChatEvent['type']]: (e: EventOf<T>) => readonly Bytes[] } = {
      start: (e) => {
        mine = e.rest?.from === REST;
        if (mine) early = e.rest?.fields ?? {};
        noteHead(e, ledger);
        if (e.tier !== undefined) early = { ...early, serviceTier: { type: e.tier } };
        return start();
      },
      part: begin,
      delta,
      'part-end': end,
      citation: cite,
      finish,
      usage: (e) => {
        usage = e.usage;
        return [];
      },
      keep: () => {
        ledger.note('ignored', 'opaque', 'the surface has no such part');
        return [];
      },
      end: metadata,
      error: (e) => [exceptionFrame(e.error)],
    };
    return {
      type: 'application/vnd.amazon.eventstream',
      event(e) {
        if ('choice' in e && e.choice !== 0) {
          ledger.note('ignored', 'choices', 'an answer is one choice here');
          return NOTHING;
        }
        return asBytes((write[e.type] as (e: ChatEvent) => readonly Bytes[])(e));
      },
      error: (e: ErrorLike) => exceptionFrame(e),
      end: () => NOTHING,
    };
  };
