import { verifySync } from 'otplib';

/** Length of a time step, seconds. RFC 6238, section 4.1. */
export const PERIOD = 30;

export type Algorithm = 'sha1' | 'sha256' | 'sha512';
export interface Shape {
  readonly algorithm: Algorithm;
  readonly digits: 6 | 8;
}
/** `step`: the time step whose code it is. `used`: right, but not later than the last step that was accepted. */
export type Matched = { readonly is: 'step'; readonly step: number } | { readonly is: 'used' } | { readonly is: 'wrong' };

const WRONG: Matched = Object.freeze({ is: 'wrong' });
const USED: Matched = Object.freeze({ is: 'used' });

/**
 * Compares a code with those of the time steps before, at and after `now` (epoch ms), in constant time. `last`: last step that was
 * accepted, or -1. RFC 6238, section 5.2: an accepted code is not accepted again.
 */
export const matched = (secret: Uint8Array, code: string, { algorithm, digits }: Shape, now: number, last: number): Matched => {
  // Also keeps what is no code from the library, which throws at it.
  if (!new RegExp(`^[0-9]{${digits}}$`).test(code)) return WRONG;
  const epoch = Math.floor(now / 1000);
  const question = { secret, token: code, algorithm, digits, period: PERIOD, epoch, epochTolerance: PERIOD } as const;
  const latest = Math.floor(epoch / PERIOD) + 1;
  // The library throws when even the latest step is behind the last one, as after a clock was set back.
  const later = last <= latest ? verifySync({ ...question, ...(last < 0 ? {} : { afterTimeStep: last }) }) : undefined;
  if (later?.valid === true && 'timeStep' in later && typeof later.timeStep === 'number') return { is: 'step', step: later.timeStep };
  return verifySync(question).valid ? USED : WRONG;
};
