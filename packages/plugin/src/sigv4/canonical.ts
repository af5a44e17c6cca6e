/** RFC 3986: everything but unreserved characters; `encodeURIComponent` leaves `!'()*`, which Signature Version 4 wants encoded. */
export const encode = (text: string): string => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
const UNRESERVED = /^[A-Za-z0-9._~/-]*$/;

/** Segments that stay when empty ones and dot segments are resolved. */
const normalised = (path: string): string => {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') kept.pop();
    else kept.push(segment);
  }
  return `/${kept.join('/')}${kept.length > 0 && path.endsWith('/') ? '/' : ''}`;
};

/**
 * The path as it is signed: the path on the wire, encoded once more, so that the `%3A` of a model id becomes `%253A`.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export const canonicalPath = (path: string): string => {
  const whole = /\/(?:\.{0,2}(?:\/|$))/.test(path) ? normalised(path) : path;
  return UNRESERVED.test(whole) ? whole : encode(whole).replaceAll('%2F', '/');
};

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
const order = (a: readonly [string, string], b: readonly [string, string]): number =>
  a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;

/** The query as it is signed: names and values encoded strictly, sorted by name, then by value; duplicates stay. */
export const canonicalQuery = (query: string): string => {
  if (query === '') return '';
  const pairs = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair): readonly [string, string] => {
      const at = pair.indexOf('=');
      return at < 0 ? [encode(decode(pair)), ''] : [encode(decode(pair.slice(0, at))), encode(decode(pair.slice(at + 1)))];
    });
  return pairs
    .sort(order)
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
};

const EXACT: ReadonlySet<string> = new Set(['host', 'content-type']);
/** Only what no hop may change is signed: a signed header that a proxy rewrites breaks the signature. */
export const isSigned = (name: string): boolean => EXACT.has(name) || name.startsWith('x-amz-') || name.startsWith('x-amzn-bedrock-');
const trimmed = (value: string): string => (/^\s|\s$|\s\s|[\t\r\n]/.test(value) ? value.trim().replace(/\s+/g, ' ') : value);

export interface CanonicalHeaders {
  /** `name:value\n` for each. */
  readonly lines: string;
  /** `content-type;host;…` */
  readonly names: string;
}
/** Headers that are signed, sorted, those of one name joined by a comma. `headers` are flat pairs with lower-case names. */
export const canonicalHeaders = (headers: readonly string[], host: string, signs: (name: string) => boolean = isSigned): CanonicalHeaders => {
  const found: [string, string][] = [['host', host]];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? '';
    if (name !== 'host' && signs(name)) found.push([name, trimmed(headers[i + 1] ?? '')]);
  }
  // Stable: lines of one name keep their order.
  found.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  let lines = '';
  let names = '';
  let last: string | undefined;
  for (const [name, value] of found) {
    if (name === last) {
      lines = `${lines.slice(0, -1)},${value}\n`;
      continue;
    }
    lines += `${name}:${value}\n`;
    names += last === undefined ? name : `;${name}`;
    last = name;
  }
  return { lines, names };
};
