import {
  asList,
  asObject,
  asText,
  type ChatEvent,
  type Fields,
  type Finish,
  GatewayError,
  type Lost,
  type Origin,
  type Part,
  type RefusalPart,
  some,
  type TokenLogprob,
} from '@llm-proxy-auth/plugin';
import { isFinished } from '../candidates.ts';
import { signatureOrigin } from '../carried.ts';
import { readFinish, refuseBroken } from '../finish.ts';
import { fittedParts } from './answer-parts.ts';
import { loseCandidate, refusalOf } from './beyond.ts';
import type { Names } from './call-names.ts';
import { readCitations } from './citations.ts';
import { readLogprobs } from './logprobs.ts';
import type { Memo } from './memo.ts';
import { type PartialArgs, partialArgs } from './partial-args.ts';
import { readAnswerParts } from './read-parts.ts';
import { candidateRest } from './reply.ts';
import { signatureBehind } from './signed-text.ts';

type Emit = (e: ChatEvent) => void;
/** A call that is not whole yet: its arguments grow, or stand in the next part. */
interface Pending {
  readonly head: Fields;
  readonly args: PartialArgs;
  signature: string | undefined;
  /** Its arguments come piece by piece; else they may stand in a part without a name behind it. */
  readonly grows: boolean;
}
interface Growing {
  readonly kind: 'text' | 'thinking';
  readonly index: number;
  text: string;
  /** What signs it; nothing is added to what is signed. */
  origin: Origin | undefined;
}
const LISTS: readonly string[] = ['citationMetadata'];
/** What each piece adds to lists is kept beside what the earlier ones said; of everything else the last word counts. */
const joined = (so: Fields, more: Fields): Fields => {
  const out: Record<string, unknown> = { ...so, ...more };
  for (const name of LISTS) {
    const before = asObject(so[name]);
    const after = asObject(more[name]);
    if (before === undefined || after === undefined) continue;
    out[name] = Object.fromEntries(Object.keys({ ...before, ...after }).map((key) => [key, [...asList(before[key]), ...asList(after[key])]]));
  }
  return out;
};

/** A refusal that is all there is of a choice. */
export const refusalEvents = (choice: number, { text }: RefusalPart): readonly ChatEvent[] => [
  { type: 'part', choice, index: 0, part: { kind: 'refusal', text: '' } },
  { type: 'delta', choice, index: 0, field: 'text', text },
  { type: 'part-end', choice, index: 0 },
];

/** One candidate of a stream: its pieces as parts. */
export class OpenCandidate {
  readonly #choice: number;
  readonly #model: string;
  readonly #names: Names;
  readonly #memo: Memo;
  readonly #lost: Lost;
  readonly #emit: Emit;
  #parts = 0;
  #calls = false;
  #growing: Growing | undefined;
  #pending: Pending | undefined;
  #rest: Fields = {};
  #isCited = false;
  #isProbable = false;
  /** The last piece said why the answer ended: a later one may still say otherwise. */
  finished = false;
  #finish: unknown;

  constructor(choice: number, model: string, names: Names, memo: Memo, lost: Lost, emit: Emit) {
    this.#choice = choice;
    this.#model = model;
    this.#names = names;
    this.#memo = memo;
    this.#lost = lost;
    this.#emit = emit;
  }
  take(wire: Fields): void {
    const { content, finishReason, index: _index, logprobsResult, ...rest } = wire;
    const tokens = readLogprobs(logprobsResult);
    this.#isProbable ||= tokens !== undefined;
    for (const part of asList(asObject(content)?.parts)) this.#part(asObject(part), tokens);
    this.#rest = joined(this.#rest, rest);
    this.finished = isFinished(wire);
    if (this.finished) this.#finish = finishReason;
  }
  /** The transport ended: everything open ends, and the choice with it. */
  close(): void {
    this.#flush();
    this.#endText();
    const reason = readFinish(this.#finish, this.#calls);
    if (!this.#memo.mine) this.#beyond(reason);
    const rest = candidateRest({ ...this.#rest, finishReason: this.#finish }, this.#calls);
    this.#emit({ type: 'finish', choice: this.#choice, reason, ...some('rest', rest) });
  }
  /** What clients of other dialects cannot be told is noted, and a refusal is told as one. */
  #beyond(reason: Finish): void {
    refuseBroken(this.#finish, this.#rest.finishMessage);
    const refused = this.#parts > 0 ? undefined : refusalOf(reason, this.#rest.finishMessage);
    const improbable = this.#memo.logprobs === true && !this.#isProbable;
    loseCandidate({ ...this.#rest, finishReason: this.#finish }, { refused: refused !== undefined, improbable }, this.#lost);
    if (refused !== undefined) for (const e of refusalEvents(this.#choice, refused)) this.#emit(e);
  }

  #part(wire: Fields | undefined, tokens: readonly TokenLogprob[] | undefined): void {
    if (wire === undefined) throw new GatewayError('upstream_bad_response', 'The provider sent a part that is no object.');
    const call = asObject(wire.functionCall);
    if (call !== undefined) return this.#call(call, wire);
    if (this.#pending !== undefined) this.#flush();
    const known = Object.keys(wire).every((key) => key === 'text' || key === 'thought' || key === 'thoughtSignature');
    if (typeof wire.text === 'string' && known)
      return this.#text(wire.text, wire.thought === true ? 'thinking' : 'text', asText(wire.thoughtSignature), tokens);
    this.#endText();
    for (const part of readAnswerParts([wire], 'content.parts', { seal: undefined, model: this.#model, names: this.#names })) this.#whole(part);
  }
  #text(text: string, kind: Growing['kind'], signature: string | undefined, tokens: readonly TokenLogprob[] | undefined): void {
    const open = this.#growing;
    if (signature === undefined) {
      const goesOn = open?.kind === kind && open.origin === undefined;
      if (text !== '' || tokens !== undefined || goesOn) this.#grow(goesOn ? open : this.#open(kind), text, tokens);
      return;
    }
    const origin = signatureOrigin(signature, undefined, this.#model, '');
    // The signature of what was said before comes alone in the end; a text with its own is a part of its own.
    const signs = open !== undefined && open.kind === kind && open.origin === undefined && text === '';
    if (!signs && !this.#memo.mine && kind === 'text' && text === '' && tokens === undefined) {
      this.#endText();
      return this.#signature('', origin);
    }
    const signed = signs ? open : this.#open(kind);
    this.#grow(signed, text, tokens);
    signed.origin = origin;
  }
  #open(kind: Growing['kind']): Growing {
    this.#endText();
    const index = this.#parts++;
    this.#growing = { kind, index, text: '', origin: undefined };
    const part: Part = kind === 'text' ? { kind, text: '' } : { kind, text: '', redacted: false };
    this.#emit({ type: 'part', choice: this.#choice, index, part });
    return this.#growing;
  }
  #grow(open: Growing, text: string, tokens: readonly TokenLogprob[] | undefined): void {
    open.text += text;
    const logprobs = open.kind === 'text' ? tokens : undefined;
    if (text !== '' || logprobs !== undefined)
      this.#emit({ type: 'delta', choice: this.#choice, index: open.index, field: 'text', text, ...some('logprobs', logprobs) });
  }
  /** The text ends where another part begins or the choice ends, as what is said of its sources may come behind its signature. */
  #endText(): void {
    const open = this.#growing;
    this.#growing = undefined;
    if (open === undefined) return;
    if (open.kind === 'text') this.#cite(open);
    const moves = open.kind === 'text' && !this.#memo.mine;
    this.#emit({ type: 'part-end', choice: this.#choice, index: open.index, ...some('origin', moves ? undefined : open.origin) });
    if (moves) this.#signature(open.text, open.origin);
  }
  /** The signature of a text, for clients whose texts have none. */
  #signature(text: string, signed: Origin | undefined): void {
    const behind = signatureBehind(text, signed);
    if (behind === undefined) return;
    const { origin, ...part } = behind;
    const at = { choice: this.#choice, index: this.#parts++ };
    this.#emit({ type: 'part', ...at, part });
    this.#emit({ type: 'part-end', ...at, origin });
  }
  #cite(open: Growing): void {
    const citations = this.#isCited ? [] : readCitations(this.#rest, open.text);
    for (const citation of citations) this.#emit({ type: 'citation', choice: this.#choice, index: open.index, citation });
    this.#isCited ||= citations.length > 0;
  }
  /** A call with a name begins; one without goes on with the last, or ends it. */
  #call(call: Fields, wire: Fields): void {
    const signature = asText(wire.thoughtSignature);
    if (typeof call.name === 'string') {
      this.#flush();
      this.#endText();
      const pieces = asList(call.partialArgs);
      const grows = call.willContinue === true || pieces.length > 0;
      const bare = !grows && Object.keys(asObject(call.args) ?? {}).length === 0;
      if (!grows && !bare) return this.#wholeCall(wire);
      this.#pending = { head: grows ? { functionCall: { name: call.name, ...some('id', call.id) } } : wire, args: partialArgs(), signature, grows };
      for (const piece of pieces) this.#pending.args.add(asObject(piece) ?? {});
      if (grows && call.willContinue !== true) this.#flush();
      return;
    }
    const pending = this.#pending;
    if (pending === undefined) throw new GatewayError('upstream_bad_response', 'The provider sent a piece of a call that has no name.');
    pending.signature ??= signature;
    for (const piece of asList(call.partialArgs)) pending.args.add(asObject(piece) ?? {});
    const args = asObject(call.args);
    if (args !== undefined)
      this.#pending = { ...pending, head: { ...pending.head, functionCall: { ...asObject(pending.head.functionCall), args } }, grows: false };
    if (call.willContinue !== true) this.#flush();
  }
  #flush(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending === undefined) return;
    const call = asObject(pending.head.functionCall) ?? {};
    const grown = pending.grows ? { ...call, args: pending.args.value() } : call;
    this.#wholeCall({ ...pending.head, functionCall: grown, ...some('thoughtSignature', pending.signature) });
  }
  #wholeCall(wire: Fields): void {
    this.#calls = true;
    for (const part of readAnswerParts([wire], 'content.parts', { seal: undefined, model: this.#model, names: this.#names })) this.#whole(part);
  }
  #whole(read: Part): void {
    for (const part of fittedParts(read, this.#memo)) this.#fitted(part);
  }
  #fitted(part: Part): void {
    const at = { choice: this.#choice, index: this.#parts++ };
    if (part.kind !== 'toolCall') {
      this.#emit({ type: 'part', ...at, part });
      this.#emit({ type: 'part-end', ...at });
      return;
    }
    // What signs the call comes with its beginning: clients that know nothing of it may get it in the id.
    const [input, text] = 'json' in part.input ? [{ json: '' }, part.input.json] : [{ text: '' }, part.input.text];
    this.#emit({ type: 'part', ...at, part: { ...part, input } });
    this.#emit({ type: 'delta', ...at, field: 'input', text });
    this.#emit({ type: 'part-end', ...at });
  }
}
