import type { MapNode, Node } from './document.ts';
import { accepts, candidates, type Written } from './leaf.ts';
import { choicesOf, isObjectShape, type Shape, typesOf } from './shape.ts';

const fitsKind = (shape: Shape, node: Node): boolean => {
  if (shape.anyOf !== undefined) return shape.anyOf.some((b) => fitsKind(b, node));
  const types = typesOf(shape);
  if (node.is === 'map') return isObjectShape(shape) || (types.length === 0 && choicesOf(shape) === undefined);
  if (node.is === 'list') return types.includes('array') || (types.length === 0 && choicesOf(shape) === undefined);
  return choicesOf(shape) !== undefined || types.length === 0 || types.some((t) => t !== 'object' && t !== 'array');
};

/** The key whose fixed value tells object branches apart (`type`, `use`), when every branch fixes it. */
const discriminator = (branches: readonly Shape[]): string | undefined => {
  const [first] = branches;
  return Object.keys(first?.properties ?? {}).find((key) =>
    branches.every((b) => {
      const property = b.properties?.[key];
      return property !== undefined && choicesOf(property) !== undefined;
    }),
  );
};
const misfits = (shape: Shape, node: MapNode): number =>
  [...node.entries.keys()].filter((k) => shape.properties?.[k] === undefined).length +
  (shape.required ?? []).filter((k) => !node.entries.has(k) && shape.properties?.[k]?.default === undefined).length;

export type Chosen =
  | { readonly is: 'branch'; readonly shape: Shape }
  | { readonly is: 'key'; readonly key: string; readonly choices: readonly unknown[] }
  | { readonly is: 'none' };

/**
 * The one branch of a union that a map or list is meant to be, so that only its problems are told. `read` gives the
 * scalar of a key as expanded.
 */
export const chooseBranch = (branches: readonly Shape[], node: Node, read: (node: Node) => unknown): Chosen => {
  const fitting = branches.filter((b) => fitsKind(b, node));
  const [first] = fitting;
  if (first === undefined) return { is: 'none' };
  if (fitting.length === 1 || node.is !== 'map') return { is: 'branch', shape: first };
  const key = discriminator(fitting);
  if (key === undefined) return { is: 'branch', shape: fitting.toSorted((a, b) => misfits(a, node) - misfits(b, node))[0] ?? first };
  const entry = node.entries.get(key);
  const choicesAt = (b: Shape): readonly unknown[] => choicesOf(b.properties?.[key] ?? {}) ?? [];
  if (entry === undefined) {
    const implied = fitting.find((b) => b.properties?.[key]?.default !== undefined || !(b.required ?? []).includes(key));
    return implied === undefined ? { is: 'key', key, choices: fitting.flatMap(choicesAt) } : { is: 'branch', shape: implied };
  }
  const value = read(entry.node);
  const named = fitting.find((b) => choicesAt(b).includes(value));
  return named === undefined ? { is: 'key', key, choices: fitting.flatMap(choicesAt) } : { is: 'branch', shape: named };
};

/** The first branch that takes the scalar, or the most telling one for the message. */
export const chooseScalar = (branches: readonly Shape[], written: Written): Shape | undefined => {
  const flat = branches.flatMap((b) => (b.anyOf === undefined || choicesOf(b) !== undefined ? [b] : b.anyOf));
  const scalar = flat.filter((b) => choicesOf(b) !== undefined || typesOf(b).length === 0 || typesOf(b).some((t) => t !== 'object' && t !== 'array'));
  const fixed = scalar.filter((b) => choicesOf(b) !== undefined);
  const free = scalar.filter((b) => choicesOf(b) === undefined);
  const taking = [...fixed, ...free].find((b) => candidates(written, b).some((c) => accepts(b, c)));
  if (taking !== undefined) return taking;
  if (free.length === 0 && fixed.length > 0) return { enum: fixed.flatMap((b) => choicesOf(b) ?? []) };
  return free[0];
};
