import { type Fields, invalid, isObject, type Ledger, losePart, lostTo, type Part, restore, type Turn } from '@llm-proxy-auth/plugin';
import { type Marking, writeBreakpoint } from '../breakpoints.ts';
import { noteCitations } from './content.ts';
import { isWritable, type Piece, type Reading, readItem, type Writing, writeItem } from './items.ts';
import { itemId, marked, markOf } from './mark.ts';
import { isSealedFor } from './reasoning.ts';

const isMessagePart = (part: Part): boolean => part.kind !== 'toolCall' && part.kind !== 'toolResult' && part.kind !== 'thinking' && part.kind !== 'opaque';

/** True when two parts stand in one message. `own`: they were read from this surface and know where their item ends. */
export const sharesItem = (part: Part | undefined, next: Part, own: boolean): boolean =>
  part !== undefined && isMessagePart(part) && isMessagePart(next) && (!own || (markOf(part) === undefined && itemId(part) === itemId(next)));
/** Parts of one turn, cut where one item ends and the next begins. */
export const groupsOf = (parts: readonly Part[], own: boolean): readonly (readonly Part[])[] => {
  const groups: Part[][] = [];
  for (const part of parts) {
    const open = groups.at(-1);
    if (sharesItem(open?.at(-1), part, own)) open?.push(part);
    else groups.push([part]);
  }
  return groups;
};

/** True when `piece` belongs to the turn that `before` closed: one turn holds what the model said between two inputs, or the results of its calls. */
const continues = (turn: Turn | undefined, before: Piece | undefined, piece: Piece): boolean => {
  if (turn === undefined || before === undefined || turn.role !== piece.role) return false;
  return piece.role === 'assistant' || (!piece.message && !before.message);
};
/** Two messages side by side stay two messages. */
const closed = (parts: readonly Part[], next: Piece, reading: Reading): readonly Part[] => {
  const last = parts.at(-1);
  const first = next.parts[0];
  if (last === undefined || first === undefined || !isMessagePart(last) || !isMessagePart(first)) return parts;
  if (markOf(last) !== undefined || itemId(last) !== itemId(first)) return parts;
  return [...parts.slice(0, -1), marked(last, {}, reading.flavour)];
};
const customIds = (parts: readonly Part[]): readonly string[] => parts.flatMap((part) => (part.kind === 'toolCall' && 'text' in part.input ? [part.id] : []));

/** `input` or `output` as turns: one for each message that is not the model's, one for what the model did between them. */
export const readItems = (items: readonly unknown[], param: string, reading: Reading): readonly Turn[] => {
  const turns: Turn[] = [];
  const custom = new Set<string>();
  let before: Piece | undefined;
  for (const [index, item] of items.entries()) {
    if (!isObject(item)) throw invalid(`${param}[${index}]`, 'An item must be an object.');
    const piece = readItem(item, `${param}[${index}]`, reading, custom);
    for (const id of customIds(piece.parts)) custom.add(id);
    const turn = turns.at(-1);
    if (turn !== undefined && continues(turn, before, piece))
      turns[turns.length - 1] = { ...turn, parts: [...closed(turn.parts, piece, reading), ...piece.parts] };
    else turns.push({ role: piece.role, parts: piece.parts });
    before = piece;
  }
  return turns;
};

/**
 * Parts of a foreign turn, with what reasoning the model can read again: `signer` sealed it, and what it led to stands behind it.
 * https://github.com/continuedev/continue/issues/8933
 */
const returned = (parts: readonly Part[], signer: string | undefined, ledger: Ledger): readonly Part[] => {
  const lose = (part: Part): void => losePart(part, 'turns.parts.thinking', 'the model reads reasoning that it sealed itself', lostTo(ledger));
  const kept = parts.filter((part) => {
    if (part.kind !== 'thinking' || isSealedFor(part, signer)) return true;
    lose(part);
    return false;
  });
  const end = kept.findLastIndex(({ kind }) => kind !== 'thinking') + 1;
  kept.slice(end).forEach(lose);
  return kept.slice(0, end);
};
/** The parts that have a form here, results of tools first; the others go to the ledger. */
const writable = (turn: Turn, own: boolean, ledger: Ledger, signer: string | undefined): readonly Part[] => {
  const lost = (part: Part, path: string): boolean => {
    losePart(part, `turns.parts.${path}${part.kind}`, 'The Responses API has no item for it.', lostTo(ledger));
    return false;
  };
  const given = own ? turn.parts : returned(turn.parts, signer, ledger);
  const kept = given.filter((part) => isWritable(turn.role, part, own) || lost(part, ''));
  if (turn.role === 'assistant') for (const part of kept) if (part.kind === 'text') noteCitations(part.citations ?? [], 'turns', ledger);
  if (turn.role !== 'assistant' && kept.some((part) => part.kind === 'opaque')) ledger.note('emulated', 'turns.role', 'Items of the vendor are nobody’s turn.');
  const results = kept.filter((part) => part.kind === 'toolResult');
  for (const result of results) for (const part of result.parts) if (!isWritable('user', part, own)) lost(part, 'parts.');
  return results.length === 0 ? kept : [...results, ...kept.filter((part) => part.kind !== 'toolResult')];
};
const writeTurn = (turn: Turn, writing: Writing, ledger: Ledger, signer: string | undefined): readonly Fields[] => {
  const parts = writable(turn, writing.own, ledger, signer);
  if (parts.length === 0 && turn.parts.length > 0) return [];
  const groups = parts.length === 0 ? [[]] : groupsOf(parts, writing.own);
  return groups.flatMap((group) => {
    const mark = writing.own ? markOf(group.at(-1)) : undefined;
    const item = writeItem(turn.role, group, mark, writing);
    return item === undefined ? [] : [restore(item, mark)];
  });
};
/** How turns become `input`. `signer`: whose sealed reasoning goes back in foreign ones, undefined: nobody's; `marking`: how foreign marks for the cache do. */
export interface Sending {
  readonly own: boolean;
  readonly ledger: Ledger;
  readonly signer: string | undefined;
  readonly marking: Marking | undefined;
}
export const writeItems = (turns: readonly Turn[], { own, ledger, signer, marking }: Sending): readonly Fields[] => {
  const custom = new Set<string>();
  return turns.flatMap((turn) => {
    const items = writeTurn(turn, { flavour: 'input', own, marking: own ? writeBreakpoint : marking, custom }, ledger, signer);
    for (const id of customIds(turn.parts)) custom.add(id);
    return items;
  });
};
