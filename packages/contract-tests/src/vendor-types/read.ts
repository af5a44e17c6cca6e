import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { type LeafShape, type Member, type ObjectShape, type Shape, type VendorType, vendorType } from './shape.ts';

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: [],
  lib: ['lib.es2022.d.ts'],
};
/** A program whose one file is `text`, read as if it stood in `folder`. Nothing is written. */
const programOf = (path: string, text: string): ts.Program => {
  const host = ts.createCompilerHost(OPTIONS);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, version) => (name === path ? ts.createSourceFile(name, text, version) : getSourceFile(name, version));
  host.fileExists = (name) => name === path || fileExists(name);
  host.readFile = (name) => (name === path ? text : readFile(name));
  return ts.createProgram([path], OPTIONS, host);
};
const has = (type: ts.Type, flags: ts.TypeFlags): boolean => (type.flags & flags) !== 0;
const LEAVES: readonly (readonly [ts.TypeFlags, LeafShape['is']])[] = [
  [ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.NonPrimitive, 'any'],
  [ts.TypeFlags.Null, 'null'],
  [ts.TypeFlags.StringLike, 'text'],
  [ts.TypeFlags.NumberLike, 'number'],
  [ts.TypeFlags.BigIntLike | ts.TypeFlags.ESSymbolLike, 'other'],
];
const CLASSES: Readonly<Record<string, LeafShape['is']>> = Object.freeze({ Date: 'date', Uint8Array: 'bytes', ArrayBuffer: 'bytes' });
const NOTHING = ts.TypeFlags.Undefined | ts.TypeFlags.Never | ts.TypeFlags.Void;
const TAGS = ['type', 'kind', 'role', 'object'] as const;
/** The name without the file it stands in. */
const shortName = (name: string): string => name.replace(/^"[^"]*"\./, '');

/** Shapes of one program: each type is looked at once. */
const reader = (checker: ts.TypeChecker) => {
  const shapes = new Map<ts.Type, Shape>();
  const unions = new Map<string, Shape>();
  const numbers = new Map<ts.Type, number>();
  const names = new Set<string>();

  const tagOf = (type: ts.Type): string => {
    for (const tag of TAGS) {
      const symbol = type.getProperty(tag);
      const literal = symbol === undefined ? undefined : checker.getTypeOfSymbol(symbol);
      if (literal?.isStringLiteral() === true) return `~${literal.value}`;
    }
    return '';
  };
  /** The declared name, else the place; with a number when another type has it. */
  const nameOf = (type: ts.Type, place: string): string => {
    const symbol = type.aliasSymbol ?? type.symbol;
    const declared = symbol === undefined ? '' : shortName(checker.getFullyQualifiedName(symbol));
    const plain = declared === '' || declared.includes('__type') ? place : declared;
    const wanted = [plain, `${plain}${tagOf(type)}`].find((name) => !names.has(name)) ?? plain;
    let name = wanted;
    for (let count = 2; names.has(name); count += 1) name = `${wanted}#${count}`;
    names.add(name);
    return name;
  };
  const leaf = (type: ts.Type): Shape | undefined => {
    if ((type as { readonly intrinsicName?: string }).intrinsicName === 'error') return undefined;
    if (type.isStringLiteral() || type.isNumberLiteral()) return { is: 'literal', value: type.value };
    if (has(type, ts.TypeFlags.BooleanLiteral)) return { is: 'literal', value: checker.typeToString(type) === 'true' };
    const found = LEAVES.find(([flags]) => has(type, flags));
    if (found !== undefined) return { is: found[1] };
    // `string & {}`: any text beside the words that an editor offers.
    if (type.isIntersection() && type.types.some((part) => has(part, ts.TypeFlags.String))) return { is: 'text' };
    const known = CLASSES[type.symbol?.name ?? ''];
    if (known !== undefined) return { is: known };
    const callable = type.getCallSignatures().length > 0 || type.getConstructSignatures().length > 0;
    return callable || type.isClass() ? { is: 'other' } : undefined;
  };
  const object = (type: ts.Type, place: string): ObjectShape => {
    const name = nameOf(type, place);
    const members = new Map<string, Member>();
    const shape: ObjectShape = { is: 'object', name, members };
    shapes.set(type, shape);
    for (const member of checker.getPropertiesOfType(type)) {
      if ((member.flags & ts.SymbolFlags.Method) !== 0) continue;
      const value = checker.getTypeOfSymbol(member);
      // A member that can only be absent tells alternatives apart and is none.
      if (has(value, NOTHING)) continue;
      const optional = (member.flags & ts.SymbolFlags.Optional) !== 0 || (value.isUnion() && value.types.some((one) => has(one, NOTHING)));
      members.set(member.name, { optional, shape: shapeOf(value, `${name}.${member.name}`) });
    }
    return shape;
  };
  const holding = (is: 'list' | 'record', type: ts.Type, inner: ts.Type, place: string): Shape => {
    const shape: { is: 'list' | 'record'; of: Shape } = { is, of: { is: 'any' } };
    shapes.set(type, shape);
    shape.of = shapeOf(inner, place);
    return shape;
  };
  const numberOf = (type: ts.Type): number => {
    const number = numbers.get(type) ?? numbers.size;
    numbers.set(type, number);
    return number;
  };
  /** A union that may be absent is the same one. */
  const union = (type: ts.UnionType, place: string): Shape => {
    const real = type.types.filter((one) => !has(one, NOTHING));
    const [only] = real;
    if (real.length === 1 && only !== undefined) return shapeOf(only, place);
    const key = real.map(numberOf).join(' ');
    const known = unions.get(key);
    if (known !== undefined) return known;
    const alternatives: Shape[] = [];
    const shape: Shape = { is: 'union', of: alternatives };
    unions.set(key, shape);
    for (const one of real) {
      const alternative = shapeOf(one, place);
      if (!alternatives.includes(alternative)) alternatives.push(alternative);
    }
    return shape;
  };
  const shapeOf = (type: ts.Type, place: string): Shape => {
    const known = shapes.get(type) ?? leaf(type);
    if (known !== undefined) return known;
    if (type.isUnion()) return union(type, place);
    if ((type as { readonly intrinsicName?: string }).intrinsicName === 'error') throw new Error(`${place} has a type that cannot be resolved`);
    if (checker.isArrayType(type)) {
      const [element] = checker.getTypeArguments(type as ts.TypeReference);
      return holding('list', type, element ?? checker.getAnyType(), place);
    }
    if (checker.isTupleType(type)) {
      const [element] = checker.getTypeArguments(type as ts.TypeReference);
      return holding('list', type, element ?? checker.getAnyType(), place);
    }
    const index = type.getStringIndexType();
    return index === undefined || checker.getPropertiesOfType(type).length > 0 ? object(type, place) : holding('record', type, index, place);
  };
  return shapeOf;
};

const read = new Map<string, ReadonlyMap<string, VendorType>>();
/**
 * Types of a vendor's SDK as its declarations have them, by the TypeScript compiler: `from` is the URL of the file whose packages are
 * meant, `source` a text of TypeScript that exports the types (`export type { Response } from 'openai/resources/responses/responses'`,
 * `export type Chunk = …`). Reading takes about a second and is done once for a text.
 * Throws when an exported type cannot be resolved.
 */
export const vendorTypes = (from: string, source: string): ReadonlyMap<string, VendorType> => {
  const path = fileURLToPath(new URL('./vendor-types.entries.ts', from));
  const key = `${path}\n${source}`;
  const known = read.get(key);
  if (known !== undefined) return known;
  const program = programOf(path, source);
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(path);
  const module = file === undefined ? undefined : checker.getSymbolAtLocation(file);
  const shapeOf = reader(checker);
  const types = new Map<string, VendorType>();
  for (const exported of module === undefined ? [] : checker.getExportsOfModule(module)) {
    const symbol = (exported.flags & ts.SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(exported) : exported;
    types.set(exported.name, vendorType(exported.name, shapeOf(checker.getDeclaredTypeOfSymbol(symbol), exported.name)));
  }
  read.set(key, types);
  return types;
};
