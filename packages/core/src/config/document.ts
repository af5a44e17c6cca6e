import { isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, parseDocument } from 'yaml';
import type { ProblemCode } from './problem.ts';

/** Counts from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}
/** The document as read: scalars, lists and maps with the place of every key and value. `place` is absent for what no file says. */
export type Node = ScalarNode | ListNode | MapNode;
export interface ScalarNode {
  readonly is: 'scalar';
  readonly value: string | number | boolean | null;
  /** `null` was written, not nothing. */
  readonly spelt?: true | undefined;
  readonly place?: Place | undefined;
  /** Set where the text comes from this environment variable as a whole; it is then not expanded again. */
  readonly variable?: string | undefined;
}
interface ListNode {
  readonly is: 'list';
  readonly items: readonly Node[];
  readonly place?: Place | undefined;
}
export interface MapNode {
  readonly is: 'map';
  readonly entries: ReadonlyMap<string, Entry>;
  readonly place?: Place | undefined;
}
export interface Entry {
  readonly key?: Place | undefined;
  readonly node: Node;
}
export interface DocumentProblem {
  readonly place?: Place | undefined;
  readonly path: string;
  readonly code: ProblemCode;
  readonly message: string;
}

const MAX_BYTES = 1024 * 1024;
const MAX_DEPTH = 32;
/** Syntax errors after the first few are mostly echoes. */
const MAX_SYNTAX = 20;
const FORBIDDEN = Object.freeze(new Set(['__proto__', 'constructor', 'prototype']));

/** Flow collections nested too deeply make the composer slow; the lexer is iterative and stops at the first. */
const flowTooDeep = (text: string): boolean => {
  let depth = 0;
  let scalar = false;
  for (const token of new Lexer().lex(text)) {
    if (scalar) scalar = false;
    else if (token === '\u001f') scalar = true;
    else if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth--;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
};

export const joinPath = (path: string, key: string | number): string => (typeof key === 'number' ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`);

/** A document of plain data: a default of a schema, an environment variable. */
export const nodeOf = (value: unknown, place?: Place): Node => {
  if (Array.isArray(value)) return { is: 'list', items: value.map((v) => nodeOf(v, place)), place };
  if (typeof value === 'object' && value !== null)
    return { is: 'map', entries: new Map(Object.entries(value).map(([k, v]) => [k, { key: place, node: nodeOf(v, place) }])), place };
  return { is: 'scalar', value: typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null, place };
};

interface Walk {
  readonly problems: DocumentProblem[];
  readonly at: (node: unknown) => Place | undefined;
}
const refuseDecoration = (node: object, path: string, walk: Walk): void => {
  if ('anchor' in node && node.anchor !== undefined)
    walk.problems.push({ place: walk.at(node), path, code: 'config_alias', message: 'anchors are not allowed; write the value where it is used' });
  if ('tag' in node && node.tag !== undefined) walk.problems.push({ place: walk.at(node), path, code: 'config_tag', message: 'tags are not allowed' });
};
const walkMap = (node: { items: readonly { key: unknown; value: unknown }[] }, path: string, depth: number, walk: Walk): MapNode => {
  const entries = new Map<string, Entry>();
  for (const pair of node.items) {
    const place = walk.at(pair.key);
    const name = isScalar(pair.key) ? String(pair.key.value) : '';
    if (typeof pair.key === 'object' && pair.key !== null) refuseDecoration(pair.key, path, walk);
    if (isAlias(pair.key)) walk.problems.push({ place, path, code: 'config_alias', message: 'aliases are not allowed' });
    else if (name === '<<') walk.problems.push({ place, path, code: 'config_alias', message: 'merge keys are not allowed' });
    else if (FORBIDDEN.has(name)) walk.problems.push({ place, path, code: 'forbidden_key', message: `the key "${name}" is not allowed` });
    else if (name.includes('${')) walk.problems.push({ place, path, code: 'bad_reference', message: 'references are not expanded in keys' });
    else entries.set(name, { key: place, node: walkNode(pair.value, joinPath(path, name), depth + 1, walk, place) });
  }
  return { is: 'map', entries, place: walk.at(node) };
};
const walkNode = (node: unknown, path: string, depth: number, walk: Walk, fallback: Place | undefined): Node => {
  if (node === null || node === undefined) return { is: 'scalar', value: null, place: fallback };
  if (depth > MAX_DEPTH) {
    walk.problems.push({ place: walk.at(node), path: '', code: 'config_depth', message: `nesting is limited to ${MAX_DEPTH} levels` });
    return { is: 'scalar', value: null, place: walk.at(node) };
  }
  if (isAlias(node)) {
    walk.problems.push({ place: walk.at(node), path, code: 'config_alias', message: 'aliases are not allowed' });
    return { is: 'scalar', value: null, place: walk.at(node) };
  }
  refuseDecoration(node as object, path, walk);
  if (isMap(node)) return walkMap(node, path, depth, walk);
  if (isSeq(node))
    return { is: 'list', items: node.items.map((item, i) => walkNode(item, joinPath(path, i), depth + 1, walk, walk.at(node))), place: walk.at(node) };
  if (!isScalar(node)) return { is: 'scalar', value: null, place: walk.at(node) };
  const { value } = node;
  if (value === null && node.source !== undefined && node.source !== '') return { is: 'scalar', value, spelt: true, place: walk.at(node) };
  return { is: 'scalar', value: typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null, place: walk.at(node) };
};

/**
 * Reads YAML 1.2 core schema without tags, anchors, aliases and merge keys, at most 1 MiB and 32 levels.
 * `root` is a map even when there are problems, so that what can be read is checked too; it is undefined when nothing can.
 */
export const readDocument = (text: string): { readonly root: MapNode | undefined; readonly problems: readonly DocumentProblem[] } => {
  const fail = (code: ProblemCode, message: string) => ({ root: undefined, problems: [{ path: '', code, message }] });
  if (Buffer.byteLength(text) > MAX_BYTES) return fail('config_size', 'the configuration is larger than 1 MiB');
  if (flowTooDeep(text)) return fail('config_depth', `nesting is limited to ${MAX_DEPTH} levels`);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    schema: 'core',
    version: '1.2',
    merge: false,
    uniqueKeys: true,
    stringKeys: true,
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
    resolveKnownTags: false,
  });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  if (document.errors.some((e) => e.code === 'RESOURCE_EXHAUSTION')) return fail('config_depth', `nesting is limited to ${MAX_DEPTH} levels`);
  const problems: DocumentProblem[] = document.errors
    .slice(0, MAX_SYNTAX)
    .map((e) => ({ place: placeAt(e.pos[0]), path: '', code: 'config_syntax', message: `${e.message.split('\n', 1)[0]} (${e.code})` }));
  const at = (node: unknown): Place | undefined => {
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
    return Array.isArray(range) && typeof range[0] === 'number' ? placeAt(range[0]) : undefined;
  };
  const root = walkNode(document.contents, '', 0, { problems, at }, { line: 1, column: 1 });
  const syntax = document.errors.some((e) => e.code !== 'DUPLICATE_KEY');
  if (root.is === 'map') return { root: syntax ? undefined : root, problems };
  if (document.contents === null && problems.length === 0) return { root: { is: 'map', entries: new Map(), place: { line: 1, column: 1 } }, problems };
  if (problems.length === 0) problems.push({ place: root.place, path: '', code: 'wrong_type', message: 'the configuration must be a map of keys' });
  return { root: undefined, problems };
};
