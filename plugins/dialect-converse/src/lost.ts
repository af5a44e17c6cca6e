import type { Ledger, LedgerKind, Part } from '@llm-proxy-auth/plugin';

/** What a writer could not carry over as it was; `param` is a path of the conversation. */
export type Lost = (param: string, why: string, kind?: LedgerKind) => void;
export const lostTo =
  (ledger: Ledger): Lost =>
  (param, why, kind = 'ignored') =>
    ledger.note(kind, param, why);
export const unheard: Lost = () => undefined;

const look = (value: unknown): void => {
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) look((value as Readonly<Record<string, unknown>>)[key]);
};
/** Notes a part that the surface has no form for. Its members are looked at, so that they get no lines of their own. */
export const losePart = (part: Part, where: 'turns' | 'choices', why: string, lost: Lost): void => {
  look(part);
  lost(`${where}.parts.${part.kind}`, why);
};
