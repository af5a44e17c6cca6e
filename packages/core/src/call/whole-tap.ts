import type { Bytes, ErrorLike, Framing, Tap, TapState, Verdict, WholeEvents } from '@llm-proxy-auth/plugin';
import { wholeEvents } from '@llm-proxy-auth/plugin';

const BLANK_LINE = Buffer.from('\n\n');

/** What a stream begins with; events that are longer are given with it. */
const OPENING = 4_096;
/** Where the opening of a long first piece ends; 0: nothing stands behind it. A tap need not read what does before the stream ends. */
const openingOf = (chunk: Bytes): number => {
  const at = chunk.length < 2 * OPENING ? -1 : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).indexOf(BLANK_LINE, OPENING);
  return at < 0 ? 0 : at + BLANK_LINE.length;
};

/**
 * Gives a tap whole events of bytes that pass as they come; what is kept back is kept for the tap alone. A stream whose framing
 * is broken is watched no more: it passes all the same.
 */
class WholeTap implements Tap {
  readonly #tap: Tap;
  readonly #framing: Framing;
  #events: WholeEvents | undefined;
  #opened = false;
  constructor(tap: Tap, framing: Framing) {
    this.#tap = tap;
    this.#framing = framing;
    this.#events = wholeEvents(framing);
  }
  get state(): TapState {
    return this.#tap.state;
  }
  bytes(chunk: Bytes): void {
    const opening = this.#opened ? 0 : openingOf(chunk);
    this.#opened = true;
    if (opening > 0) this.#give(chunk.subarray(0, opening));
    this.#give(opening > 0 ? chunk.subarray(opening) : chunk);
  }
  #give(chunk: Bytes): void {
    try {
      const whole = this.#events?.push(chunk);
      if (whole !== undefined && whole.length > 0) this.#tap.bytes(whole);
    } catch {
      this.#events = undefined;
    }
  }
  fail(error: ErrorLike, requestId?: string): string | Bytes {
    return this.#tap.fail(error, requestId);
  }
  end(): Verdict {
    const tail = this.#events?.rest();
    // A last event may lack its blank line.
    if (tail !== undefined && tail.length > 0 && this.#framing.startsWith('sse')) this.#tap.bytes(Buffer.concat([tail, BLANK_LINE]));
    return this.#tap.end();
  }
}
export const wholeTap = (tap: Tap, framing: Framing): Tap => new WholeTap(tap, framing);
