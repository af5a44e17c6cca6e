import { addressPrefix } from '@llm-proxy-auth/plugin/issued';
import { AuditRecord } from './record.ts';

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
  /** Of somebody whose first credential holds. */
  readonly principal?: string | undefined;
  /** Of somebody known, or one that was proven and is good no more. */
  readonly credential?: string | undefined;
  readonly request?: string | undefined;
}

const known = ({ address, code, strategy, reason, principal, credential, request }: AuthFailure, at: number): AuditRecord =>
  Object.assign(new AuditRecord('auth', at), { address, code, strategy, reason, principal, credential, request, count: 1 });
/** Credentials that were refused, added up: nobody fills the log by guessing. Those of somebody known are recorded one by one. */
export const authFailures = (now: () => number, push: (record: AuditRecord) => void) => {
  const open = new Map<string, AuditRecord>();
  /** The failure before, and its record: whoever guesses fails alike each time. */
  let last: { readonly of: AuthFailure; readonly record: AuditRecord } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const again = ({ address, code, strategy, reason, credential }: AuthFailure): AuditRecord | undefined =>
    last?.of.address === address && last.of.code === code && last.of.strategy === strategy && last.of.reason === reason && last.of.credential === credential
      ? last.record
      : undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    for (const record of open.values()) push(record);
    open.clear();
    last = undefined;
  };
  return {
    note(failure: AuthFailure): void {
      if (failure.principal !== undefined) {
        push(known(failure, now()));
        return;
      }
      const alike = again(failure);
      if (alike !== undefined) {
        alike.count = (alike.count ?? 0) + 1;
        return;
      }
      const { address, code, strategy, reason, credential } = failure;
      const network = open.size < MOST ? (addressPrefix(address) ?? '') : '';
      const key = `${network} ${code} ${strategy ?? ''} ${open.size < MOST ? `${reason ?? ''} ${credential ?? ''}` : ''}`;
      const same = open.get(key);
      if (same !== undefined) {
        same.count = (same.count ?? 0) + 1;
        last = { of: failure, record: same };
        return;
      }
      const record = new AuditRecord('auth', now());
      record.address = network === '' ? undefined : address;
      record.code = code;
      record.strategy = strategy;
      if (open.size < MOST) Object.assign(record, { reason, credential });
      record.count = 1;
      open.set(key, record);
      timer ??= setTimeout(flush, WINDOW_MS).unref();
    },
    flush,
  };
};
