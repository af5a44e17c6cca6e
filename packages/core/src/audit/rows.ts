import type { Store } from '@llm-proxy-auth/plugin';
import { readRow } from './chain.ts';

export const logOf = (writer: string): string => `audit/${writer}`;
export const HEADS = 'audit-heads';

/** A row holds up to a thousand records. */
const PAGE = 4;
export interface StoredRow {
  readonly sequence: number;
  readonly json: string;
}
/** Rows of a log behind a sequence, page by page; between two pages others get their turn. Stores number rows with gaps or without, never below their place. */
export async function* rowsAfter(store: Store, log: string, after: number, page = PAGE): AsyncGenerator<StoredRow> {
  for (let last = after; ; ) {
    const rows = await store.read(log, last, page);
    for (const { sequence, row } of rows) yield { sequence, json: row.json };
    if (rows.length < page) return;
    last = rows.at(-1)?.sequence ?? last;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
/** Whether the row of a block is there, when nobody knows whether it was written before its write failed. */
export const isThere = async (store: Store, writer: string, number: number, row: string): Promise<boolean> => {
  const first = readRow(row)?.[0]?.h;
  for await (const { json } of rowsAfter(store, logOf(writer), number - 1)) if (readRow(json)?.[0]?.h === first) return true;
  return false;
};
