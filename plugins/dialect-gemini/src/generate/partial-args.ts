import { asFlag, asNumber, asText, type Fields, GatewayError, type Json } from '@llm-proxy-auth/plugin';

type Tree = Record<string, Json> | Json[];
/** `$.a.b[0]["c d"]` as steps. */
const stepsOf = (path: string): readonly (string | number)[] =>
  [...path.matchAll(/\.([^.[\]]+)|\[(\d+)\]|\[(["'])(.*?)\3\]/g)].map(([, name, index, , quoted]) => name ?? quoted ?? Number(index));
const said = (piece: Fields): Json => {
  if (piece.stringValue !== undefined) return asText(piece.stringValue) ?? '';
  if (piece.numberValue !== undefined) return asNumber(piece.numberValue) ?? 0;
  return piece.boolValue === undefined ? null : (asFlag(piece.boolValue) ?? false);
};
const get = (tree: Tree, step: string | number): Json => (Object.hasOwn(tree, step) ? (tree as Record<string, Json>)[String(step)] : undefined);
/** A place far behind the others would make a list of nothing, and a long one. */
const MOST_ITEMS = 100_000;
const setItem = (list: Json[], at: number, value: Json): void => {
  if (!(at <= MOST_ITEMS)) throw new GatewayError('upstream_bad_response', 'The provider sent a piece of a call for a place that no list has.');
  list[at] = value;
};
const set = (tree: Tree, step: string | number, value: Json): void => {
  if (Array.isArray(tree)) setItem(tree, Number(step), value);
  else if (step !== '__proto__') tree[String(step)] = value;
};
const isTree = (v: Json): v is Tree => typeof v === 'object' && v !== null;

/** The arguments of a call that come piece by piece (`partialArgs`), put together. */
export const partialArgs = () => {
  const root: Record<string, Json> = {};
  return {
    /** Strings of one place are appended until a piece says no more of it comes. */
    add(piece: Fields): void {
      const steps = stepsOf(asText(piece.jsonPath) ?? '');
      const last = steps.at(-1);
      if (last === undefined) return;
      let at: Tree = root;
      steps.slice(0, -1).forEach((step, i) => {
        const inner = get(at, step);
        const next: Tree = isTree(inner) ? inner : typeof steps[i + 1] === 'number' ? [] : {};
        set(at, step, next);
        at = next;
      });
      const before = get(at, last);
      const value = said(piece);
      set(at, last, typeof before === 'string' && typeof value === 'string' ? before + value : value);
    },
    value: (): Fields => root,
  };
};
export type PartialArgs = ReturnType<typeof partialArgs>;
