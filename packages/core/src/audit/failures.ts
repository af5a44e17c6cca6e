import { AuditRecord } from './record.ts';
import { addressPrefix } from './shown.ts';

/** Failures of one kind from one network are one record in so long. */
const WINDOW_MS = 10_000;
/** Kinds and networks that are told apart in one window. */
const MOST = 1_000;
export interface AuthFailure {
  readonly address: string;
  readonly code: string;
  readonly strategy: string | undefined;
  /** Of a closed set of words of the strategy, or its sentence. */
  readonly reason: string | undefined;
}

/** Credentials that were refused, added up: nobody fills the log by guessing. */
export const authFailures = (now: () => number, push: (record: AuditRecord) => void) => {
  const open = new Map<string, AuditRecord>();
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    for (const record of open.values()) push(record);
    open.clear();
  };
  return {
    note({ address, code, strategy, reason }: AuthFailure): void {
      const network = open.size < MOST ? (addressPrefix(address) ?? '') : '';
      const key = `${network} ${code} ${strategy ?? ''} ${open.size < MOST ? (reason ?? '') : ''}`;
      const known = open.get(key);
      if (known !== undefined) {
        known.count = (known.count ?? 0) + 1;
        return;
      }
      const record = new AuditRecord('auth', now());
      record.address = network === '' ? undefined : address;
      record.code = code;
      record.strategy = strategy;
      record.reason = open.size < MOST ? reason : undefined;
      record.count = 1;
      open.set(key, record);
      timer ??= setTimeout(flush, WINDOW_MS).unref();
    },
    flush,
  };
};
