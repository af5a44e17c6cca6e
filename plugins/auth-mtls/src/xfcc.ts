/** What one proxy wrote of its client. */
export interface XfccElement {
  /** URI of the proxy's own certificate. */
  readonly by: string | undefined;
  readonly uri: string | undefined;
  /** RFC 2253: `CN=billing,O=Acme`. */
  readonly subject: string | undefined;
}
const LONGEST = 16_384;
const KEYS: ReadonlySet<string> = new Set(['by', 'hash', 'cert', 'chain', 'subject', 'uri', 'dns']);
/** Several DNS names are several pairs; of everything else there is one. */
const REPEATED = 'dns';
const KEY = /([A-Za-z]+)=/y;
const RAW = /[!#-+\--:<>-[\]-~]*/y;
/**
 * A backslash before a backslash could belong to what is quoted or quote what follows: proxies escape the quote alone, and subjects
 * come escaped already. Such a value is refused instead of guessed.
 */
const QUOTED = /"((?:[^"\\]|\\"|\\(?!["\\]))*)"/y;

interface Cursor {
  readonly text: string;
  at: number;
}
const take = (cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined => {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text);
  if (found === null) return undefined;
  cursor.at = pattern.lastIndex;
  return found;
};
const valueAt = (cursor: Cursor): string | undefined => {
  if (cursor.text[cursor.at] === '"') return take(cursor, QUOTED)?.[1]?.replaceAll('\\"', '"');
  return take(cursor, RAW)?.[0];
};
const elementAt = (cursor: Cursor): XfccElement | undefined => {
  const found = new Map<string, string>();
  for (;;) {
    const key = take(cursor, KEY)?.[1]?.toLowerCase();
    if (key === undefined || !KEYS.has(key) || (key !== REPEATED && found.has(key))) return undefined;
    const value = valueAt(cursor);
    if (value === undefined) return undefined;
    found.set(key, value);
    if (cursor.text[cursor.at] !== ';') break;
    cursor.at++;
  }
  const told = (key: string): string | undefined => found.get(key) || undefined;
  return { by: told('by'), uri: told('uri'), subject: told('subject') };
};

/**
 * Elements of `x-forwarded-client-cert`, the first proxy's first, as Envoy writes them: elements with commas between, pairs with
 * semicolons between, values with `,` `;` `=` or quotes in double quotes, in which `\"` is a quote. Undefined when it is anything else.
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert
 */
export const readXfcc = (text: string): readonly XfccElement[] | undefined => {
  if (text.length > LONGEST) return undefined;
  const cursor: Cursor = { text, at: 0 };
  const elements: XfccElement[] = [];
  for (;;) {
    const element = elementAt(cursor);
    if (element === undefined) return undefined;
    elements.push(element);
    if (cursor.at === text.length) return elements;
    // Whoever joins lines puts a space behind the comma.
    if (take(cursor, / *, */y) === undefined) return undefined;
  }
};
