import { isMap, isScalar, isSeq, type Node, parseDocument, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';

/** A piece of the text, by its offsets, and what stands there afterwards. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}
interface Listed {
  readonly name: string;
  readonly integrity?: string | undefined;
}
const quoted = JSON.stringify;
const rangeOf = (node: Node): readonly [number, number] => [node.range?.[0] ?? 0, node.range?.[1] ?? 0];
const written = (name: string, integrity: string, flow: boolean): string =>
  flow ? `{ "name": ${quoted(name)}, "integrity": ${quoted(integrity)} }` : `{ name: ${quoted(name)}, integrity: ${quoted(integrity)} }`;
const memberOf = (item: YAMLMap, key: string): Scalar | undefined => {
  const value = item.get(key, true);
  return isScalar(value) ? value : undefined;
};
const listOf = (text: string): YAMLSeq<Node> | undefined => {
  const list = parseDocument(text).get('plugins', true);
  return isSeq(list) ? (list as YAMLSeq<Node>) : undefined;
};
const nameOf = (item: Node): string | undefined => {
  const name = isMap(item) ? memberOf(item, 'name') : isScalar(item) ? item : undefined;
  return typeof name?.value === 'string' ? name.value : undefined;
};
const entriesOf = (text: string): readonly Listed[] =>
  (listOf(text)?.items ?? []).map((item) => {
    const integrity = isMap(item) ? memberOf(item, 'integrity')?.value : undefined;
    return { name: nameOf(item) ?? '', ...(typeof integrity === 'string' ? { integrity } : {}) };
  });

const startOfLine = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;
const endOfLine = (text: string, at: number): number => {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
};
const pinned = (text: string, item: Node, name: string, integrity: string, flow: boolean): Edit | undefined => {
  if (!isMap(item)) {
    const [from, to] = rangeOf(item);
    return { from, to, text: written(name, integrity, flow) };
  }
  const [there, named] = [memberOf(item, 'integrity'), memberOf(item, 'name')];
  if (there !== undefined) {
    const [from, to] = rangeOf(there);
    return { from, to, text: quoted(integrity) };
  }
  if (named === undefined) return undefined;
  const [, end] = rangeOf(named);
  const [begin] = rangeOf(item);
  const key = flow ? '"integrity"' : 'integrity';
  const before = item.flow === true ? ', ' : `\n${' '.repeat(begin - startOfLine(text, begin))}`;
  return { from: end, to: end, text: `${before}${key}: ${quoted(integrity)}` };
};
const edited = (text: string, edits: readonly Edit[]): string =>
  edits.toSorted((a, b) => b.from - a.from).reduce((whole, { from, to, text: piece }) => whole.slice(0, from) + piece + whole.slice(to), text);

/** Anchors, merged lists and other spellings that the places of nodes say nothing of. */
const strange = (): Error => new Error('The list of plugins is written in a way that cannot be changed here; change it by hand.');
const checked = (text: string, wanted: readonly Listed[]): string => {
  if (JSON.stringify(entriesOf(text)) !== JSON.stringify(wanted)) throw strange();
  return text;
};
/** The text of a configuration with these pins, by name, in its list of plugins; all else stays as it is, comments too. */
export const withPins = (text: string, pins: ReadonlyMap<string, string>): string => {
  const list = listOf(text);
  const edits = (list?.items ?? []).flatMap((item) => {
    const name = nameOf(item) ?? '';
    const integrity = pins.get(name);
    return integrity === undefined ? [] : [pinned(text, item, name, integrity, list?.flow === true) ?? []].flat();
  });
  const wanted = entriesOf(text).map((entry) => {
    const integrity = pins.get(entry.name);
    return integrity === undefined ? entry : { name: entry.name, integrity };
  });
  return checked(edited(text, edits), wanted);
};
const appended = (text: string, list: YAMLSeq<Node>, name: string, integrity: string): Edit => {
  const last = list.items.at(-1);
  if (list.flow === true || last === undefined) {
    const at = last === undefined ? rangeOf(list)[0] + 1 : rangeOf(last)[1];
    return { from: at, to: at, text: `${last === undefined ? '' : ', '}${written(name, integrity, true)}` };
  }
  const [from, to] = rangeOf(last);
  const at = endOfLine(text, text[to - 1] === '\n' ? to - 1 : to);
  return { from: at, to: at, text: `\n${text.slice(startOfLine(text, from), from)}${written(name, integrity, false)}` };
};
/** The text with one more plugin at the end of its list. Throws an Error where there is no list. */
export const withPlugin = (text: string, name: string, integrity: string): string => {
  const list = listOf(text);
  if (list === undefined) throw new Error('The configuration has no list of plugins; write `plugins: []` into it.');
  return checked(edited(text, [appended(text, list, name, integrity)]), [...entriesOf(text), { name, integrity }]);
};
