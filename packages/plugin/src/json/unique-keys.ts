import { stringEnd } from './parse.ts';

const COLON = /[\t\n\r ]*:/y;
const isName = (source: string, end: number): boolean => {
  COLON.lastIndex = end;
  return COLON.test(source);
};
/** Whether some object of valid JSON has one key twice, however it is spelt: two readers may then see two values. */
export const hasRepeatedKeys = (source: string): boolean => {
  /** Keys of the objects that are open, undefined for a list. */
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < source.length; ) {
    const c = source[at];
    if (c === '{') open.push(new Set());
    else if (c === '[') open.push(undefined);
    else if (c === '}' || c === ']') open.pop();
    if (c !== '"') {
      at++;
      continue;
    }
    const end = stringEnd(source, at);
    const names = open.at(-1);
    if (names !== undefined && isName(source, end)) {
      const name = JSON.parse(source.slice(at, end)) as string;
      if (names.has(name)) return true;
      names.add(name);
    }
    at = end;
  }
  return false;
};
