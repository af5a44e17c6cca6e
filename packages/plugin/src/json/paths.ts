import { Buffer } from 'node:buffer';

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
const known = new WeakMap<readonly (readonly string[])[], PathTree>();
/** The tree of the paths; made once per array, so keep the array. */
export const pathTree = (paths: readonly (readonly string[])[]): PathTree => {
  let tree = known.get(paths);
  if (tree === undefined) {
    tree = grow(paths);
    known.set(paths, tree);
  }
  return tree;
};
