import { createHash } from 'node:crypto';
import type { Host } from '@llm-proxy-auth/plugin';
import { Away } from './ask.ts';
import { refuse } from './refused.ts';

/** Space of the store; a key is the hash of key id and nonce, a value when it may be forgotten (epoch ms). */
const SPACE = 'nonces';
const REMEMBERED_MS = 16 * 60_000;
const SWEEP_MS = 60_000;
const PAGE = 500;

/** Nonces that were used, shared by everybody who shares the store. */
export interface Nonces {
  /** `ends`: until when the token is good, epoch ms. Throws Refused when it was used before, Away when the store does not say. */
  use(accessKeyId: string, nonce: string, ends: number): Promise<void>;
}
const sweep = async ({ store, now }: Host): Promise<void> => {
  for (let after: string | undefined; ; ) {
    const rows = await store.list(SPACE, after, PAGE);
    for (const { key, value, version } of rows) if (Number(value.json) <= now()) await store.commit([{ space: SPACE, key, expect: version }]);
    if (rows.length < PAGE) return;
    after = rows.at(-1)?.key;
  }
};
export const openNonces = (host: Host): Nonces => {
  let sweeping = false;
  const timer = setInterval(() => {
    if (sweeping) return;
    sweeping = true;
    sweep(host)
      .catch(() => host.log.warn({}, 'nonces that are no longer needed cannot be forgotten now'))
      .finally(() => {
        sweeping = false;
      });
  }, SWEEP_MS);
  timer.unref();
  host.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  return {
    async use(accessKeyId, nonce, ends) {
      const key = createHash('sha256').update(`${accessKeyId}\0${nonce}`).digest('base64url');
      // One that was signed by a clock that is ahead of ours is good for longer than others.
      const until = Math.max(host.now() + REMEMBERED_MS, ends + SWEEP_MS);
      let fresh: boolean;
      try {
        fresh = await host.store.commit([{ space: SPACE, key, expect: 0, value: { json: String(until) } }]);
      } catch {
        throw new Away('store_unavailable');
      }
      if (!fresh) refuse('nonce_used');
    },
  };
};
