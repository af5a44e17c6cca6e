import type { Ledger, LedgerKind } from './dialect.ts';

/** What a writer could not carry over as it was; `param` is a place in the conversation, which the core says in the client's words. */
export type Lost = (param: string, why: string, kind?: LedgerKind) => void;
export const lostTo =
  (ledger: Ledger): Lost =>
  (param, why, kind = 'ignored') =>
    ledger.note(kind, param, why);

/** Looks at all that a value holds, so that nothing of it gets a line of its own in the ledger: what is written says it in another way. */
export const look = (value: unknown): void => {
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) look((value as Readonly<Record<string, unknown>>)[key]);
};
