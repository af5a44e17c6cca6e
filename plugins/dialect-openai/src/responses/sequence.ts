import type { Ledger, Part, Turn } from '@llm-proxy-auth/plugin';
import { type Piece, type Reading, readItem, type Writing, writeItem } from './items.ts';
import { itemId, marked, markOf } from './mark.ts';
import { restore } from './remainder.ts';
import { type Fields, invalid, isObject } from './wire.ts';

const isMessagePart = (part: Part): boolean => part.kind !== 'toolCall' && part.kind !== 'toolResult' && part.kind !== 'thinking' && part.kind !== 'opaque';

/** Parts of one turn, cut where one item ends and the next begins. */
export const groupsOf = (parts: readonly Part[]): readonly (readonly Part[])[] => {
  const groups: Part[][] = [];
  for (const part of parts) {
    const open = groups.at(-1);
    const last = open?.at(-1);
    const joins = last !== undefined && isMessagePart(last) && isMessagePart(part) && markOf(last) === undefined && itemId(last) === itemId(part);
    if (joins) open?.push(part);
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

export const customCalls = (turns: readonly Turn[]): ReadonlySet<string> => new Set(turns.flatMap((turn) => customIds(turn.parts)));

/** Items of one turn; what the surface has no form for goes to the ledger. */
export const writeItems = (turn: Turn, writing: Writing, ledger: Ledger): readonly Fields[] =>
  (turn.parts.length === 0 ? [[]] : groupsOf(turn.parts)).flatMap((group) => {
    const mark = writing.own ? markOf(group.at(-1)) : undefined;
    const item = writeItem(turn.role, group, mark, writing);
    if (item !== undefined) return [restore(item, mark)];
    ledger.note('ignored', `turns.parts.${group[0]?.kind ?? 'text'}`, 'The Responses API has no item for it.');
    return [];
  });
