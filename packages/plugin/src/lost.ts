import type { Origin, Part, Turn } from './conversation.ts';
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
const holds = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== '' && value !== false && (typeof value !== 'object' || Object.keys(value).length > 0);
/**
 * Notes members of a provider's answer that have no place in the conversation, for a client whose dialect gets none of them back. `quiet`:
 * those that say nothing by themselves. Members that are empty are none.
 */
export const loseBeyond = (fields: Readonly<Record<string, unknown>> | undefined, quiet: ReadonlySet<string>, lost: Lost): void => {
  for (const [name, value] of Object.entries(fields ?? {}))
    if (!quiet.has(name) && holds(value)) lost(`rest.fields.${name}`, 'only the provider’s own clients have a place for it');
};
/** Notes a part that a surface has no form for. Its members are looked at, so that they get no lines of their own. */
export const losePart = (part: Part, param: string, why: string, lost: Lost): void => {
  look(part);
  lost(param, why);
};
/** Results whose name is another than that of the call they answer, which the id alone cannot say. `written`: the name goes along. */
export const loseResultNames = (turns: readonly Turn[], lost: Lost, written: (part: Part) => boolean = () => false): void => {
  const names = new Map<string, string>();
  for (const { parts } of turns)
    for (const part of parts) {
      if (part.kind === 'toolCall') names.set(part.id, part.name);
      if (part.kind !== 'toolResult' || part.name === undefined || written(part) || part.name === names.get(part.id)) continue;
      lost('turns.parts.name', 'the id of the call says whose result it is', 'emulated');
    }
};
/** Notes what another vendor signed of the text of an answer. `origin`: of the part, which a stream tells at its end; `own`: whose proofs are written. */
export const loseProof = (origin: Origin | undefined, own: string, lost: Lost): void => {
  if (origin !== undefined && origin.dialect !== own) lost('choices.parts.origin', 'another vendor signed the text, and text has no place for it');
};
