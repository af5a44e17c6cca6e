import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const FILE = resolve(dirname(fileURLToPath(import.meta.url)), '../src/conversation.ts');
const TAGS = ['kind', 'type'] as const;

/** Literals of the member that tells the kinds of a union apart. */
const tagsOf = (type: ts.Type, checker: ts.TypeChecker, at: ts.Node): string[] => {
  for (const tag of TAGS) {
    const symbol = type.getProperty(tag);
    if (symbol === undefined) continue;
    const literals = parts(checker.getTypeOfSymbolAtLocation(symbol, at)).filter((part) => part.isStringLiteral());
    if (literals.length > 0) return literals.map((literal) => `<${literal.value}>`);
  }
  return [''];
};
const parts = (type: ts.Type): readonly ts.Type[] => (type.isUnion() ? type.types : [type]);

let once: { readonly checker: ts.TypeChecker; readonly file: ts.SourceFile | undefined } | undefined;
const loaded = (): NonNullable<typeof once> => {
  if (once !== undefined) return once;
  const program = ts.createProgram([FILE], {
    strict: true,
    exactOptionalPropertyTypes: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
    lib: ['lib.es2022.d.ts'],
  });
  once = { checker: program.getTypeChecker(), file: program.getSourceFile(FILE) };
  return once;
};

/**
 * Every member that values of the exported type can have, as a path: `turns.parts<text>.citations.url`, kinds of a union in angle
 * brackets. Types that hold themselves are followed once.
 */
export const membersOf = (name: string): Set<string> => {
  const { checker, file } = loaded();
  const symbol = file === undefined ? undefined : checker.getSymbolAtLocation(file);
  const exported = symbol === undefined ? undefined : checker.getExportsOfModule(symbol).find((one) => one.name === name);
  if (file === undefined || exported === undefined) throw new Error(`${name} is not exported`);
  const found = new Set<string>();
  const walk = (type: ts.Type, path: string, above: readonly ts.Type[]): void => {
    for (const one of parts(type)) {
      const element = checker.isArrayType(one) ? checker.getTypeArguments(one as ts.TypeReference)[0] : undefined;
      if (element !== undefined) walk(element, path, above);
      else if ((one.flags & ts.TypeFlags.Object) !== 0 || one.isIntersection()) members(one, path, above);
    }
  };
  const members = (type: ts.Type, path: string, above: readonly ts.Type[]): void => {
    if (above.includes(type) || type.getStringIndexType() !== undefined) return;
    for (const tag of tagsOf(type, checker, file)) {
      for (const member of checker.getPropertiesOfType(type)) {
        const place = `${path}${tag}.${member.name}`;
        found.add(place);
        walk(checker.getTypeOfSymbolAtLocation(member, file), place, [...above, type]);
      }
    }
  };
  walk(checker.getDeclaredTypeOfSymbol(exported), '', []);
  return found;
};

/** The same paths of a value. */
export const pathsOf = (value: unknown, path = '', found = new Set<string>()): Set<string> => {
  if (Array.isArray(value)) for (const item of value) pathsOf(item, path, found);
  else if (typeof value === 'object' && value !== null) {
    const record = value as Record<string, unknown>;
    const tag = TAGS.map((key) => record[key]).find((literal) => typeof literal === 'string' && /^[a-zA-Z-]+$/.test(literal));
    const kind = typeof tag === 'string' && !('base64' in record || 'url' in record) ? `<${tag}>` : '';
    for (const [key, member] of Object.entries(record)) {
      if (member === undefined) continue;
      found.add(`${path}${kind}.${key}`);
      pathsOf(member, `${path}${kind}.${key}`, found);
    }
  }
  return found;
};
