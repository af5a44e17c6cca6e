import type { Host } from '@llm-proxy-auth/plugin';
import { put, readRow } from './admin/rows.ts';
import type { KeyBook } from './book.ts';
import type { KeyRecord } from './record.ts';
import type { Verifiers } from './verifier.ts';

/** Stores a key that has just been verified in today's form, when it was in an earlier one. Never waited for; what fails is done at the next use. */
export type Rehash = (record: KeyRecord, key: string) => void;

export const rehash = (host: Host, book: KeyBook, verifiers: Verifiers): Rehash => {
  const running = new Set<string>();
  const store = async (id: string, key: string): Promise<void> => {
    const row = await readRow(host.store, id);
    if (row === undefined || verifiers.isCurrent(row.record.verifier)) return;
    const verifier = await verifiers.make(key);
    // An imported key is found by its digest alone.
    if (row.record.legacy === true && verifier.alg !== 'hmac') return;
    if (await host.store.commit([put({ ...row.record, verifier }, row.version)])) await book.refresh();
  };
  return ({ id, verifier }, key) => {
    if (verifiers.isCurrent(verifier) || running.has(id)) return;
    running.add(id);
    store(id, key)
      .catch((error: unknown) =>
        host.log.warn({ id, reason: error instanceof Error ? error.message : 'unknown' }, 'a key cannot be stored under the current pepper yet'),
      )
      .finally(() => running.delete(id));
  };
};
