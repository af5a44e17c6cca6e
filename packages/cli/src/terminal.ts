/** What no code of ours caught. */
export type Mishap = 'unhandledRejection' | 'uncaughtException';

/** What a command sees of the process; tests hand in their own. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean | undefined };
  readonly stderr: { write(text: string): unknown };
  cwd(): string;
  on(event: NodeJS.Signals | Mishap, listener: (reason: unknown) => void): unknown;
  off(event: NodeJS.Signals | Mishap, listener: (reason: unknown) => void): unknown;
}

/** Columns padded to equal width; plain text, for people. */
export const table = (rows: readonly (readonly string[])[]): string => {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows.map((row) => `${row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join('  ')}\n`).join('');
};
const shown = (value: unknown): string =>
  value === undefined || value === null
    ? ''
    : Array.isArray(value)
      ? value.map(shown).join(',')
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value);

/** A result for people: a list of objects as a table, an object as lines. */
export const readable = (value: unknown): string => {
  if (Array.isArray(value)) {
    const records = value.filter((v): v is Record<string, unknown> => v !== null && typeof v === 'object');
    if (records.length !== value.length) return value.map((v) => `${shown(v)}\n`).join('');
    const names = [...new Set(records.flatMap((r) => Object.keys(r)))];
    return records.length === 0 ? 'none\n' : table([names, ...records.map((r) => names.map((n) => shown(r[n])))]);
  }
  if (value === null || typeof value !== 'object') return `${shown(value)}\n`;
  return Object.entries(value)
    .map(([name, v]) => (Array.isArray(v) && v.some((i) => i !== null && typeof i === 'object') ? `${name}\n${readable(v)}` : `${name}: ${shown(v)}\n`))
    .join('');
};
export const print = (terminal: Terminal, value: unknown, json: boolean, text: (value: unknown) => string = readable): void => {
  terminal.stdout.write(json ? `${JSON.stringify(value)}\n` : text(value));
};
