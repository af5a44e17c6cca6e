import { GatewayError } from '@llm-proxy-auth/plugin';

/** Primary result codes of SQLite, https://www.sqlite.org/rescode.html; the extended ones carry them in the low byte. */
const RESULT = Object.freeze({ busy: 5, locked: 6, readOnly: 8, io: 10, corrupt: 11, full: 13, cannotOpen: 14, notDatabase: 26 });

const resultOf = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;

/** Another connection holds the lock; the same call may succeed later. */
export const isBusy = (error: unknown): boolean => {
  const result = resultOf(error);
  return result === RESULT.busy || result === RESULT.locked;
};

const SENTENCES: ReadonlyMap<number, string> = new Map([
  [RESULT.readOnly, 'cannot be written; give the gateway write access to the file and its folder'],
  [RESULT.io, 'could not be read or written by the disk'],
  [RESULT.corrupt, 'is damaged; restore it from a backup, it is never made anew over an existing file'],
  [RESULT.cannotOpen, 'cannot be opened; give the gateway write access to the file and its folder'],
  [RESULT.notDatabase, 'is not a SQLite database or its header is damaged; restore it from a backup, it is never made anew over an existing file'],
]);

/** A store that is busy or full is `overloaded` (503, later perhaps), everything else `internal_error`; the driver's error is the cause. */
export const failure = (path: string, error: unknown): GatewayError => {
  const result = resultOf(error);
  const extra = { param: 'store.path', cause: error };
  if (isBusy(error)) return new GatewayError('overloaded', `The store ${path} is locked by another process; try again.`, { ...extra, retryAfterMs: 1000 });
  if (result === RESULT.full)
    return new GatewayError('overloaded', `The disk of the store ${path} is full; free some space.`, { ...extra, retryAfterMs: 10_000 });
  const sentence = (result === undefined ? undefined : SENTENCES.get(result)) ?? 'failed';
  return new GatewayError('internal_error', `The store ${path} ${sentence}.`, extra);
};
