import type { Host } from '@llm-proxy-auth/plugin';
import { addressPrefix } from '@llm-proxy-auth/plugin/issued';
import { textOf, USED, type Use, useOf } from './record.ts';

/** How often uses are written, ms. */
export const WRITE_EVERY = 30_000;
const BATCH = 500;

export interface LastUsed {
  touch(id: string, now: number, address: string): void;
  /** Writes what has come together; what could not be written stays for the next time. */
  flush(): Promise<void>;
}
export const lastUsed = ({ store }: Pick<Host, 'store'>): LastUsed => {
  const pending = new Map<string, Use>();
  const write = async (batch: readonly (readonly [id: string, use: Use])[]): Promise<boolean> => {
    const rows = await Promise.all(batch.map(([id]) => store.get(USED, id)));
    const changes = batch.flatMap(([id, use], index) => {
      const row = rows[index];
      const newer = row === undefined || (useOf(row.value)?.at ?? 0) < use.at;
      return newer ? [{ space: USED, key: id, expect: row?.version ?? 0, value: textOf(use) }] : [];
    });
    return changes.length === 0 || (await store.commit(changes));
  };
  return {
    touch: (id, at, address) => {
      const from = addressPrefix(address);
      pending.set(id, { at, ...(from === undefined ? {} : { from }) });
    },
    flush: async () => {
      const all = [...pending];
      for (let from = 0; from < all.length; from += BATCH) {
        const batch = all.slice(from, from + BATCH);
        // False: another process wrote the same rows just now.
        if (!(await write(batch))) return;
        for (const [id, use] of batch) if (pending.get(id) === use) pending.delete(id);
      }
    },
  };
};

/** Writes uses regularly until the signal is aborted. */
export const writeRegularly = (uses: LastUsed, host: Host): void => {
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    const report = (error: unknown): void =>
      host.log.warn({ reason: error instanceof Error ? error.message : 'unknown' }, 'when keys were last used cannot be written');
    void uses
      .flush()
      .catch(report)
      .finally(() => {
        busy = false;
      });
  }, WRITE_EVERY);
  timer.unref();
  host.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
};
