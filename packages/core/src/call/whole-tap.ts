import type { Bytes, ErrorLike, Framing, Tap, TapState, Verdict, WholeEvents } from '@llm-proxy-auth/plugin';
import { wholeEvents } from '@llm-proxy-auth/plugin';

const BLANK_LINE = Buffer.from('\n\n');

/**
 * Gives a tap whole events of bytes that pass as they come; what is kept back is kept for the tap alone. A stream whose framing
 * is broken is watched no more: it passes all the same.
 */
class WholeTap implements Tap {
  readonly #tap: Tap;
  readonly #framing: Framing;
  #events: WholeEvents | undefined;
  constructor(tap: Tap, framing: Framing) {
    this.#tap = tap;
    this.#framing = framing;
    this.#events = wholeEvents(framing);
  }
  get state(): TapState {
    return this.#tap.state;
  }
  bytes(chunk: Bytes): void {
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
