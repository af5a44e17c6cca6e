import { appendFile, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store } from '@llm-proxy-auth/plugin';
import { isThere, logOf } from './rows.ts';

interface Line {
  readonly number: number;
  readonly row: string;
}
const fileOf = (folder: string, writer: string): string => join(folder, `${writer}.jsonl`);
const readLine = (text: string): Line | undefined => {
  try {
    const { number, row } = JSON.parse(text) as { number?: unknown; row?: unknown };
    return typeof number === 'number' && typeof row === 'string' ? { number, row } : undefined;
  } catch {
    return undefined;
  }
};

/** Where blocks wait, chained already, while the store takes none: one file a writer, readable by its owner alone. */
export const spillOf = (folder: string, writer: string) => {
  const file = fileOf(folder, writer);
  return {
    /** Resolves when the block is on the disk. */
    async put(number: number, row: string): Promise<void> {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // What a full disk cut short before stays a line of its own.
      await appendFile(file, `\n${JSON.stringify({ number, row })}\n`, { mode: 0o600 });
      const handle = await open(file, 'r');
      await handle.sync().finally(() => handle.close());
    },
    /** Moves what waits into the log, in order and once; a line that a crash cut was never reported as written. Rows moved. */
    async drain(store: Store): Promise<number> {
      const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      if (text === undefined) return 0;
      let moved = 0;
      for (const line of text.split('\n').map(readLine)) {
        if (line === undefined || (await isThere(store, writer, line.number, line.row))) continue;
        await store.append(logOf(writer), [{ json: line.row }]);
        moved++;
      }
      await rm(file, { force: true });
      return moved;
    },
  };
};
/** Writers with a file in the folder. */
export const spilledIn = async (folder: string): Promise<ReadonlySet<string>> => {
  const files = await readdir(folder).catch(() => []);
  return new Set(files.filter((file) => file.endsWith('.jsonl')).map((file) => file.slice(0, -'.jsonl'.length)));
};
export type Spill = ReturnType<typeof spillOf>;
