import type { Encryption, SecondFactor } from '@llm-proxy-auth/plugin';
import { afterRight, afterWrong, lockedFor } from './attempts.ts';
import { backupCodeOf, digestOf, indexOfDigest } from './backup-code.ts';
import { matched } from './code.ts';
import type { Enrolment } from './enrolment.ts';
import { decrypted } from './kept-secret.ts';
import type { Decided, Row } from './rows.ts';

export type Answer = Exclude<Awaited<ReturnType<SecondFactor['verify']>>, { readonly is: 'unavailable' }>;
/** What happened, for metric and log. */
export type Event = 'ok' | 'backup' | 'wrong' | 'lock' | 'locked' | 'used' | 'missing';
export interface Judgement {
  readonly answer: Answer;
  readonly event: Event;
  /** As it is stored now. */
  readonly enrolment: Enrolment | undefined;
}
type Counter = 'guesses' | 'codeGuesses';

const DONE: Answer = Object.freeze({ is: 'done' });
const COMPLETED: Answer = Object.freeze({ is: 'done', by: 'first-code' });
const BY_BACKUP: Answer = Object.freeze({ is: 'done', by: 'backup-code' });
const REQUIRED: Answer = Object.freeze({ is: 'denied', code: 'totp_required' });
const USED: Answer = Object.freeze({ is: 'denied', code: 'totp_used' });
/** A wrong code and a lock have one answer, that of a wrong credential. */
const refused = (retryAfterMs: number): Answer => ({ is: 'denied', code: 'invalid_credentials', ...(retryAfterMs > 0 ? { retryAfterMs } : {}) });

const unchanged = (answer: Answer, event: Event, enrolment?: Enrolment): Decided<Judgement> => ({ result: { answer, event, enrolment } });
const changed = (answer: Answer, event: Event, next: Enrolment): Decided<Judgement> => ({ result: { answer, event, enrolment: next }, next });

const wrong = (enrolment: Enrolment, counter: Counter, now: number): Decided<Judgement> => {
  const after = afterWrong(enrolment[counter], now);
  const lock = lockedFor(after, now);
  return changed(refused(lock), lock > 0 ? 'lock' : 'wrong', { ...enrolment, [counter]: after });
};
const byBackupCode = (enrolment: Enrolment, code: string, codeKey: Uint8Array, now: number): Decided<Judgement> => {
  const index = indexOfDigest(enrolment.codes, digestOf(codeKey, code));
  // Whoever could not scan the secret would be locked out when the backup codes are used up.
  if (index < 0 || enrolment.status === 'pending') return wrong(enrolment, 'codeGuesses', now);
  return changed(BY_BACKUP, 'backup', { ...enrolment, codes: enrolment.codes.toSpliced(index, 1), codeGuesses: afterRight(enrolment.codeGuesses) });
};
const byTime = (enrolment: Enrolment, code: string, secret: Uint8Array, now: number): Decided<Judgement> => {
  const match = matched(secret, code, enrolment, now, enrolment.lastStep);
  if (match.is === 'used') return unchanged(USED, 'used', enrolment);
  if (match.is === 'wrong') return wrong(enrolment, 'guesses', now);
  const confirmedAt = enrolment.confirmedAt ?? now;
  return changed(enrolment.status === 'pending' ? COMPLETED : DONE, 'ok', {
    ...enrolment,
    status: 'active',
    confirmedAt,
    lastStep: match.step,
    guesses: afterRight(enrolment.guesses),
  });
};

/**
 * What a code is worth and what is stored after it. A wrong code is counted, a right one used up, by the same swap of the row
 * that it was judged by: whatever comes at once, in however many processes, is judged one after the other.
 */
export const judge = (encryption: Encryption, row: Row | undefined, code: string, now: number): Decided<Judgement> => {
  if (row === undefined || code === '') return unchanged(REQUIRED, 'missing', row?.enrolment);
  const { enrolment } = row;
  const backup = backupCodeOf(code);
  const counter: Counter = backup === undefined ? 'guesses' : 'codeGuesses';
  const lock = lockedFor(enrolment[counter], now);
  if (lock > 0) return unchanged(refused(lock), 'locked', enrolment);
  const { secret, codeKey } = decrypted(encryption, enrolment, enrolment.sealed);
  return backup === undefined ? byTime(enrolment, code, secret, now) : byBackupCode(enrolment, backup, codeKey, now);
};
