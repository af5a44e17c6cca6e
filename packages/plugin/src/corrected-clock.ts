import { type HeaderPairs, header } from './wire.ts';

/** Epoch ms as a vendor sees it; ours is corrected by what its refusals say. */
export interface CorrectedClock {
  now(): number;
  /** Milliseconds that the vendor is ahead of us. */
  readonly ahead: number;
  /** Learns from an answer that refused our time: from its `date` header, else from what its text said (epoch ms). */
  learn(reply: { readonly headers: HeaderPairs }, said?: number): void;
}
export const correctedClock = (now: () => number): CorrectedClock => {
  let ahead = 0;
  return {
    now: () => now() + ahead,
    get ahead() {
      return ahead;
    },
    learn({ headers }, said) {
      const dated = Date.parse(header(headers, 'date') ?? '');
      const theirs = Number.isNaN(dated) ? said : dated;
      if (theirs !== undefined) ahead = theirs - now();
    },
  };
};
