/** Why a part's headers cannot be trusted to mean the same to everybody. */
export interface HeaderProblem {
  readonly problem: string;
}
const problem = (why: string): HeaderProblem => ({ problem: `A part of the multipart body ${why}.` });

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?=:)/;
const PARAMETER = /^[ \t]*;[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:"((?:[^"\\]|\\[\s\S])*)"|([!#$%&'*+.^_`|~0-9A-Za-z-]+))/;
const POLLUTING = /__proto__|^constructor$|^prototype$|[[.](?:constructor|prototype)(?:[\].[]|$)/;

/** Headers by lower-case name; undefined when a line is folded, malformed or doubled. */
const headersOf = (block: string): Map<string, string> | undefined => {
  const headers = new Map<string, string>();
  if (block === '') return headers;
  for (const line of block.split('\r\n')) {
    const [name = ''] = NAME.exec(line) ?? [];
    const value = line.slice(name.length + 1).trim();
    if (name === '' || /[\r\n\0]/.test(value) || headers.has(name.toLowerCase())) return undefined;
    headers.set(name.toLowerCase(), value);
  }
  return headers;
};
/** Parameters of `form-data; …`; undefined when they do not parse to the end or one stands twice. */
const parametersOf = (value: string): Map<string, string> | undefined => {
  if (!/^form-data(?=[ \t]*(?:;|$))/i.test(value)) return undefined;
  const parameters = new Map<string, string>();
  let rest = value.slice('form-data'.length);
  while (/[^ \t;]/.test(rest)) {
    const match = PARAMETER.exec(rest);
    const name = match?.[1]?.toLowerCase();
    if (match === null || name === undefined || parameters.has(name)) return undefined;
    parameters.set(name, match[2] ?? match[3] ?? '');
    rest = rest.slice(match[0].length);
  }
  return parameters;
};
const plainText = (headers: Map<string, string>): boolean => {
  const encoding = headers.get('content-transfer-encoding')?.toLowerCase() ?? '8bit';
  const type = headers.get('content-type')?.toLowerCase() ?? 'text/plain';
  const charset = /;\s*charset\s*=\s*"?([^\s";]*)/.exec(type)?.[1] ?? 'utf-8';
  return ['7bit', '8bit', 'binary'].includes(encoding) && ['utf-8', 'utf8', 'us-ascii'].includes(charset);
};

/** Name of the form field that a part's header block (latin1, without the last line break) gives, or why it is refused. */
export const partName = (block: string, governed: (name: string) => boolean): string | HeaderProblem => {
  const headers = headersOf(block);
  if (headers === undefined) return problem('has headers that are malformed or stand twice');
  const parameters = parametersOf(headers.get('content-disposition') ?? '');
  if (parameters === undefined) return problem('has no usable content-disposition');
  if (parameters.has('name*')) return problem('has a field name in an encoding of its own');
  const name = parameters.get('name');
  if (name === undefined || name.includes('\\')) return problem('has no plain field name');
  // No quotes by the grammar, and yet some take them off.
  if (/^'|'$/.test(name)) return problem('has a field name in single quotes');
  if (POLLUTING.test(name)) return problem('has a field name that names a prototype');
  if (!governed(name)) return name;
  if (parameters.has('filename') || parameters.has('filename*')) return problem('sends a governed field as a file');
  return plainText(headers) ? name : problem('sends a governed field in an encoding of its own');
};
