import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Call, Fields, Origin, Part, Seal, ToolCallPart } from '@llm-proxy-auth/plugin';
import { MOST_ID, writeCallId } from './call-id.ts';
import { type Carried, encode, type Signed } from './record.ts';
import { type Sealing, sealingFor, writeBlock, writeExtra } from './sealed.ts';

/** A tool call as the client gets it. */
export interface IssuedCall {
  readonly id: string;
  /** Members beside those of a call. */
  readonly extra: Fields;
}
const NO_EXTRA: Fields = Object.freeze({});
/** What one choice of an answer says that its vendor signed, piece by piece as it is said. */
export interface Issuing {
  /** Thinking is over. */
  thought(signed: Omit<Signed, 'before'>): void;
  /** A call begins; its id carries what was thought since the call before. */
  called(part: ToolCallPart): IssuedCall;
  /** Members of the message: all that was thought. Empty when nothing was signed. */
  message(): Fields;
}
const signerOf = ({ endpoint, model }: Call): string => endpoint.signer ?? model;
/** More bytes cannot fit into an id. */
const MOST_BYTES = Math.floor((MOST_ID * 3) / 4);
/** The same call of the same answer gets the same id. */
const distinction = (call: Call, choice: number, before: number): string =>
  createHash('sha256')
    .update(JSON.stringify([call.id, choice, before]))
    .digest('base64url')
    .slice(0, 8);

/** A class: an answer has one for each of its choices, which mostly stays as it was made. */
class ChoiceIssuing implements Issuing {
  readonly #call: Call;
  readonly #seal: Seal;
  readonly #choice: number;
  #sealing: Sealing | undefined = undefined;
  readonly #all: Signed[] = [];
  /** How many of them the ids of calls carry. */
  #carried = 0;
  #calls = 0;

  constructor(call: Call, seal: Seal, choice: number) {
    this.#call = call;
    this.#seal = seal;
    this.#choice = choice;
  }
  thought(signed: Omit<Signed, 'before'>): void {
    this.#all.push({ ...signed, before: this.#calls });
  }
  called(part: ToolCallPart): IssuedCall {
    const thinking = this.#all.slice(this.#carried);
    const before = this.#calls++;
    if (thinking.length === 0 && part.origin === undefined) return { id: part.id, extra: NO_EXTRA };
    this.#carried = this.#all.length;
    const extra = part.origin === undefined ? NO_EXTRA : this.#extra(part.id, part.origin);
    return { id: this.#id(part, thinking, before) ?? part.id, extra };
  }
  message(): Fields {
    if (this.#all.length === 0) return NO_EXTRA;
    const model = signerOf(this.#call);
    return { thinking_blocks: this.#all.map((signed) => writeBlock({ model, thinking: [signed] }, this.#sealed())) };
  }
  #sealed(): Sealing {
    this.#sealing ??= sealingFor(this.#seal, this.#call.inbound.memory?.owner ?? '');
    return this.#sealing;
  }
  #extra(vendorId: string, origin: Origin): Fields {
    return writeExtra({ model: signerOf(this.#call), thinking: [], call: origin }, vendorId, this.#sealed());
  }
  /** Sealed where there is room, else one under which it is remembered. */
  #id(part: ToolCallPart, thinking: readonly Signed[], before: number): string | undefined {
    const carried: Carried = { model: signerOf(this.#call), thinking, call: part.origin };
    const bytes = encode(carried);
    const sealed = bytes.length > MOST_BYTES ? undefined : this.#sealed().close(`call ${part.id}`, Buffer.from(bytes));
    const own = sealed === undefined ? undefined : writeCallId({ kind: 'sealed', vendor: part.id, tail: sealed });
    const { memory } = this.#call.inbound;
    if (own !== undefined || memory === undefined) return own;
    const id = writeCallId({ kind: 'remembered', vendor: part.id, tail: distinction(this.#call, this.#choice, before) });
    if (id !== undefined) memory.keep(id, bytes);
    return id;
  }
}
export const issuing = (call: Call, seal: Seal, choice: number): Issuing => new ChoiceIssuing(call, seal, choice);

/** What a whole choice says that its vendor signed: its calls as the client gets them, and members of the message. */
export interface Issued {
  readonly calls: ReadonlyMap<Part, IssuedCall>;
  readonly message: Fields;
}
/** `ids`: its calls have ids, which can carry something. */
export const issueWhole = (parts: readonly Part[], ids: boolean, carriers: Issuing): Issued => {
  const calls = new Map<Part, IssuedCall>();
  let from = 0;
  for (const part of parts) {
    if (part.kind === 'text') from += part.text.length;
    else if (part.kind === 'thinking' && part.origin !== undefined) carriers.thought({ text: part.text, redacted: part.redacted, origin: part.origin, from });
    else if (part.kind === 'toolCall' && ids) calls.set(part, carriers.called(part));
  }
  return { calls, message: carriers.message() };
};
