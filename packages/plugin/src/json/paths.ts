import { Buffer } from 'node:buffer';
import { same } from './grammar.ts';

/** A key on a governed path. Nodes are numbered so that a scan keeps what it found in a flat array. */
export interface PathNode {
  readonly id: number;
  readonly key: Uint8Array;
  readonly parent: PathNode | undefined;
  readonly children: readonly PathNode[];
}
export interface PathTree {
  readonly root: PathNode;
  readonly size: number;
  /** For each path the ids of its nodes from the top level (id 0) to its own. */
  readonly chains: readonly (readonly number[])[];
}
interface Growing {
  id: number;
  key: Uint8Array;
  name: string;
  parent: Growing | undefined;
  children: Growing[];
}
const grow = (paths: readonly (readonly string[])[]): PathTree => {
  const root: Growing = { id: 0, key: new Uint8Array(), name: '', parent: undefined, children: [] };
  let size = 1;
  const chains = paths.map((path) => {
    let node: Growing = root;
    const chain = [0];
    for (const name of path) {
      let child: Growing | undefined = node.children.find((c) => c.name === name);
      if (child === undefined) {
        child = { id: size++, key: new Uint8Array(Buffer.from(name)), name, parent: node, children: [] };
        node.children.push(child);
      }
      node = child;
      chain.push(node.id);
    }
    return chain;
  });
  return { root, size, chains };
};
/** What `make` gives for a list, made once for the same object. */
const once = <List extends object, Made>(make: (list: List) => Made): ((list: List) => Made) => {
  const known = new WeakMap<List, Made>();
  return (list) => {
    const found = known.get(list);
    if (found !== undefined) return found;
    const made = make(list);
    known.set(list, made);
    return made;
  };
};
/** The tree of the paths; made once for the same list. */
export const pathTree: (paths: readonly (readonly string[])[]) => PathTree = once(grow);

/** Names of keys by their length in bytes. */
export type KeyTable = readonly (readonly Uint8Array[] | undefined)[];
const byLength = (names: readonly string[]): KeyTable => {
  const table: Uint8Array[][] = [];
  for (const name of names) {
    const key = new Uint8Array(Buffer.from(name));
    table[key.length] = [...(table[key.length] ?? []), key];
  }
  return table;
};
/** The table of the names; made once for the same list. */
export const keyTable: (names: readonly string[]) => KeyTable = once(byLength);
/** Whether `bytes` from `start` to `end` are one of the names. */
export const stands = (keys: KeyTable, bytes: Uint8Array, start: number, end: number): boolean => {
  const some = keys[end - start];
  if (some === undefined) return false;
  for (const key of some) if (same(key, bytes, start, end)) return true;
  return false;
};
