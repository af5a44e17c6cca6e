/** One part of a multipart/form-data body; `filename` is set for files. */
export type Part = { readonly name: string; readonly filename: string | undefined; readonly type: string | undefined; readonly bytes: Buffer };

const parameter = (header: string, name: string): string | undefined => {
  const found = new RegExp(`(?:^|;)\\s*${name}=(?:"((?:\\\\.|[^"\\\\])*)"|([^;\\s]+))`, 'i').exec(header);
  return found?.[1]?.replace(/\\(.)/g, '$1') ?? found?.[2];
};

const partOf = (bytes: Buffer): Part => {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) throw new SyntaxError('A part has no blank line after its headers');
  const lines = bytes.subarray(0, end).toString('utf8').split('\r\n');
  const header = (name: string) =>
    lines
      .find((line) => line.toLowerCase().startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim();
  const disposition = header('content-disposition') ?? '';
  const name = parameter(disposition, 'name');
  if (name === undefined) throw new SyntaxError('A part has no name');
  const filename = parameter(disposition, 'filename')?.replace(/%(22|0D|0A)/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))); // WHATWG forms escape these three
  return { name, filename, type: header('content-type'), bytes: bytes.subarray(end + 4) };
};

/** Reads a whole multipart body by its content-type. Throws SyntaxError where a delimiter, header or the closing boundary is missing. */
export const multipart = (contentType: string, body: Buffer): Part[] => {
  const boundary = parameter(contentType.replace(/^[^;]*/, ''), 'boundary');
  if (boundary === undefined) throw new SyntaxError('The content type has no boundary');
  const delimiter = `--${boundary}`;
  const parts: Part[] = [];
  let at = body.indexOf(delimiter);
  if (at === -1) throw new SyntaxError('The boundary does not occur in the body');
  while (body.toString('latin1', at + delimiter.length, at + delimiter.length + 2) !== '--') {
    const from = body.indexOf('\r\n', at);
    const next = body.indexOf(`\r\n${delimiter}`, from);
    if (from === -1 || next === -1) throw new SyntaxError('The closing boundary is missing');
    parts.push(partOf(body.subarray(from + 2, next)));
    at = next + 2;
  }
  return parts;
};
