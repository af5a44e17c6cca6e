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
/** Lists that begin with one path object; more than a surface ever has. */
const MAX_KNOWN = 16;
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
interface Known {
  readonly paths: readonly (readonly string[])[];
  readonly tree: PathTree;
}
const NO_PATHS = grow([]);
/** Trees by their first path: paths live in static tables, while the lists of them may be made anew for each request. */
const known = new WeakMap<readonly string[], Known[]>();
/** The tree of the paths; made once for the same path objects in the same order. */
export const pathTree = (paths: readonly (readonly string[])[]): PathTree => {
  const [first] = paths;
  if (first === undefined) return NO_PATHS;
  const trees = known.get(first) ?? [];
  const match = trees.find((one) => one.paths.length === paths.length && one.paths.every((path, index) => path === paths[index]));
  if (match !== undefined) return match.tree;
  const tree = grow(paths);
  if (trees.length < MAX_KNOWN) known.set(first, [...trees, { paths: [...paths], tree }]);
  return tree;
};
